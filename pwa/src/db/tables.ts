// Transactions whose tables know them.
import type { Transaction } from 'dexie'
import type { Db } from './schema'

/** The tables, of a database or of one transaction. */
export type Tables = Pick<
  Db,
  | 'stores' | 'materials' | 'offices' | 'people' | 'stock' | 'visits' | 'notes' | 'photos' | 'handouts'
  | 'office_check_ins' | 'stock_movements' | 'stock_counts' | 'warehouses' | 'campaigns'
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

function tablesOf(transaction: Transaction): Tables {
  return {
    stores: transaction.table('stores'),
    materials: transaction.table('materials'),
    offices: transaction.table('offices'),
    people: transaction.table('people'),
    stock: transaction.table('stock'),
    visits: transaction.table('visits'),
    notes: transaction.table('notes'),
    photos: transaction.table('photos'),
    handouts: transaction.table('handouts'),
    office_check_ins: transaction.table('office_check_ins'),
    stock_movements: transaction.table('stock_movements'),
    stock_counts: transaction.table('stock_counts'),
    warehouses: transaction.table('warehouses'),
    campaigns: transaction.table('campaigns'),
    blobs: transaction.table('blobs'),
    thumbs: transaction.table('thumbs'),
    outbox: transaction.table('outbox'),
    uploads: transaction.table('uploads'),
    drafts: transaction.table('drafts'),
    meta: transaction.table('meta'),
  }
}
