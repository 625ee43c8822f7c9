// One page of the change feed into the local tables; the cursor moves in the same transaction.
import { dropMeta, getMeta, setMeta } from '../db/meta'
import { applyRecords } from '../db/records'
import type { Db } from '../db/schema'
import { inTransaction } from '../db/tables'
import type { Transport } from './transport'

export const PAGE = 500

/** The answer to a first pull came when the session belonged to somebody else: nothing of it was taken. */
export class OtherPersonError extends Error {
  override readonly name = 'OtherPersonError'
}

/**
 * Pull the next page. `hadCursor`: the request named where this person's feed goes on, which the server refuses
 * to anybody else. The first pull of all has none, so `isMe` is asked afterwards.
 * Raises ApiError, OtherPersonError.
 */
export async function pullPage(
  db: Db, transport: Transport, isMe: () => Promise<boolean>,
): Promise<{ more: boolean; hadCursor: boolean }> {
  const cursor = await getMeta(db, 'cursor')
  const page = await transport.pull(cursor, PAGE)
  if (cursor === null && !(await isMe())) throw new OtherPersonError('the session belongs to another person')
  const overtaken = await inTransaction(db, async (t) => {
    // A run that was given up (another tab took over) must not turn the cursor back.
    if ((await getMeta(t, 'cursor')) !== cursor) return true
    await applyRecords(t, page.changes)
    await setMeta(t, 'cursor', page.cursor)
    return false
  })
  // What the other tab has read may be less than this page told.
  if (overtaken) return { more: true, hadCursor: cursor !== null }
  // A server that gives the same cursor again has nothing more, whatever it says.
  return { more: page.more && page.cursor !== cursor, hadCursor: cursor !== null }
}

/** Read the feed from its beginning next time; records stay until it tells of them. */
export async function forgetCursor(db: Db): Promise<void> {
  await dropMeta(db, 'cursor')
}
