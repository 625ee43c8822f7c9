// What earlier versions of the app left on phones, for the tests that open it with today's code.
import { REP } from '../testing'

const FIRST = {
  stores: 'id', materials: 'id', offices: 'id', people: 'id', stock: 'id',
  visits: 'id, store_id, state, checked_in_at', notes: 'id, visit_id',
  photos: 'id, visit_id, office_check_in_id, sha256', handouts: 'id, visit_id', office_check_ins: 'id, week',
  blobs: 'sha256', thumbs: 'sha256', outbox: 'op_id, seq, record_id', uploads: 'sha256, state',
  drafts: 'id, kind', meta: 'key',
}

const WEEKS = {
  office_rules: 'id', office_calendars: 'id', office_duties: 'id', office_exemptions: 'id', office_make_ups: 'id, week',
  office_notices: 'id',
}

const LEDGER = { stock_movements: 'id, state', stock_counts: 'id, at', warehouses: 'id' }

const ANSWERS = { visit_replies: 'id, visit_id', reviews: 'id, visit_id' }

const CAMPAIGNS = { campaigns: 'id' }

const SEEN = { campaign_seen: 'id, visit_id' }
const TASKS = { tasks: 'id, state, store_id' }

/** The schemas that were ever shipped, as they were. Never edit one; add the next below. */
export const SHIPPED: Readonly<Record<number, Record<string, string>>> = {
  1: FIRST,
  2: { ...FIRST, ...WEEKS, ...LEDGER, ...ANSWERS, ...CAMPAIGNS },
  3: { ...FIRST, ...WEEKS, ...LEDGER, ...ANSWERS, ...CAMPAIGNS, ...SEEN, ...TASKS },
}

/** A queue as version 1 wrote it. */
export const QUEUE: Readonly<Record<string, object[]>> = {
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
