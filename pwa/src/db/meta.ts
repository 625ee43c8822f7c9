// The few single values of a person's database.
import type { Contact } from '../kernel/clock'
import type { Id, IsoTime } from './types'
import type { Tables } from './tables'

interface MetaValues {
  /** The number of the last op made. */
  device_seq: number
  /** Where the change feed goes on. */
  cursor: string
  /** The schema of ours with which the feed was read up to there. */
  cursor_schema: number
  contact: Contact
  last_success_at: IsoTime
  /** The largest batch that this network seems to carry. */
  batch_limit: number
  /** The largest page of the feed that it seems to carry. */
  pull_page: number
  /** Bytes a second that the last batch of some size was sent with. */
  push_rate: number
  /** The schema of ours that the server has refused to serve. */
  refused_schema: number
  /** The last report about this phone that the server has taken, or would not take. */
  device_reported: { said: string; at: IsoTime }
  /** The page that last syncs, or synced, with this database, when it said so, and how long it may then be silent. */
  sync_beat: { page: Id; at: IsoTime; for_s: number }
  /** When old records were last cleared away. */
  pruned_at: IsoTime
}

/** A value, or null where it was never set. */
export async function getMeta<K extends keyof MetaValues>(t: Pick<Tables, 'meta'>, key: K): Promise<MetaValues[K] | null> {
  const row = await t.meta.get(key)
  return row === undefined ? null : (row.value as MetaValues[K])
}

/** Set a value. */
export async function setMeta<K extends keyof MetaValues>(
  t: Pick<Tables, 'meta'>, key: K, value: MetaValues[K],
): Promise<void> {
  await t.meta.put({ key, value })
}

/** Forget a value. */
export async function dropMeta(t: Pick<Tables, 'meta'>, key: keyof MetaValues): Promise<void> {
  await t.meta.delete(key)
}
