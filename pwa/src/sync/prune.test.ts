// @vitest-environment node
// What leaves the phone by itself: only what the server has, in full, for long.
import 'fake-indexeddb/auto'
import { beforeEach, describe, expect, it } from 'vitest'
import { dropMeta, setMeta } from '../db/meta'
import type { Db } from '../db/schema'
import { aPhoto, aTask, freshDb, HandClock, REP } from '../db/testing'
import type { Id } from '../db/types'
import { saySeen } from '../features/campaigns/actions'
import { handOut } from '../features/materials/actions'
import { confirmGot, countStock, giveTo } from '../features/materials/moves'
import { addPhoto } from '../features/photos/actions'
import { addNote, checkIn, checkOut } from '../features/visits/actions'
import { runCycle } from './cycle'
import { ModelServer } from './model-server'
import { freeThumbs, KEPT_DAYS, pruneOld, THUMBS_KEPT_DAYS } from './prune'

const DAY_S = 86_400
let db: Db
let clock: HandClock
let server: ModelServer

beforeEach(() => {
  db = freshDb()
  clock = new HandClock()
  server = new ModelServer(['s1'], () => clock.now())
  server.session = REP
})

const sync = () => runCycle({
  db, transport: server.transport(), clock, device: { id: 'phone', app_version: '1' }, onMe: () => undefined, stopped: () => false,
})

/** So many days pass, and no server says what time it is then. */
async function later(days: number): Promise<void> {
  clock.advance(days * DAY_S)
  await dropMeta(db, 'contact')
}

/** A visit with one of everything; its pictures differ from other days'. */
async function aDay(fill: number): Promise<Id> {
  const id = await checkIn(db, { store_id: 's1', fix: null, reason: null, planned: false }, clock)
  await addNote(db, { visit_id: id, text: 'x' }, clock)
  await addPhoto(db, { ...(await aPhoto(id, fill)), taken_at: clock.at }, clock)
  await handOut(db, { visit_id: id, material_id: 'm', quantity: 1, recipient: '', signature: new Uint8Array([fill]).buffer }, clock)
  await saySeen(db, { campaign_id: 'c', visit_id: id, materials: [{ material_id: 'm', state: 'missing', quantity: 1 }], photo_kinds: [], note: '' }, clock)
  await checkOut(db, { visit_id: id, fix: null }, clock)
  return id
}

const counts = async () => [
  await db.visits.count(), await db.notes.count(), await db.photos.count(), await db.handouts.count(),
  await db.thumbs.count(), await db.uploads.count(), await db.campaign_seen.count(),
]

describe('old records', () => {
  it('leave the phone once they are sent and old', async () => {
    await aDay(1)
    await sync()
    clock.advance((KEPT_DAYS - 2) * DAY_S)
    const young = await aDay(2)
    await sync()
    expect(await counts()).toEqual([2, 2, 2, 2, 4, 4, 2])
    clock.advance(3 * DAY_S)
    await sync()
    expect(await counts()).toEqual([1, 1, 1, 1, 2, 2, 1])
    expect((await db.visits.toArray()).map((one) => one.id)).toEqual([young])
    // And the next sync has nothing to do.
    expect(await pruneOld(db, clock)).toBe(0)
  })

  it.each<[string, (id: Id) => Promise<unknown>]>([
    ['nothing of it is sent', async () => undefined],
    ['a note came later', async (id) => { await sync(); await addNote(db, { visit_id: id, text: 'late' }, clock) }],
    ['a photo\'s bytes are still here', async (id) => {
      await sync()
      const [photo] = await db.photos.where('visit_id').equals(id).toArray()
      await db.uploads.update(photo!.sha256, { state: 'failed' })
    }],
    ['a signature\'s bytes are still here', async (id) => {
      await sync()
      const [handout] = await db.handouts.where('visit_id').equals(id).toArray()
      await db.uploads.update(handout!.signature_sha256!, { state: 'waiting' })
    }],
    ['a photo is not there yet', async (id) => { await sync(); await db.photos.where('visit_id').equals(id).modify({ upload: 'waiting' }) }],
    ['its mark says local', async (id) => { await sync(); await db.visits.update(id, { sync: 'local' }) }],
  ])('stay when %s', async (_why, make) => {
    await make(await aDay(1))
    const before = await counts()
    await later(400)
    expect(await pruneOld(db, clock)).toBe(0)
    expect(await counts()).toEqual(before)
  })

  it('are as old as the server says: a phone set to next year clears nothing', async () => {
    await aDay(1)
    await sync()
    clock.advance(400 * DAY_S)
    // Also where the clock was moved after the server's last word.
    expect(await pruneOld(db, clock)).toBe(0)
    // As an older app has kept it.
    await setMeta(db, 'contact', { offset_ms: -400 * DAY_S * 1000, monotonic_ms: 0, origin: 1 })
    expect(await pruneOld(db, clock)).toBe(0)
  })

  it('that arrived late are young', async () => {
    const id = await aDay(1)
    await sync()
    await later(90)
    await db.visits.update(id, { received_at: clock.at })
    expect(await pruneOld(db, clock)).toBe(0)
  })

  it('tasks closed long ago go as well, open and unsent ones stay', async () => {
    const closed_at = clock.at
    await db.tasks.bulkPut([
      aTask('open'), aTask('done', { state: 'done', closed_at }), aTask('off', { state: 'cancelled', closed_at }),
      aTask('unsent', { state: 'done', closed_at, sync: 'local' }),
    ])
    clock.advance((KEPT_DAYS - 1) * DAY_S)
    expect(await pruneOld(db, clock)).toBe(0)
    clock.advance(2 * DAY_S)
    expect(await pruneOld(db, clock)).toBe(2)
    expect((await db.tasks.toArray()).map((one) => one.id)).toEqual(['open', 'unsent'])
  })

  it('leave a picture that a younger photo shows, too', async () => {
    await aDay(1)
    await sync()
    await later(90)
    await aDay(1)
    // Its bytes are on their way again: nothing that shows them goes before they have arrived.
    expect(await pruneOld(db, clock)).toBe(0)
    clock.advance(DAY_S + 1)
    await sync()
    expect(await db.visits.count()).toBe(1)
    expect(await db.thumbs.count()).toBe(2)
  })
})

describe('old stock', () => {
  const stock = async () => [await db.stock_movements.count(), await db.stock_counts.count()]

  /** Four movements and two counts, all on the server. */
  async function manyMoves(): Promise<Id[]> {
    server.tell('person', { id: 'rep-2', name: 'Li', username: 'li', role: 'rep', region_id: 'r', region_name: 'R' })
    for (let n = 0; n < 3; n += 1) server.send(REP, 'm', 5)
    await sync()
    const issues = (await db.stock_movements.toCollection().primaryKeys()).sort()
    await confirmGot(db, { movement_id: issues[0]!, quantity: 5, note: '' }, clock)
    await confirmGot(db, { movement_id: issues[1]!, quantity: 4, note: '' }, clock)
    await giveTo(db, { material_id: 'm', batch_id: null, quantity: 1, note: '', to_id: 'rep-2' }, clock)
    await countStock(db, [{ material_id: 'm', counted: 8, seen: 8 }, { material_id: 'n', counted: 2, seen: 0 }], '', clock)
    await sync()
    // The clock is moved on by hand below, and no server says what time it is then.
    await dropMeta(db, 'contact')
    return issues
  }

  it('leaves the phone where it is over, and only there', async () => {
    const [closed] = await manyMoves()
    expect(await stock()).toEqual([4, 2])
    clock.advance((KEPT_DAYS + 1) * DAY_S)
    // What is on its way, what came short, and a count that nobody has decided still wait for somebody.
    expect(await pruneOld(db, clock)).toBe(2)
    expect(await stock()).toEqual([3, 1])
    expect(await db.stock_movements.get(closed!)).toBeUndefined()
    expect((await db.stock_movements.toArray()).map((one) => one.state).sort()).toEqual(['in_transit', 'in_transit', 'short'])
    expect((await db.stock_counts.toArray()).map((one) => one.state)).toEqual(['pending'])
  })

  it.each<[string, () => Promise<unknown>]>([
    ['it is young', async () => clock.advance(-2 * DAY_S)],
    ['its mark says local', async () => {
      await db.stock_movements.toCollection().modify({ sync: 'local' })
      await db.stock_counts.toCollection().modify({ sync: 'local' })
    }],
    ['an op names it', async () => {
      const ids = [...(await db.stock_movements.toCollection().primaryKeys()), ...(await db.stock_counts.toCollection().primaryKeys())]
      await db.outbox.bulkPut(ids.map((id, at) => ({
        op_id: `op-${at}`, seq: 100 + at, kind: 'stock.confirm' as const, record_id: id, author: REP, payload: {}, depends_on: [],
        device_at: clock.at, clock_offset_ms: null, monotonic_ms: null, state: 'rejected' as const, problem: null, attempts: 1,
        created_at: clock.at, bytes: 1,
      })))
    }],
    ['it was decided lately', async () => {
      await db.stock_movements.toCollection().modify({ confirmed_at: clock.at })
      await db.stock_counts.toCollection().modify({ decided_at: clock.at })
    }],
  ])('stays where %s', async (_why, make) => {
    await manyMoves()
    clock.advance((KEPT_DAYS + 1) * DAY_S)
    await make()
    expect(await pruneOld(db, clock)).toBe(0)
    expect(await stock()).toEqual([4, 2])
  })
})

describe('making room', () => {
  it('takes small pictures of photos sent a week ago, and only those', async () => {
    await aDay(1)
    await sync()
    clock.advance((THUMBS_KEPT_DAYS + 1) * DAY_S)
    await aDay(2)
    await sync()
    await aDay(3)
    const uploads = await db.uploads.toArray()
    const blobs = await db.blobs.toArray()
    expect(await freeThumbs(db, clock)).toEqual({ count: 1, bytes: 3 })
    // Two photos and three signatures; what waits is as it was.
    expect(await db.thumbs.count()).toBe(5)
    expect(await db.uploads.toArray()).toEqual(uploads)
    expect((await db.blobs.toArray()).length).toBe(blobs.length)
    expect(await freeThumbs(db, clock)).toEqual({ count: 0, bytes: 0 })
  })
})
