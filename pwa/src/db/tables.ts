// Transactions whose tables know them.
import type { IndexableType, Table, Transaction } from 'dexie'
import type { Db } from './schema'
import type { Upload, UploadMark } from './types'

/** The tables, of a database or of one transaction. */
export type Tables = Pick<
  Db,
  | 'stores' | 'materials' | 'offices' | 'people' | 'stock' | 'visits' | 'notes' | 'photos' | 'handouts'
  | 'office_check_ins' | 'office_rules' | 'office_calendars' | 'office_duties' | 'office_exemptions'
  | 'office_make_ups' | 'office_notices' | 'stock_movements' | 'stock_counts' | 'warehouses' | 'visit_replies' | 'reviews'
  | 'campaigns' | 'campaign_seen' | 'tasks'
  | 'blobs' | 'thumbs' | 'outbox' | 'uploads' | 'drafts' | 'meta'
>

/**
 * Run `work` in one transaction over all tables: all of it is on the disk afterwards, or nothing.
 *
 * `work` uses the tables that it is handed, never the database's own. Dexie follows its current transaction
 * through a few native awaits only; deeper down, the database's own tables would silently write outside of it.
 * `work` may await nothing but these tables.
 */
export function inTransaction<T>(db: Db, work: (t: Tables) => Promise<T>): Promise<T> {
  return db.transaction('rw', db.tables, (transaction) => work(tablesOf(transaction)))
}

const NAMES = [
  'stores', 'materials', 'offices', 'people', 'stock', 'visits', 'notes', 'photos', 'handouts', 'office_check_ins',
  'office_rules', 'office_calendars', 'office_duties', 'office_exemptions', 'office_make_ups', 'office_notices',
  'stock_movements', 'stock_counts', 'warehouses', 'visit_replies', 'reviews', 'campaigns', 'campaign_seen', 'tasks',
  'blobs', 'thumbs', 'outbox', 'uploads', 'drafts', 'meta',
] as const satisfies readonly (keyof Tables)[]

function tablesOf(transaction: Transaction): Tables {
  const tables: Partial<Record<keyof Tables, unknown>> = {}
  for (const name of NAMES) {
    // Asked for when it is used: a transaction over a few tables knows no others, and says so.
    Object.defineProperty(tables, name, { get: () => transaction.table(name) })
  }
  return tables as Tables
}

/** Run `work` in one transaction that only reads, over all that a screen shows. `work` uses the tables it is handed. */
export function reading<T>(db: Db, names: readonly (keyof Tables)[], work: (t: Tables) => Promise<T>): Promise<T> {
  return db.transaction('r', [...names], (transaction) => work(tablesOf(transaction)))
}

/**
 * The rows that have one of these keys in an index, in no order. One request a key: Dexie's own anyOf() walks a
 * cursor, which on a slow phone costs a millisecond a row, while every save waits. Call it within a transaction:
 * outside of one, each request would open its own.
 */
export async function rowsWith<R, K, I>(table: Table<R, K, I>, index: string, keys: Iterable<IndexableType>): Promise<R[]> {
  const found = await Promise.all([...new Set(keys)].map((key) => table.where(index).equals(key).toArray()))
  return found.flat()
}

/** Files that the server does not have in full, in the order in which they were made. */
export async function unfinishedUploads(
  t: Pick<Tables, 'uploads'>, states: readonly UploadMark[] = ['waiting', 'sending', 'failed'],
): Promise<Upload[]> {
  const rows: Upload[] = await rowsWith(t.uploads, 'state', states)
  return rows.sort((a, b) => a.created_at.localeCompare(b.created_at) || a.sha256.localeCompare(b.sha256))
}

/** Rows written at once. The page gets its turn between two lots, however long the list. */
const LOT = 50

/** bulkPut of a long list that does not hold the screen up. Within the caller's transaction. */
export async function putAll<R, K, I>(table: Table<R, K, I>, rows: readonly I[]): Promise<void> {
  for (let at = 0; at < rows.length; at += LOT) await table.bulkPut(rows.slice(at, at + LOT))
}
