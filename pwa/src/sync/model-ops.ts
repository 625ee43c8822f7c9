// What each op does to the model server's records: the rules of the real one, as far as a phone can tell.
import type { Entity, Id, OpKind, VisitRecord } from '../db/types'
import type { Problem } from '../kernel/problem'
import type { OpResult } from './engine'
import { refused, type Outcome } from './model-outcome'
import { isStockOp, writeStock } from './model-stock'
import type { Row, Tx } from './model-state'
import type { WireOp } from './transport'

/** A record comes after what it belongs to, in whatever order a batch was written. */
export const PHASES: readonly OpKind[] = [
  'visit.check_in', 'office.check_in', 'visit.note', 'photo.add', 'stock.confirm', 'handout.add', 'stock.transfer', 'stock.return',
  'stock.count', 'visit.reply', 'campaign.seen', 'task.done', 'visit.check_out', 'visit.cancel',
  'office.exemption_request', 'office.make_up',
]

/** What an op needs to know beside the records. */
export interface Surrounding { stores: readonly Id[]; hasFile(user: Id, sha256: string): boolean }

/** Apply one op. The same thing said again of a record changes nothing, whatever its op is called. */
export function apply(tx: Tx, user: Id, op: WireOp, around: Surrounding): Outcome {
  const entity = ENTITY[op.kind]
  // A server that is older than the app: what it does not know is refused, and parked on the phone.
  if (!entity) return refused('rejected', 'op_kind_unknown')
  const key = `${op.kind} ${op.record_id}`
  const words = JSON.stringify(op.payload)
  const before = tx.state.said.get(key)
  if (before !== undefined) {
    const there = tx.state.records.get(`${entity} ${op.record_id}`)
    if (before === words && there) return { record: there }
    return refused('rejected', SAID_BEFORE[op.kind] ?? 'record_exists')
  }
  const outcome = write(tx, user, op, around)
  if ('record' in outcome) tx.state.said.set(key, words)
  return outcome
}

/** What another word is refused with about a record that something was said of already. */
const SAID_BEFORE: Partial<Record<OpKind, string>> = {
  'visit.check_out': 'visit_closed', 'visit.cancel': 'visit_closed', 'stock.confirm': 'movement_closed', 'task.done': 'task_done',
}

/** The kinds that this model knows. */
const ENTITY: Partial<Record<OpKind, Entity>> = {
  'visit.check_in': 'visit', 'visit.check_out': 'visit', 'visit.cancel': 'visit', 'visit.note': 'note', 'visit.reply': 'visit_reply',
  'photo.add': 'photo', 'handout.add': 'handout', 'office.check_in': 'office_check_in',
  'office.exemption_request': 'office_exemption', 'office.make_up': 'office_make_up', 'campaign.seen': 'campaign_seen',
  'stock.transfer': 'stock_movement', 'stock.return': 'stock_movement', 'stock.confirm': 'stock_movement', 'stock.count': 'stock_count',
  'task.done': 'task',
}

function write(tx: Tx, user: Id, op: WireOp, around: Surrounding): Outcome {
  if (isStockOp(op.kind)) return writeStock(tx, user, op)
  const payload = op.payload as Record<string, string & number>
  const child: Row = { id: op.record_id, author_id: user, ...payload }
  if (op.kind === 'visit.check_in') {
    if (!around.stores.includes(payload['store_id'] ?? '')) return refused('rejected', 'store_unknown')
    return { record: tx.put('visit', newVisit(user, op)) }
  }
  if (op.kind === 'office.check_in') {
    return { record: tx.put('office_check_in', { ...child, week: '2026-W48', verdict: 'on_site', accepted: true, flags: [] }) }
  }
  if (op.kind === 'office.exemption_request' || op.kind === 'office.make_up') {
    const asked = { ...child, person_id: user, state: 'pending', asked_at: payload['at'], decided_at: null, note: null }
    return { record: tx.put(op.kind === 'office.make_up' ? 'office_make_up' : 'office_exemption', asked) }
  }
  if (op.kind === 'task.done') return finish(tx, user, op)
  if (op.kind === 'photo.add' && payload['office_check_in_id']) {
    if (!tx.state.records.has(`office_check_in ${payload['office_check_in_id']}`)) return refused('deferred', 'dependency_missing')
    return { record: tx.put('photo', newPhoto(user, child, around)) }
  }
  const visitId = op.kind === 'visit.check_out' || op.kind === 'visit.cancel' ? op.record_id : payload['visit_id']
  const visit = tx.state.records.get(`visit ${visitId}`) as (VisitRecord & Row) | undefined
  if (!visit) return refused('deferred', 'dependency_missing')
  switch (op.kind) {
    case 'visit.note':
      return { record: tx.put('note', child) }
    case 'visit.reply':
      return { record: tx.put('visit_reply', { ...child, received_at: op.device_at, erased_at: null }) }
    case 'campaign.seen':
      return { record: tx.put('campaign_seen', { ...child, store_id: visit.store_id, received_at: op.device_at }) }
    case 'photo.add':
      return { record: tx.put('photo', newPhoto(user, child, around)) }
    case 'handout.add':
      tx.handOut(user, payload['material_id'] ?? '', payload['quantity'] ?? 0)
      return { record: tx.put('handout', { ...child, store_id: visit.store_id, flags: [] }) }
    default: {
      if (visit.state !== 'in_progress') return refused('rejected', 'visit_closed')
      const closed = op.kind === 'visit.check_out'
        ? { state: 'completed', checked_out_at: payload['at'], dwell_s: 60, out_fix: payload['fix'] }
        : { state: 'cancelled', cancel_reason: payload['reason'] }
      return { record: tx.put('visit', { ...visit, ...closed, rev: visit.rev + 1 }) }
    }
  }
}

/** A task is somebody's; it is done once, in a visit that is here. */
function finish(tx: Tx, user: Id, { record_id, payload }: WireOp): Outcome {
  const task = tx.state.records.get(`task ${record_id}`)
  if (task?.['rep_id'] !== user) return refused('rejected', 'task_unknown')
  if (task['state'] !== 'open') return refused('rejected', task['state'] === 'done' ? 'task_done' : 'task_cancelled')
  const { at, note, visit_id } = payload
  if (typeof visit_id === 'string' && !tx.state.records.has(`visit ${visit_id}`)) return refused('deferred', 'dependency_missing')
  const done = { state: 'done', state_note: '', closed_at: at, done_at: at, done_note: note ?? '', done_visit_id: visit_id }
  return { record: tx.put('task', { ...task, ...done, rev: Number(task['rev']) + 1 }) }
}

function newPhoto(user: Id, said: Row, around: Surrounding): Row {
  const state = around.hasFile(user, String(said['sha256'])) ? 'stored' : 'awaiting_bytes'
  return { ...said, state, problem: null, uploaded_at: null }
}

function newVisit(user: Id, op: WireOp): Row {
  return {
    id: op.record_id, author_id: user, region_id: 'r', store_id: op.payload['store_id'], state: 'in_progress',
    checked_in_at: op.payload['at'], checked_out_at: null, dwell_s: null, fix: op.payload['fix'], out_fix: null,
    reason: null, cancel_reason: null, verdict: 'on_site', flags: [], rev: 1,
  }
}

/** The answer to an op that was not applied. */
export function answerOf(op: WireOp, status: OpResult['status'], problem: Problem): OpResult {
  return { op_id: op.op_id, status, result: null, problem }
}
