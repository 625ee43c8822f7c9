// One page of the change feed into the local tables; the cursor moves in the same transaction.
import { dropMeta, getMeta, setMeta } from '../db/meta'
import { applyRecords } from '../db/records'
import type { Db } from '../db/schema'
import { inTransaction, type Tables } from '../db/tables'
import { PAGE_MAX } from './engine'
import { SCHEMA, type Transport } from './transport'

/** Spoken by the apps that did not write down with which schema they had read the feed. */
const FIRST_SCHEMA = 1

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
  const cursor = await goesOn(db)
  const page = await transport.pull(cursor, limit)
  if (cursor === null && !(await isMe())) throw new OtherPersonError('the session belongs to another person')
  const overtaken = await inTransaction(db, async (t) => {
    // A run that was given up (another tab took over) must not turn the cursor back.
    if ((await goesOn(t)) !== cursor) return true
    await applyRecords(t, page.changes)
    await setMeta(t, 'cursor', page.cursor)
    await setMeta(t, 'cursor_schema', SCHEMA)
    return false
  })
  // What the other tab has read may be less than this page told.
  if (overtaken) return { more: true, hadCursor: cursor !== null }
  // A server that gives the same cursor again has nothing more, whatever it says.
  return { more: page.more && page.cursor !== cursor, hadCursor: cursor !== null }
}

/**
 * Where the feed goes on, or null for its beginning. An app that has learnt new kinds of records begins anew:
 * the version before it went past them, for it had no place for them.
 */
async function goesOn(t: Pick<Tables, 'meta'>): Promise<string | null> {
  const schema = (await getMeta(t, 'cursor_schema')) ?? FIRST_SCHEMA
  return schema === SCHEMA ? getMeta(t, 'cursor') : null
}

/** Read the feed from its beginning next time; records stay until it tells of them. */
export async function forgetCursor(db: Db): Promise<void> {
  await dropMeta(db, 'cursor')
}
