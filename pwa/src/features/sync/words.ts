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
  rejected: 'bad',
  conflict: 'bad',
  failed: 'bad',
}
