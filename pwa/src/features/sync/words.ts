import { i18n, t } from '@/app/i18n'
import { wordsOfProblem } from '@/app/problem'
import type { SyncStatus } from '@/sync'
import type { SyncItem } from './queries'

/** Everything that only this phone has: records, files, and what is parked. */
export function unsentTotal(status: SyncStatus): number {
  return status.waiting + status.uploads_waiting + status.parked
}

/** The look of an item's state; its words say the same. */
export const ITEM_LOOK: Record<SyncItem['state'], string> = {
  waiting: 'warn',
  sending: 'info',
  deferred: 'warn',
  blocked: 'warn',
  lacking: 'bad',
  rejected: 'bad',
  conflict: 'bad',
  failed: 'bad',
}

/** Does it wait for a person? */
export function isStuck(item: SyncItem): boolean {
  return item.state === 'rejected' || item.state === 'conflict' || item.state === 'failed' || item.state === 'lacking'
}

/** Why it has not arrived, in words; empty where nothing is wrong with it. */
export function whyWords({ missing, problem }: SyncItem): string {
  if (missing) return t(`sync.lacks.${missing}`)
  return problem ? wordsOfProblem(problem) : ''
}

/** What an item is. */
export function kindWord(item: SyncItem): string {
  return t(`sync.kind.${item.kind.replace('.', '_')}`)
}

/** Where an item belongs and which of its kind it is; empty where nothing is known. */
export function aboutWords(item: SyncItem): string {
  // A photo's title is the code of its kind.
  const kind = `photos.kind.${item.title}`
  const title = item.title !== null && i18n.global.te(kind) ? t(kind) : item.title
  return [item.store_name, title].filter(Boolean).join(' · ')
}
