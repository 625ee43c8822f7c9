// One page of the change feed into the local tables; the cursor moves in the same transaction.
import { dropMeta, getMeta, setMeta } from '../db/meta'
import { applyRecords } from '../db/records'
import type { Db } from '../db/schema'
import type { Transport } from './transport'

export const PAGE = 500

/** Pull the next page. `hadCursor`: the request named where this person's feed goes on. Raises ApiError. */
export async function pullPage(db: Db, transport: Transport): Promise<{ more: boolean; hadCursor: boolean }> {
  const cursor = await getMeta(db, 'cursor')
  const page = await transport.pull(cursor, PAGE)
  await db.transaction('rw', db.tables, async () => {
    // A run that was given up (another tab took over) must not turn the cursor back.
    if ((await getMeta(db, 'cursor')) !== cursor) return
    await applyRecords(db, page.changes)
    await setMeta(db, 'cursor', page.cursor)
  })
  // A server that gives the same cursor again has nothing more, whatever it says.
  return { more: page.more && page.cursor !== cursor, hadCursor: cursor !== null }
}

/** Read the feed from its beginning next time; records stay until it tells of them. */
export async function forgetCursor(db: Db): Promise<void> {
  await dropMeta(db, 'cursor')
}
