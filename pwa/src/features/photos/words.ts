import type { PhotoItem } from './queries'

/** Where a photo's bytes are, as a key of photos.state and the look of its tag. */
export interface PhotoWord { key: 'waiting' | 'sending' | 'failed' | 'done' | 'unreadable'; look: string }

/** The server's word counts once it has looked into the bytes; until then the phone's own. */
export function photoWord({ photo, problem }: PhotoItem): PhotoWord {
  if (photo.state === 'unreadable') return { key: 'unreadable', look: 'bad' }
  if (photo.state === 'complete' || photo.state === 'stored' || photo.upload === 'done') return { key: 'done', look: 'ok' }
  if (problem !== null || photo.upload === 'failed') return { key: 'failed', look: 'bad' }
  return photo.upload === 'sending' ? { key: 'sending', look: 'info' } : { key: 'waiting', look: 'warn' }
}
