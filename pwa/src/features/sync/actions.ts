// What a person decides about a record that the server will not take, or cannot for long. Nothing here happens by itself.
import { InvalidInputError } from '../../db/errors'
import { dropMeta } from '../../db/meta'
import type { Db } from '../../db/schema'
import type { Tables } from '../../db/tables'
import type { Id, OpKind, OutboxOp, Upload } from '../../db/types'
import { needText, opBytes, save, someText } from '../../db/write'
import { systemClock, type Clock } from '../../kernel/clock'
import { newId } from '../../kernel/ids'
import { dependentsOf, isParked } from '../../sync/engine'
import { missingFor } from '../../sync/lacking'
import { needQuantity, QUANTITY_MAX, RECIPIENT_MAX } from '../materials/actions'
import { NOTE_MAX as STOCK_NOTE_MAX, STOCK_MAX } from '../materials/moves'
import { replyText } from '../answers/actions'
import { TASK_NOTE_MAX } from '../tasks/actions'
import { NOTE_MAX, REASON_MAX } from '../visits/actions'

/** What can be written anew of a parked record; which of it counts depends on its kind. */
export interface Mend { text?: string; reason?: string; quantity?: number; recipient?: string; note?: string }

/** The kinds whose words or numbers a person can put right. */
export const MENDABLE: readonly OpKind[] = [
  'visit.note', 'visit.reply', 'handout.add', 'visit.check_in', 'visit.cancel', 'office.check_in',
  'office.exemption_request', 'office.make_up', 'stock.transfer', 'stock.return', 'stock.confirm', 'stock.count', 'task.done',
]

/**
 * Write a parked record anew: the same record under a new op id, in the old one's place in the queue, with what
 * depends on it behind it. Returns the new op's id.
 *
 * The times stay those of the action: what was put right are words, not when it happened.
 * Raises InvalidInputError (not parked any more, or not valid), StorageFullError, SaveFailedError.
 */
export function mendOp(db: Db, opId: Id, mend: Mend, clock: Clock = systemClock): Promise<Id> {
  return save(db, async ({ t }) => {
    const old = await stuckOp(t, opId, (op) => isParked(op.state))
    const said = await rewrite(t, old, mend)
    const payload = { ...old.payload, ...said }
    const op_id = newId(clock.now().getTime())
    await t.outbox.delete(old.op_id)
    await t.outbox.add({ ...old, op_id, payload, state: 'waiting', problem: null, attempts: 0, bytes: opBytes(payload) })
    const renamed = (ids: readonly Id[]) => ids.map((id) => (id === old.op_id ? op_id : id))
    await t.outbox.toCollection().modify((op) => {
      if (op.depends_on.includes(old.op_id)) op.depends_on = renamed(op.depends_on)
    })
    await t.uploads.toCollection().modify((upload) => {
      if (upload.op_ids.includes(old.op_id)) upload.op_ids = renamed(upload.op_ids)
    })
    return op_id
  }, clock)
}

/** Put the mended values into the phone's own record; returns what changes in the payload. */
async function rewrite(t: Tables, op: OutboxOp, mend: Mend): Promise<Record<string, unknown>> {
  switch (op.kind) {
    case 'visit.note': {
      const text = needText('text', mend.text ?? '', NOTE_MAX)
      await t.notes.update(op.record_id, { text })
      return { text }
    }
    case 'visit.reply': {
      const photo = op.payload['photo_id']
      const text = replyText(mend.text ?? '', typeof photo === 'string' ? photo : null)
      await t.visit_replies.update(op.record_id, { text })
      return { text }
    }
    case 'task.done': {
      const note = someText(mend.text, TASK_NOTE_MAX)
      // A task that was called off meanwhile stays so on this phone, until the office has decided anew.
      await t.tasks.where('id').equals(op.record_id).and((one) => one.state === 'done').modify({ done_note: note ?? '' })
      return { note }
    }
    case 'handout.add': {
      const quantity = wholeOf(mend, 1, QUANTITY_MAX)
      const recipient = someText(mend.recipient, RECIPIENT_MAX) ?? ''
      await t.handouts.update(op.record_id, { quantity, recipient })
      return { quantity, recipient }
    }
    case 'visit.check_in': {
      const reason = someText(mend.reason, REASON_MAX)
      await t.visits.update(op.record_id, { reason })
      return { reason }
    }
    case 'office.check_in': {
      const reason = someText(mend.reason, REASON_MAX)
      await t.office_check_ins.update(op.record_id, { reason })
      return { reason }
    }
    case 'office.exemption_request': {
      const reason = needText('reason', mend.reason ?? '', REASON_MAX)
      await t.office_exemptions.update(op.record_id, { reason })
      return { reason }
    }
    case 'office.make_up': {
      const reason = needText('reason', mend.reason ?? '', REASON_MAX)
      await t.office_make_ups.update(op.record_id, { reason })
      return { reason }
    }
    case 'visit.cancel': {
      const reason = needText('reason', mend.reason ?? '', REASON_MAX)
      await t.visits.update(op.record_id, { cancel_reason: reason })
      return { reason }
    }
    case 'stock.transfer':
    case 'stock.return': {
      const said = { quantity: wholeOf(mend, 1), note: someText(mend.note, STOCK_NOTE_MAX) ?? '' }
      await t.stock_movements.update(op.record_id, said)
      return said
    }
    case 'stock.confirm':
      return reconfirm(t, op.record_id, wholeOf(mend, 0), someText(mend.note, STOCK_NOTE_MAX) ?? '')
    case 'stock.count': {
      const [counted, note] = [wholeOf(mend, 0), someText(mend.note, STOCK_NOTE_MAX) ?? '']
      const seen = (await t.stock_counts.get(op.record_id))?.seen ?? 0
      await t.stock_counts.update(op.record_id, { counted, note, quantity: counted - seen, state: counted === seen ? 'matched' : 'pending' })
      return { counted, note }
    }
    default:
      throw new InvalidInputError('kind', `${op.kind} has nothing to write anew`)
  }
}

/** The mended quantity. Raises InvalidInputError. */
function wholeOf({ quantity = -1 }: Mend, least: number, most = STOCK_MAX): number {
  needQuantity(quantity, least, most)
  return quantity
}

/** Another word about how much has come. */
async function reconfirm(t: Tables, id: Id, quantity: number, note: string): Promise<Record<string, unknown>> {
  const movement = await t.stock_movements.get(id)
  const difference = movement ? quantity - movement.quantity : 0
  await t.stock_movements.update(id, {
    state: difference === 0 ? 'confirmed' : 'short', confirmed: quantity, difference, confirm_note: note,
  })
  return { quantity, note }
}

/**
 * Give a stuck record up (parked, or lacking something for long), with all that depends on it and the files nobody
 * else announces. Only a person may ask for this, who has been told what is lost. Raises InvalidInputError where it
 * is not stuck any more.
 */
export function discardOp(db: Db, opId: Id, clock: Clock = systemClock): Promise<void> {
  return save(db, async ({ t }) => {
    const lacks = (op: OutboxOp) => missingFor(op, clock) !== null
    const root = await stuckOp(t, opId, (op) => isParked(op.state) || lacks(op))
    const ops = await t.outbox.toArray()
    const lost = dependentsOf(ops, new Set([root.op_id])).add(root.op_id)
    const dropped = ops.filter((op) => lost.has(op.op_id)).sort((a, b) => b.seq - a.seq)
    await t.outbox.bulkDelete([...lost])
    for (const op of dropped) await (lacks(op) ? forgetLacking(t, op) : forgetRecord(t, op))
    await dropFiles(t, lost)
  }, clock)
}

/** Give up a file that cannot be sent. Its record stays. Raises InvalidInputError where it has not failed. */
export function discardUpload(db: Db, sha256: string, clock: Clock = systemClock): Promise<void> {
  return save(db, async ({ t }) => {
    const upload = await t.uploads.get(sha256)
    if (upload?.state !== 'failed') throw new InvalidInputError('sha256', 'this file has not failed')
    await t.uploads.delete(sha256)
    await t.blobs.delete(sha256)
  }, clock)
}

async function stuckOp(t: Tables, opId: Id, isStuck: (op: OutboxOp) => boolean): Promise<OutboxOp> {
  const op = await t.outbox.get(opId)
  if (!op || !isStuck(op)) throw new InvalidInputError('op_id', 'it is not stuck any more')
  return op
}

/** As forgetRecord. What the server has lost is not opened here again: to close it anew would be as much in vain. */
async function forgetLacking(t: Tables, op: OutboxOp): Promise<void> {
  switch (op.kind) {
    case 'visit.check_out':
    case 'visit.cancel':
      return void (await t.visits.update(op.record_id, { sync: 'sent' }))
    case 'stock.confirm':
      return void (await t.stock_movements.update(op.record_id, { sync: 'sent' }))
    default:
      return forgetRecord(t, op)
  }
}

/** Take back what an op had written on this phone; what the server knows of stays. */
async function forgetRecord(t: Tables, op: OutboxOp): Promise<void> {
  const id = op.record_id
  switch (op.kind) {
    case 'visit.check_in':
      await t.visits.where('id').equals(id).and((one) => one.rev === 0).delete()
      return void (await t.visits.update(id, { sync: 'sent' }))
    case 'office.check_in':
      return void (await t.office_check_ins.where('id').equals(id).and((one) => one.sync === 'local').delete())
    case 'office.exemption_request':
      return void (await t.office_exemptions.where('id').equals(id).and((one) => one.sync === 'local').delete())
    case 'office.make_up':
      return void (await t.office_make_ups.where('id').equals(id).and((one) => one.sync === 'local').delete())
    case 'visit.note':
      return void (await t.notes.where('id').equals(id).and((one) => one.sync === 'local').delete())
    case 'visit.reply':
      return void (await t.visit_replies.where('id').equals(id).and((one) => one.sync === 'local').delete())
    case 'campaign.seen':
      return void (await t.campaign_seen.where('id').equals(id).and((one) => one.sync === 'local').delete())
    case 'handout.add':
      return void (await t.handouts.where('id').equals(id).and((one) => one.sync === 'local').delete())
    case 'stock.transfer':
    case 'stock.return':
      return void (await t.stock_movements.where('id').equals(id).and((one) => one.sync === 'local').delete())
    case 'stock.count':
      return void (await t.stock_counts.where('id').equals(id).and((one) => one.sync === 'local').delete())
    case 'stock.confirm':
      return unconfirm(t, id)
    case 'task.done':
      return unfinish(t, id)
    case 'photo.add':
      await t.photos.where('id').equals(id).and((one) => one.sync === 'local').delete()
      return countOneLess(t, op)
    case 'visit.check_out':
    case 'visit.cancel':
      return reopen(t, id)
  }
}

/** The movement waits for the rep again, until the server says what became of it. */
async function unconfirm(t: Tables, id: Id): Promise<void> {
  await t.stock_movements.update(id, {
    state: 'in_transit', confirmed: null, difference: null, confirmed_by: null, confirmed_at: null, confirm_note: '', sync: 'sent',
  })
  // The server's own word about it was held back by ours, and is not told twice: read the feed anew.
  await dropMeta(t, 'cursor')
}

/** The task is to be done again, until the server says what became of it. */
async function unfinish(t: Tables, id: Id): Promise<void> {
  const open = { state: 'open', closed_at: null, done_at: null, done_note: '', done_visit_id: null } as const
  await t.tasks.where('id').equals(id).modify((task) => {
    // A task that was called off meanwhile is told as it is.
    if (task.sync === 'local' && task.state === 'done') Object.assign(task, open)
    task.sync = 'sent'
  })
  // The server's own word about it was held back by ours, and is not told twice: read the feed anew.
  await dropMeta(t, 'cursor')
}

/** A check-out that no server has seen yet announces only the photos that will come. */
async function countOneLess(t: Tables, { payload }: OutboxOp): Promise<void> {
  const visit = payload['visit_id']
  if (typeof visit !== 'string') return
  await t.outbox.where('record_id').equals(visit).modify((op) => {
    const { photos } = op.payload
    if (op.kind !== 'visit.check_out' || op.attempts > 0 || typeof photos !== 'number') return
    op.payload = { ...op.payload, photos: Math.max(0, photos - 1) }
  })
}

/** The visit goes on as if it had not been closed here. */
async function reopen(t: Tables, visitId: Id): Promise<void> {
  const visit = await t.visits.get(visitId)
  if (!visit) return
  const waits = (await t.outbox.where('record_id').equals(visitId).count()) > 0
  await t.visits.update(visitId, {
    state: 'in_progress', checked_out_at: null, dwell_s: null, out_fix: null, cancel_reason: null,
    sync: waits || visit.rev === 0 ? 'local' : 'sent',
  })
  // The server's own word about it was held back by ours, and is not told twice: read the feed anew.
  if (visit.rev > 0) await dropMeta(t, 'cursor')
}

async function dropFiles(t: Tables, lost: ReadonlySet<Id>): Promise<void> {
  const uploads = (await t.uploads.toArray()).filter((one) => one.op_ids.some((id) => lost.has(id)))
  for (const upload of uploads) {
    const op_ids = upload.op_ids.filter((id) => !lost.has(id))
    // An id that waits no more is an op that has arrived: then the office waits for these bytes.
    if (op_ids.length > 0 || upload.state === 'done') await t.uploads.update(upload.sha256, { op_ids })
    else await dropFile(t, upload)
  }
}

async function dropFile(t: Tables, { sha256 }: Upload): Promise<void> {
  await t.uploads.delete(sha256)
  await t.blobs.delete(sha256)
  if ((await t.photos.where('sha256').equals(sha256).count()) === 0) await t.thumbs.delete(sha256)
}
