// The queue on the disk: reading it, and marking what became of each op. An op leaves it only when the
// server has acknowledged it, in the same transaction that writes the server's record.
import { asSaveError } from '../db/errors'
import { getMeta } from '../db/meta'
import { ifRoom, orWithout } from '../db/room'
import { applyRecords, type ServerRecord } from '../db/records'
import type { Db } from '../db/schema'
import { stockEffect } from '../db/stock'
import { inTransaction, reading, unfinishedUploads, type Tables } from '../db/tables'
import type { Entity, Id, IsoTime, OpKind, OutboxOp } from '../db/types'
import { systemClock, type Clock } from '../kernel/clock'
import { isParked, type Mark, type OpView, type UploadView } from './engine'
import { missingFor } from './lacking'
import type { WireOp } from './transport'

/** What waits, as the engine needs it. */
export interface Snapshot { ops: OpView[]; uploads: UploadView[] }

const ENTITY_OF: Record<OpKind, Entity> = {
  'visit.check_in': 'visit',
  'visit.check_out': 'visit',
  'visit.cancel': 'visit',
  'visit.note': 'note',
  'visit.reply': 'visit_reply',
  'campaign.seen': 'campaign_seen',
  'photo.add': 'photo',
  'handout.add': 'handout',
  'office.check_in': 'office_check_in',
  'office.exemption_request': 'office_exemption',
  'office.make_up': 'office_make_up',
  'stock.transfer': 'stock_movement',
  'stock.return': 'stock_movement',
  'stock.confirm': 'stock_movement',
  'stock.count': 'stock_count',
  'task.done': 'task',
}

/** Read what waits. Files are not touched. */
export async function snapshot(db: Db): Promise<Snapshot> {
  const [ops, uploads] = await reading(db, ['outbox', 'uploads'], (t) =>
    Promise.all([t.outbox.toArray(), unfinishedUploads(t, ['waiting', 'sending'])]))
  return { ops, uploads }
}

/** After a start: what was on its way when the page ended is waiting again. Without room it is sent as it is. */
export async function recover(db: Db): Promise<void> {
  await ifRoom(() => inTransaction(db, async (t) => {
    await t.outbox.toCollection().modify((op) => {
      if (op.state === 'sending') op.state = 'waiting'
    })
    const broken = await t.uploads.where('state').equals('sending').primaryKeys()
    await t.uploads.where('sha256').anyOf(broken).modify({ state: 'waiting' })
    await t.photos.where('sha256').anyOf(broken).modify({ upload: 'waiting' })
  }))
}

/** Mark a batch as on its way, where there is room for that, and write it as the server wants it. */
export async function beginBatch(db: Db, ids: readonly Id[]): Promise<WireOp[]> {
  const found = async (t: Pick<Tables, 'outbox'>) => (await t.outbox.bulkGet([...ids])).filter((op) => op !== undefined)
  return orWithout(() => inTransaction(db, async (t) => {
    const ops = await found(t)
    await t.outbox.bulkPut(ops.map((op) => ({ ...op, state: 'sending' as const, attempts: op.attempts + 1 })))
    return ops.map(wireOp)
  }), async () => (await found(db)).map(wireOp))
}

/** The batch did not get through: all of it waits again. */
export async function releaseBatch(db: Db, ids: readonly Id[]): Promise<void> {
  await ifRoom(async () => db.outbox.where('op_id').anyOf([...ids]).modify((op) => {
    if (op.state === 'sending') op.state = 'waiting'
  }))
}

/**
 * Write what became of a batch: acknowledged ops give way to the server's records, others are marked.
 * cursor: where the feed stood when the batch was sent. Resolves to the ops whose mark found no room: they look
 * as if they had not been sent. Without room acknowledged ops only leave; the feed brings their records.
 */
export async function settle(db: Db, marks: readonly Mark[], cursor: string | null = null): Promise<Id[]> {
  return orWithout(async () => settleAll(db, marks, cursor).then(() => []), async () => {
    await db.outbox.bulkDelete(marks.filter((mark) => mark.to === 'done').map((mark) => mark.op_id))
    const unmarked: Id[] = []
    // What left may have made room for some of them.
    for (const mark of marks) {
      if (mark.to !== 'done' && !(await ifRoom(() => settleAll(db, [mark], cursor)))) unmarked.push(mark.op_id)
    }
    return unmarked
  })
}

async function settleAll(db: Db, marks: readonly Mark[], cursor: string | null): Promise<void> {
  await inTransaction(db, async (t) => {
    // Another tab has pulled since: the server's balance may be here already, with these handouts in it. If it
    // is not, the next pull brings it.
    const overtaken = (await getMeta(t, 'cursor')) !== cursor
    const known = await t.outbox.bulkGet(marks.map((mark) => mark.op_id))
    const done: Id[] = []
    const records: ServerRecord[] = []
    for (const [at, mark] of marks.entries()) {
      const op = known[at]
      if (!op) continue
      if (mark.to !== 'done') {
        const problem = mark.to === 'waiting' ? null : mark.problem
        await t.outbox.update(op.op_id, { state: mark.to, problem })
        continue
      }
      done.push(op.op_id)
      if (!mark.replayed && !overtaken) await moveStock(t, op)
      if (await isNews(t, op, mark.replayed)) {
        records.push({ entity: ENTITY_OF[op.kind], id: op.record_id, record: mark.result as object })
      }
    }
    // First out of the outbox: what is still in it holds back the server's word about its record.
    await t.outbox.bulkDelete(done)
    await applyRecords(t, records)
  })
}

/** A repeated op is answered with its first answer; the feed may have told more since. */
async function isNews(t: Tables, op: OutboxOp, replayed: boolean): Promise<boolean> {
  if (!replayed || op.kind === 'visit.check_in') return true
  if (op.kind === 'office.check_in') return (await t.office_check_ins.get(op.record_id))?.sync !== 'sent'
  if (op.kind === 'handout.add') return (await t.handouts.get(op.record_id))?.sync !== 'sent'
  if (op.kind === 'stock.count') return (await t.stock_counts.get(op.record_id))?.sync !== 'sent'
  if (ENTITY_OF[op.kind] === 'stock_movement') return (await t.stock_movements.get(op.record_id))?.sync !== 'sent'
  return true
}

/**
 * The balance on the phone is the server's with what waits here. Between this answer and the next pull
 * the movement is in neither; a replayed one may already be in the server's number.
 */
async function moveStock(t: Tables, op: OutboxOp): Promise<void> {
  const effect = await stockEffect(t, op)
  if (!effect) return
  await t.stock.where('id').equals(effect.material_id).modify((row) => {
    row.balance += effect.delta
    for (const batch of row.batches ?? []) if (batch.id === effect.batch_id) batch.balance += effect.delta
  })
}

/**
 * Send a parked op again, unchanged. Does nothing for one that is not parked.
 * Raises StorageFullError, SaveFailedError.
 */
export async function unpark(db: Db, opId: Id): Promise<void> {
  try {
    await inTransaction(db, async (t) => {
      const op = await t.outbox.get(opId)
      if (op && isParked(op.state)) await t.outbox.put({ ...op, state: 'waiting', problem: null })
    })
  } catch (error) {
    throw asSaveError(error)
  }
}

/** How much waits, for the server's list of phones and for the screen. */
export interface Backlog {
  ops: number
  parked: number
  uploads: number
  bytes: number
  oldest_at: IsoTime | null
}

/** Count what waits. A failed upload and a parked op are unsent work, too. Parked: all ops that need a person. */
export async function backlog(db: Db, clock: Clock = systemClock): Promise<Backlog> {
  const [ops, uploads] = await reading(db, ['outbox', 'uploads'], (t) =>
    Promise.all([t.outbox.toArray(), unfinishedUploads(t)]))
  const times = [...ops, ...uploads].map((one) => one.created_at).sort()
  return {
    ops: ops.length,
    parked: ops.filter((op) => isParked(op.state) || missingFor(op, clock) !== null).length,
    uploads: uploads.length,
    bytes:
      ops.reduce((sum, op) => sum + op.bytes, 0) +
      uploads.reduce((sum, one) => sum + one.bytes_total - one.bytes_sent, 0),
    oldest_at: times[0] ?? null,
  }
}

/** An op as it goes over the wire. */
export function wireOp(op: OutboxOp): WireOp {
  return {
    op_id: op.op_id,
    kind: op.kind,
    record_id: op.record_id,
    author: op.author,
    depends_on: op.depends_on,
    payload: op.payload,
    device_seq: op.seq,
    device_at: op.device_at,
    clock_offset_ms: op.clock_offset_ms,
    monotonic_ms: op.monotonic_ms,
    ...(op.contact_at === undefined ? {} : { contact_at: op.contact_at }),
  }
}
