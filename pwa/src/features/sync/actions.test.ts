// @vitest-environment node
// What a person can do about a parked record: put it right, or give it up, with all that hangs on it.
import 'fake-indexeddb/auto'
import { beforeEach, describe, expect, it } from 'vitest'
import { InvalidInputError } from '../../db/errors'
import { getMeta, setMeta } from '../../db/meta'
import type { Db } from '../../db/schema'
import { aPhoto, freshDb, HandClock, REP } from '../../db/testing'
import type { Id, OpKind, OutboxOp } from '../../db/types'
import { localProblem } from '../../kernel/problem'
import { runCycle } from '../../sync/cycle'
import { ModelServer } from '../../sync/model-server'
import { handOut } from '../materials/actions'
import { confirmGot, countStock, giveTo } from '../materials/moves'
import { officeCheckIn } from '../office/actions'
import { addPhoto } from '../photos/actions'
import { addNote, cancelVisit, checkIn, checkOut } from '../visits/actions'
import { discardOp, discardUpload, mendOp } from './actions'
import { backlog } from '../../sync/outbox'
import { parkedStory, syncItems } from './queries'
import { isStuck } from './words'

let db: Db
let clock: HandClock
let server: ModelServer

beforeEach(() => {
  db = freshDb()
  clock = new HandClock()
  server = new ModelServer(['s1', 's2'], () => clock.now())
  server.session = REP
})

const sync = () => runCycle({
  db, transport: server.transport(), clock, device: { id: 'phone', app_version: '1' }, onMe: () => undefined, stopped: () => false,
})

const visit = (store_id = 's1') => checkIn(db, { store_id, fix: null, reason: 'poor signal', planned: false }, clock)
const signature = new Uint8Array([1, 2, 3]).buffer

async function opOf(kind: OpKind, record?: Id): Promise<OutboxOp> {
  const ops = await db.outbox.orderBy('seq').toArray()
  const found = ops.find((op) => op.kind === kind && (record === undefined || op.record_id === record))
  if (!found) throw new Error(`no ${kind}`)
  return found
}

async function park(kind: OpKind, code = 'op_malformed'): Promise<OutboxOp> {
  const op = await opOf(kind)
  await db.outbox.update(op.op_id, { state: 'rejected', problem: localProblem(code) })
  return { ...op, state: 'rejected' }
}

describe('putting a parked record right', () => {
  it.each<[OpKind, (id: Id) => Promise<unknown>, object, object]>([
    ['visit.note', (id) => addNote(db, { visit_id: id, text: 'bad' }, clock), { text: ' good ' }, { text: 'good' }],
    ['visit.cancel', (id) => cancelVisit(db, { visit_id: id, reason: 'bad' }, clock), { reason: 'closed' }, { reason: 'closed' }],
    ['visit.check_in', async () => undefined, { reason: 'indoors' }, { reason: 'indoors' }],
    ['office.check_in', () => officeCheckIn(db, { office_id: null, fix: null, reason: 'x' }, clock), { reason: '' }, { reason: null }],
    ['handout.add', (id) => handOut(db, { visit_id: id, material_id: 'm', quantity: 9, recipient: 'x', signature: null }, clock),
      { quantity: 2, recipient: '李' }, { quantity: 2, recipient: '李' }],
  ])('%s: a new op about the same record', async (kind, make, mend, said) => {
    await make(await visit())
    const old = await park(kind)
    clock.advance(3600)
    const id = await mendOp(db, old.op_id, mend, clock)
    expect(id).not.toBe(old.op_id)
    expect(await db.outbox.get(old.op_id)).toBeUndefined()
    const op = await opOf(kind)
    expect(op).toEqual({
      ...old, op_id: id, payload: { ...old.payload, ...said }, state: 'waiting', problem: null, attempts: 0, bytes: op.bytes,
    })
    expect((await sync()).state).toBe('done')
    expect(await db.outbox.count()).toBe(0)
  })

  it('shows on the phone what was written anew', async () => {
    const id = await visit()
    await addNote(db, { visit_id: id, text: 'bad' }, clock)
    await mendOp(db, (await park('visit.note')).op_id, { text: 'good' }, clock)
    expect(await db.notes.toArray()).toMatchObject([{ text: 'good', sync: 'local' }])
    await cancelVisit(db, { visit_id: id, reason: 'bad' }, clock)
    await mendOp(db, (await park('visit.cancel')).op_id, { reason: 'good' }, clock)
    expect(await db.visits.get(id)).toMatchObject({ state: 'cancelled', cancel_reason: 'good' })
  })

  it('takes along what depends on it, and its files', async () => {
    const id = await visit()
    await addPhoto(db, await aPhoto(id), clock)
    await handOut(db, { visit_id: id, material_id: 'm', quantity: 1, recipient: '', signature }, clock)
    const checkInId = await mendOp(db, (await park('visit.check_in')).op_id, { reason: 'x' }, clock)
    expect((await opOf('photo.add')).depends_on).toEqual([checkInId])
    const handoutId = await mendOp(db, (await park('handout.add')).op_id, { quantity: 2 }, clock)
    const uploads = await db.uploads.toArray()
    expect(uploads.find((one) => one.what === 'signature')?.op_ids).toEqual([handoutId])
    expect((await sync()).state).toBe('done')
    expect(server.of('photo', REP)).toMatchObject([{ state: 'stored' }])
    expect(server.of('handout', REP)).toMatchObject([{ quantity: 2 }])
    expect(await db.blobs.count()).toBe(0)
  })

  it.each<[string, OpKind, object]>([
    ['an empty note', 'visit.note', { text: '  ' }],
    ['a cancellation without a reason', 'visit.cancel', {}],
    ['no quantity', 'handout.add', {}],
    ['half a piece', 'handout.add', { quantity: 1.5 }],
    ['a photo', 'photo.add', { text: 'x' }],
  ])('is refused for %s, and changes nothing', async (_why, kind, mend) => {
    const id = await visit()
    await addNote(db, { visit_id: id, text: 'x' }, clock)
    await handOut(db, { visit_id: id, material_id: 'm', quantity: 1, recipient: '', signature: null }, clock)
    await addPhoto(db, await aPhoto(id), clock)
    await cancelVisit(db, { visit_id: id, reason: 'x' }, clock)
    const op = await park(kind)
    const before = await db.outbox.toArray()
    await expect(mendOp(db, op.op_id, mend, clock)).rejects.toBeInstanceOf(InvalidInputError)
    expect(await db.outbox.toArray()).toEqual(before)
  })

  it('of stock writes quantity and note anew, into the movement and the count as well', async () => {
    await db.people.put({ id: 'rep-2', name: 'Li', username: 'li', role: 'rep', region_id: 'r', region_name: 'R' })
    await giveTo(db, { material_id: 'm', batch_id: null, quantity: 30, note: '', to_id: 'rep-2' }, clock)
    await countStock(db, [{ material_id: 'm', counted: 9, seen: 5 }], '', clock)
    const got = await giveTo(db, { material_id: 'm', batch_id: null, quantity: 10, note: '', to_id: 'rep-2' }, clock)
    await db.outbox.where('record_id').equals(got).delete()
    await db.stock_movements.update(got, { to_place: `rep:${REP}` })
    await confirmGot(db, { movement_id: got, quantity: 10, note: '' }, clock)

    const transfer = await park('stock.transfer', 'quantity_invalid')
    await mendOp(db, transfer.op_id, { quantity: 3, note: ' 记错了 ' }, clock)
    expect((await opOf('stock.transfer')).payload).toMatchObject({ quantity: 3, note: '记错了', to_id: 'rep-2' })
    expect(await db.stock_movements.get(transfer.record_id)).toMatchObject({ quantity: 3, note: '记错了', state: 'in_transit' })

    const count = await park('stock.count', 'quantity_invalid')
    await mendOp(db, count.op_id, { quantity: 5, note: '' }, clock)
    expect((await opOf('stock.count')).payload).toMatchObject({ counted: 5, seen: 5 })
    expect(await db.stock_counts.get(count.record_id)).toMatchObject({ counted: 5, quantity: 0, state: 'matched' })

    const confirmed = await park('stock.confirm', 'quantity_invalid')
    await mendOp(db, confirmed.op_id, { quantity: 0, note: '没收到' }, clock)
    expect((await opOf('stock.confirm')).payload).toMatchObject({ quantity: 0, note: '没收到' })
    expect(await db.stock_movements.get(got)).toMatchObject({ confirmed: 0, difference: -10, state: 'short', confirm_note: '没收到' })

    const again = await park('stock.transfer', 'quantity_invalid')
    await expect(mendOp(db, again.op_id, { quantity: 0 }, clock)).rejects.toMatchObject({ field: 'quantity' })
  })

  it('is refused for what is not parked: it may be on its way', async () => {
    await visit()
    const op = await opOf('visit.check_in')
    await expect(mendOp(db, op.op_id, { reason: 'x' }, clock)).rejects.toMatchObject({ field: 'op_id' })
    await expect(discardOp(db, op.op_id, clock)).rejects.toMatchObject({ field: 'op_id' })
  })
})

describe('giving a parked record up', () => {
  it('takes with it what depends on it, and nothing else', async () => {
    const lost = await visit('unknown')
    const kept = await visit('s1')
    await addNote(db, { visit_id: lost, text: 'x' }, clock)
    await addPhoto(db, await aPhoto(lost, 1), clock)
    await addPhoto(db, await aPhoto(lost, 2), clock)
    await addPhoto(db, await aPhoto(kept, 2), clock)
    await handOut(db, { visit_id: lost, material_id: 'm', quantity: 1, recipient: '', signature }, clock)
    await checkOut(db, { visit_id: lost, fix: null }, clock)
    const op = await opOf('visit.check_in', lost)
    await db.outbox.update(op.op_id, { state: 'rejected', problem: localProblem('store_unknown') })
    const story = await parkedStory(db, op.op_id)
    expect(story?.dependents.map((one) => one.kind)).toEqual(['visit.note', 'photo.add', 'photo.add', 'handout.add', 'visit.check_out'])
    // The second picture is the same as the kept visit's: its bytes are not lost.
    expect(story).toMatchObject({ files: 2, bytes: 303 })

    await discardOp(db, op.op_id, clock)
    expect((await db.outbox.orderBy('seq').toArray()).map((one) => one.kind)).toEqual(['visit.check_in', 'photo.add'])
    expect((await db.visits.toArray()).map((one) => one.id)).toEqual([kept])
    expect([await db.notes.count(), await db.handouts.count(), await db.photos.count()]).toEqual([0, 0, 1])
    expect([await db.blobs.count(), await db.uploads.count(), await db.thumbs.count()]).toEqual([1, 1, 1])
    expect((await sync()).state).toBe('done')
    expect(server.of('photo', REP)).toMatchObject([{ state: 'stored' }])
  })

  it('of a check-out lets the visit go on, and asks the server for its word', async () => {
    const id = await visit()
    await sync()
    await checkOut(db, { visit_id: id, fix: null }, clock)
    await discardOp(db, (await park('visit.check_out', 'visit_closed')).op_id, clock)
    expect(await db.visits.get(id)).toMatchObject({ state: 'in_progress', checked_out_at: null, sync: 'sent' })
    expect(await getMeta(db, 'cursor')).toBeNull()
    await checkOut(db, { visit_id: id, fix: null }, clock)
    await sync()
    expect(await db.visits.get(id)).toMatchObject({ state: 'completed', sync: 'sent' })
  })

  it('of a check-out on a visit that waits as well keeps the place in the feed', async () => {
    await setMeta(db, 'cursor', 'x')
    const id = await visit()
    await cancelVisit(db, { visit_id: id, reason: 'x' }, clock)
    await discardOp(db, (await park('visit.cancel')).op_id, clock)
    expect(await db.visits.get(id)).toMatchObject({ state: 'in_progress', cancel_reason: null, sync: 'local' })
    expect(await getMeta(db, 'cursor')).toBe('x')
  })

  it('of a photo is told to a check-out that nobody has seen', async () => {
    const id = await visit()
    await addPhoto(db, await aPhoto(id, 1), clock)
    await addPhoto(db, await aPhoto(id, 2), clock)
    await checkOut(db, { visit_id: id, fix: null }, clock)
    await discardOp(db, (await park('photo.add')).op_id, clock)
    expect((await opOf('visit.check_out')).payload['photos']).toBe(1)
    await db.outbox.update((await opOf('visit.check_out')).op_id, { attempts: 1 })
    await discardOp(db, (await park('photo.add')).op_id, clock)
    expect((await opOf('visit.check_out')).payload['photos']).toBe(1)
  })

  it('keeps a record that the server knows', async () => {
    const id = await visit()
    await sync()
    await db.outbox.add({
      op_id: 'again', seq: 99, kind: 'visit.check_in', record_id: id, author: REP, payload: {}, depends_on: [], device_at: clock.at,
      clock_offset_ms: null, monotonic_ms: null, state: 'conflict', problem: localProblem('op_conflict'), attempts: 1, created_at: clock.at, bytes: 1,
    })
    await db.visits.update(id, { sync: 'local' })
    await discardOp(db, 'again', clock)
    expect(await db.visits.get(id)).toMatchObject({ sync: 'sent' })
  })

  it('of a file: only of one that has failed', async () => {
    const photo = await aPhoto(await visit())
    await addPhoto(db, photo, clock)
    await expect(discardUpload(db, photo.sha256, clock)).rejects.toBeInstanceOf(InvalidInputError)
    await db.uploads.update(photo.sha256, { state: 'failed', problem: localProblem('bytes_damaged') })
    expect(await parkedStory(db, photo.sha256)).toMatchObject({ payload: null, files: 1, bytes: 300, item: { kind: 'photo.bytes' } })
    await discardUpload(db, photo.sha256, clock)
    expect([await db.uploads.count(), await db.blobs.count(), await db.photos.count()]).toEqual([0, 0, 1])
  })
})

describe('a record whose check-in the server has lost', () => {
  /** The check-in has arrived, and is gone from the server since; all else of the visit is made after that. */
  async function lost(): Promise<Id> {
    const before = server.backup()
    const id = await visit()
    await sync()
    server.restore(before, true)
    await addNote(db, { visit_id: id, text: 'x' }, clock)
    await addPhoto(db, await aPhoto(id), clock)
    await checkOut(db, { visit_id: id, fix: null }, clock)
    return id
  }

  async function tries(n: number): Promise<void> {
    for (let at = 0; at < n; at += 1) await sync()
  }

  const stuck = async () => (await syncItems(db, clock)).filter(isStuck).map(({ kind, state, missing }) => [kind, state, missing])

  it('waits quietly for a day and several tries, and is shown as stuck then; it is sent again all the same', async () => {
    await lost()
    await tries(6)
    expect(await stuck()).toEqual([])
    expect(await backlog(db, clock)).toMatchObject({ ops: 3, parked: 0 })
    clock.advance(25 * 3600)
    expect(await stuck()).toEqual([
      ['visit.note', 'lacking', 'visit'], ['photo.add', 'lacking', 'visit'], ['visit.check_out', 'lacking', 'visit'],
    ])
    expect(await backlog(db, clock)).toMatchObject({ ops: 3, parked: 3 })
    // Also while it is on its way, or waits without a network.
    await db.outbox.toCollection().modify({ state: 'sending' })
    expect(await stuck()).toHaveLength(3)
    await tries(1)
    expect((await db.outbox.toArray()).map((op) => op.attempts)).toEqual([7, 7, 7])
  })

  it('is not stuck where it was tried only a few times in that day', async () => {
    await lost()
    clock.advance(25 * 3600)
    await tries(4)
    expect(await stuck()).toEqual([])
    await expect(discardOp(db, (await opOf('visit.note')).op_id, clock)).rejects.toMatchObject({ field: 'op_id' })
  })

  it('can be discarded; the visit is not opened again by that', async () => {
    const id = await lost()
    await tries(6)
    clock.advance(25 * 3600)
    const out = await opOf('visit.check_out')
    expect(await parkedStory(db, out.op_id, clock)).toMatchObject({ item: { state: 'lacking' }, dependents: [], files: 0 })
    await discardOp(db, out.op_id, clock)
    expect(await db.visits.get(id)).toMatchObject({ state: 'completed', sync: 'sent' })
    await discardOp(db, (await opOf('photo.add')).op_id, clock)
    await discardOp(db, (await opOf('visit.note')).op_id, clock)
    expect([await db.outbox.count(), await db.uploads.count(), await db.blobs.count()]).toEqual([0, 0, 0])
    expect((await sync()).state).toBe('done')
  })

  it('cannot be written anew: its words are not what is wrong', async () => {
    await lost()
    await tries(6)
    clock.advance(25 * 3600)
    await expect(mendOp(db, (await opOf('visit.note')).op_id, { text: 'y' }, clock)).rejects.toMatchObject({ field: 'op_id' })
  })

  it('names what is missing', async () => {
    await db.people.put({ id: 'rep-2', name: 'Li', username: 'li', role: 'rep', region_id: 'r', region_name: 'R' })
    const before = server.backup()
    const id = await officeCheckIn(db, { office_id: null, fix: null, reason: 'x' }, clock)
    await sync()
    server.restore(before, true)
    await addPhoto(db, { ...(await aPhoto(id)), visit_id: null, office_check_in_id: id }, clock)
    const gone = await giveTo(db, { material_id: 'm', batch_id: null, quantity: 3, note: '', to_id: 'rep-2' }, clock)
    await db.outbox.where('record_id').equals(gone).delete()
    await db.stock_movements.update(gone, { to_place: `rep:${REP}` })
    await confirmGot(db, { movement_id: gone, quantity: 3, note: '' }, clock)
    await tries(6)
    clock.advance(25 * 3600)
    expect(await stuck()).toEqual([['photo.add', 'lacking', 'office_check_in'], ['stock.confirm', 'lacking', 'transfer']])
    await discardOp(db, (await opOf('stock.confirm')).op_id, clock)
    expect(await db.stock_movements.get(gone)).toMatchObject({ state: 'confirmed', sync: 'sent' })
  })
})
