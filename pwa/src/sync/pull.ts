// One page of the change feed into the local tables; the cursor moves in the same transaction.
import { dropMeta, getMeta, setMeta } from '../db/meta'
import { applyRecords } from '../db/records'
import type { Db } from '../db/schema'
import { inTransaction } from '../db/tables'
import { PAGE_MAX } from './engine'
import type { Transport } from './transport'

/** The answer to a first pull came when the session belonged to somebody else: nothing of it was taken. */
export class OtherPersonError extends Error {
  override readonly name = 'OtherPersonError'
}

/**
 * Pull the next page, of at most `limit` changes. `hadCursor`: the request named where this person's feed goes on, which the server refuses
 * to anybody else. The first pull of all has none, so `isMe` is asked afterwards.
 * Raises ApiError, OtherPersonError.
 */
export async function pullPage(
  db: Db, transport: Transport, isMe: () => Promise<boolean>, limit: number = PAGE_MAX,
): Promise<{ more: boolean; hadCursor: boolean }> {
  const cursor = await getMeta(db, 'cursor')
  const page = await transport.pull(cursor, limit)
  if (cursor === null && !(await isMe())) throw new OtherPersonError('the session belongs to another person')
  await inTransaction(db, async (t) => {
    // A run that was given up (another tab took over) must not turn the cursor back.
    if ((await getMeta(t, 'cursor')) !== cursor) return
    await applyRecords(t, page.changes)
    await setMeta(t, 'cursor', page.cursor)
  })
  // A server that gives the same cursor again has nothing more, whatever it says.
  return { more: page.more && page.cursor !== cursor, hadCursor: cursor !== null }
}

/** Read the feed from its beginning next time; records stay until it tells of them. */
export async function forgetCursor(db: Db): Promise<void> {
  await dropMeta(db, 'cursor')
}
