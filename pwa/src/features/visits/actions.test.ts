// @vitest-environment node
// What the actions put into the outbox is what the server reads: contract of the op payloads.
import 'fake-indexeddb/auto'
import { beforeEach, describe, expect, it } from 'vitest'
import { InvalidInputError } from '../../db/errors'
import type { Db } from '../../db/schema'
import { aPhoto, aStore, freshDb, HandClock, REP } from '../../db/testing'
import type { Fix, OutboxOp } from '../../db/types'
import { addReply } from '../answers/actions'
import { saySeen } from '../campaigns/actions'
import { handOut } from '../materials/actions'
import { officeCheckIn } from '../office/actions'
import { addPhoto } from '../photos/actions'
import { addNote, cancelVisit, checkIn, checkOut } from './actions'

const FIX: Fix = { lat: 31.301, lon: 120.6, accuracy_m: 12, age_s: 0.4, source: 'gps' }
const AT = '2026-11-23T01:00:00.000Z'
const ID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
let db: Db
let clock: HandClock

beforeEach(async () => {
  db = freshDb()
  clock = new HandClock(AT)
  await db.stores.put(aStore('s1', { region_id: 'region-7' }))
})

const start = (store_id = 's1') => checkIn(db, { store_id, fix: FIX, reason: ' 室内 ', planned: true }, clock)
const ops = (): Promise<OutboxOp[]> => db.outbox.orderBy('seq').toArray()

describe('check-in', () => {
  it('writes the visit and its op', async () => {
    const id = await start()
    expect(id).toMatch(ID)
    const [op] = await ops()
    expect(op).toMatchObject({
      kind: 'visit.check_in', record_id: id, author: REP, seq: 1, depends_on: [], state: 'waiting', device_at: AT,
      clock_offset_ms: null, monotonic_ms: null,
      payload: { store_id: 's1', at: AT, planned: true, fix: FIX, reason: '室内' },
    })
    expect(op!.op_id).toMatch(ID)
    const visit = await db.visits.get(id)
    expect(visit).toMatchObject({ state: 'in_progress', region_id: 'region-7', verdict: null, sync: 'local', author_id: REP })
    expect(visit!.distance_m).toBeCloseTo(111, 0)
  })

  it('tapped twice is one visit', async () => {
    const [first, second] = await Promise.all([start(), start()])
    expect(second).toBe(first)
    expect(await db.visits.count()).toBe(1)
    expect(await db.outbox.count()).toBe(1)
  })

  it('is a new visit after the check-out, at another store, and on another day', async () => {
    const first = await start()
    const other = await start('s2')
    await checkOut(db, { visit_id: first, fix: null }, clock)
    const again = await start()
    clock.advance(86_400)
    const tomorrow = await start()
    expect(new Set([first, other, again, tomorrow]).size).toBe(4)
  })
})

describe('what follows a check-in', () => {
  it('depends on it while it is unsent', async () => {
    const visit = await start()
    clock.advance(60)
    await addNote(db, { visit_id: visit, text: 'x' }, clock)
    await addPhoto(db, await aPhoto(visit), clock)
    await handOut(db, { visit_id: visit, material_id: 'm', quantity: 1, recipient: '', signature: null }, clock)
    await checkOut(db, { visit_id: visit, fix: FIX }, clock)
    const [first, ...rest] = await ops()
    expect(rest.map((op) => op.depends_on)).toEqual(Array.from({ length: 4 }, () => [first!.op_id]))
    expect(await db.visits.get(visit)).toMatchObject({ state: 'completed', dwell_s: 60, out_fix: FIX, checked_out_at: '2026-11-23T01:01:00.000Z' })
    await db.outbox.delete(first!.op_id)
    await addNote(db, { visit_id: visit, text: 'later' }, clock)
    expect((await ops()).at(-1)!.depends_on).toEqual([])
  })

  it.each<[string, (visit: string) => Promise<unknown>, object]>([
    ['visit.check_out', (visit_id) => checkOut(db, { visit_id, fix: null }, clock), { at: AT, fix: null, photos: 0 }],
    ['visit.cancel', (visit_id) => cancelVisit(db, { visit_id, reason: '店休' }, clock), { at: AT, reason: '店休' }],
    ['visit.note', (visit_id) => addNote(db, { visit_id, text: ' 缺货 ' }, clock), { visit_id: expect.stringMatching(ID) as string, at: AT, text: '缺货' }],
    ['visit.reply', (visit_id) => addReply(db, { visit_id, text: ' 搬家了 ', photo_id: null }, clock), { visit_id: expect.stringMatching(ID) as string, at: AT, text: '搬家了', photo_id: null }],
    ['campaign.seen', (visit_id) => saySeen(db, { campaign_id: 'c', visit_id, materials: [{ material_id: 'm', state: 'missing', quantity: null }], photo_kinds: ['pile'], note: ' 丢了 ' }, clock), {
      campaign_id: 'c', visit_id: expect.stringMatching(ID) as string, at: AT, materials: [{ material_id: 'm', state: 'missing', quantity: null }], photo_kinds: ['pile'], note: '丢了',
    }],
    ['photo.add', async (visit_id) => addPhoto(db, await aPhoto(visit_id), clock), {
      visit_id: expect.stringMatching(ID) as string, office_check_in_id: null, kind: 'shelf', sha256: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
      bytes: 300, width: 1600, height: 1200, mime: 'image/jpeg', taken_at: AT, source: 'camera',
    }],
    ['handout.add', (visit_id) => handOut(db, { visit_id, material_id: 'm', quantity: 3, recipient: '李', signature: new Uint8Array([1]).buffer }, clock), {
      visit_id: expect.stringMatching(ID) as string, material_id: 'm', quantity: 3, recipient: '李', signature_sha256: expect.stringMatching(/^[0-9a-f]{64}$/) as string, batch_id: null, photo_id: null, at: AT,
    }],
  ])('%s says what the server reads', async (kind, act, payload) => {
    const visit = await start()
    await act(visit)
    const op = (await ops()).at(-1)!
    expect(op.kind).toBe(kind)
    expect(op.payload).toEqual(payload)
  })

  it.each<[string, (visit: string) => Promise<unknown>, string]>([
    ['a note without words', (visit_id) => addNote(db, { visit_id, text: ' \ud83d ' }, clock), 'text'],
    ['a cancellation without a reason', (visit_id) => cancelVisit(db, { visit_id, reason: '' }, clock), 'reason'],
    ['an unknown visit', () => addNote(db, { visit_id: 'nope', text: 'x' }, clock), 'visit_id'],
    ['half a poster', (visit_id) => handOut(db, { visit_id, material_id: 'm', quantity: 0.5, recipient: '', signature: null }, clock), 'quantity'],
    ['no posters', (visit_id) => handOut(db, { visit_id, material_id: 'm', quantity: 0, recipient: '', signature: null }, clock), 'quantity'],
    ['a photo of nothing', async (visit_id) => addPhoto(db, { ...(await aPhoto(visit_id)), image: new ArrayBuffer(0) }, clock), 'image'],
    ['a photo of nowhere', async (visit_id) => addPhoto(db, { ...(await aPhoto(visit_id)), visit_id: null }, clock), 'visit_id'],
  ])('refuses %s, and saves nothing', async (_why, act, field) => {
    const visit = await start()
    await expect(act(visit)).rejects.toMatchObject({ name: 'InvalidInputError', field })
    expect(await db.outbox.count()).toBe(1)
  })

  it('refuses to close a visit twice', async () => {
    const visit = await start()
    await checkOut(db, { visit_id: visit, fix: null }, clock)
    await expect(checkOut(db, { visit_id: visit, fix: null }, clock)).rejects.toBeInstanceOf(InvalidInputError)
    await expect(cancelVisit(db, { visit_id: visit, reason: 'x' }, clock)).rejects.toBeInstanceOf(InvalidInputError)
    expect(await db.outbox.count()).toBe(2)
  })

  it('cuts half an emoji off, which no JSON reader takes', async () => {
    const visit = await start()
    await addNote(db, { visit_id: visit, text: 'ok 👍 \ud83d' }, clock)
    expect((await ops()).at(-1)!.payload['text']).toBe('ok 👍')
  })
})

describe('the same picture twice', () => {
  it('is two photos and one upload, and is offered to the server again when it was sent before', async () => {
    const visit = await start()
    const picture = await aPhoto(visit, 5)
    await addPhoto(db, picture, clock)
    await addPhoto(db, { ...picture, kind: 'pile' }, clock)
    expect(await db.uploads.toArray()).toMatchObject([{ state: 'waiting', op_ids: [expect.any(String), expect.any(String)] }])
    await db.uploads.update(picture.sha256, { state: 'done' })
    await db.blobs.delete(picture.sha256)
    const third = await addPhoto(db, picture, clock)
    expect(await db.photos.get(third)).toMatchObject({ upload: 'waiting' })
    expect(await db.uploads.get(picture.sha256)).toMatchObject({ state: 'waiting' })
    expect(await db.blobs.count()).toBe(1)
  })
})

describe('office check-in', () => {
  it('writes the check-in of the organisation\'s week, and its op', async () => {
    // Monday in Shanghai, still Sunday in UTC.
    clock.at = '2026-11-22T16:30:00.000Z'
    const id = await officeCheckIn(db, { office_id: 'o1', fix: FIX, reason: null }, clock)
    expect(await db.office_check_ins.get(id)).toMatchObject({ week: '2026-W48', accepted: null, verdict: null, sync: 'local' })
    expect(await ops()).toMatchObject([{ kind: 'office.check_in', record_id: id, payload: { office_id: 'o1', at: clock.at, fix: FIX, reason: null } }])
  })
})
