// @vitest-environment node
// A phone opens with today's code what an earlier version left behind, its queue full.
import 'fake-indexeddb/auto'
import Dexie from 'dexie'
import { expect, it } from 'vitest'
import { snapshot } from '../sync/outbox'
import { Db } from './schema'
import { REP } from './testing'

/** The schemas that were ever shipped, as they were. Never edit one; add the next below. */
const SHIPPED: Record<number, Record<string, string>> = {
  1: {
    stores: 'id', materials: 'id', offices: 'id', people: 'id', stock: 'id',
    visits: 'id, store_id, state, checked_in_at', notes: 'id, visit_id',
    photos: 'id, visit_id, office_check_in_id, sha256', handouts: 'id, visit_id', office_check_ins: 'id, week',
    blobs: 'sha256', thumbs: 'sha256', outbox: 'op_id, seq, record_id', uploads: 'sha256, state',
    drafts: 'id, kind', meta: 'key',
  },
  2: {
    stores: 'id', materials: 'id', offices: 'id', people: 'id', stock: 'id',
    visits: 'id, store_id, state, checked_in_at', notes: 'id, visit_id',
    photos: 'id, visit_id, office_check_in_id, sha256', handouts: 'id, visit_id', office_check_ins: 'id, week',
    blobs: 'sha256', thumbs: 'sha256', outbox: 'op_id, seq, record_id', uploads: 'sha256, state',
    drafts: 'id, kind', meta: 'key',
    stock_movements: 'id, state', stock_counts: 'id, at', warehouses: 'id', campaigns: 'id',
  },
}

/** A queue as version 1 wrote it. */
const QUEUE = {
  visits: [{ id: 'v1', store_id: 's1', state: 'in_progress', checked_in_at: '2026-11-23T01:00:00.000Z', rev: 0, sync: 'local' }],
  photos: [{ id: 'p1', visit_id: 'v1', office_check_in_id: null, sha256: 'aa', sync: 'local', upload: 'waiting' }],
  blobs: [{ sha256: 'aa', mime: 'image/jpeg', bytes: new Uint8Array([1, 2, 3]).buffer }],
  outbox: [
    { op_id: 'o1', seq: 1, kind: 'visit.check_in', record_id: 'v1', author: REP, payload: { store_id: 's1' }, depends_on: [], state: 'waiting', created_at: '2026-11-23T01:00:00.000Z' },
    { op_id: 'o2', seq: 2, kind: 'photo.add', record_id: 'p1', author: REP, payload: { sha256: 'aa' }, depends_on: ['o1'], state: 'sending', created_at: '2026-11-23T01:01:00.000Z' },
    { op_id: 'o3', seq: 3, kind: 'visit.note', record_id: 'n1', author: REP, payload: {}, depends_on: ['o1'], state: 'rejected', problem: { code: 'x' }, created_at: '2026-11-23T01:02:00.000Z' },
  ],
  uploads: [{ sha256: 'aa', what: 'photo', op_ids: ['o2'], bytes_total: 3, bytes_sent: 0, state: 'waiting', created_at: '2026-11-23T01:01:00.000Z' }],
  drafts: [{ id: 'd', kind: 'note', data: { text: 'half' }, updated_at: '2026-11-23T01:03:00.000Z' }],
  meta: [{ key: 'cursor', value: 'abc' }, { key: 'device_seq', value: 3 }],
}

it.each(Object.keys(SHIPPED).map(Number))('version %i opens with its queue untouched', async (version) => {
  const name = `shipped-${version}`
  const old = new Dexie(name)
  old.version(version).stores(SHIPPED[version]!)
  for (const [table, rows] of Object.entries(QUEUE)) await old.table(table).bulkPut(rows)
  old.close()

  const db = new Db(REP, name)
  for (const [table, rows] of Object.entries(QUEUE)) expect(await db.table(table).toArray(), table).toEqual(rows)
  const { ops, uploads } = await snapshot(db)
  expect(ops.map((op) => op.op_id).sort()).toEqual(['o1', 'o2', 'o3'])
  expect(uploads.map((one) => one.sha256)).toEqual(['aa'])
})

it('the newest version is listed above', async () => {
  const db = new Db(REP, 'newest')
  await db.open()
  expect(Object.keys(SHIPPED).map(Number)).toContain(db.verno)
  const shipped = SHIPPED[db.verno]!
  expect(Object.fromEntries(db.tables.map((table) => [table.name, [table.schema.primKey.src, ...table.schema.indexes.map((index) => index.src)].join(', ')]))).toEqual(shipped)
})
