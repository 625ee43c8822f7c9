// What every screen and the sync rely on, one case each. The same cases run in memory and in a real browser.
import Dexie from 'dexie'
import { handOut } from '../../features/materials/actions'
import { addPhoto } from '../../features/photos/actions'
import { photoBytes, photosOfVisit } from '../../features/photos/queries'
import { addNote, checkIn, checkOut } from '../../features/visits/actions'
import { visitPage } from '../../features/visits/queries'
import { sha256Hex } from '../../kernel/hash'
import { snapshot } from '../../sync/outbox'
import { dropDraft, draftsOf, loadDraft, saveDraft } from '../drafts'
import { getMeta } from '../meta'
import type { Db } from '../schema'
import { aPhoto, aStore } from '../testing'
import { holds, raises, same } from './check'
import type { Case, Harness } from './harness'
import { QUEUE, SHIPPED } from './shipped'

const AT_S1 = { store_id: 's1', fix: null, reason: null, planned: true }
const WAYS = ['Blobs', 'buffers'] as const
type Way = (typeof WAYS)[number]

/** Both ways in which browsers keep bytes. */
function eachWay(name: string, run: (at: Harness, way: Way) => Promise<void>, afterwards?: (at: Harness, way: Way) => Promise<void>): Case[] {
  return WAYS.map((way) => ({
    name: `${name} (${way})`,
    run: (at) => run(at, way),
    ...(afterwards ? { afterwards: (at: Harness) => afterwards(at, way) } : {}),
  }))
}

async function opened(at: Harness, way: Way = 'Blobs'): Promise<Db> {
  const db = at.open()
  db.keepsBuffers = way === 'buffers'
  await db.stores.put(aStore('s1'))
  return db
}

async function content(db: Db): Promise<Record<string, unknown[]>> {
  return Object.fromEntries(await Promise.all(db.tables.map(async (table) => [table.name, await table.toArray()] as const)))
}

/** Everything a visit can have, closed at the end. */
async function fullVisit(db: Db): Promise<string> {
  const visit = await checkIn(db, AT_S1)
  await addPhoto(db, await aPhoto(visit))
  await addNote(db, { visit_id: visit, text: '缺货两种' })
  await handOut(db, { visit_id: visit, material_id: 'm', quantity: 2, recipient: '李', signature: new Uint8Array([9]).buffer })
  await checkOut(db, { visit_id: visit, fix: null })
  return visit
}

const bytes: Case[] = eachWay('gives the bytes back that it was given', async (at, way) => {
  const db = await opened(at, way)
  const visit = await checkIn(db, AT_S1)
  const input = await aPhoto(visit, 7)
  const kept = await photoBytes(db, await addPhoto(db, input))
  same(await kept!.arrayBuffer(), input.image)
  same(kept!.type, 'image/jpeg')
  const [item] = await photosOfVisit(db, visit)
  same(await item!.thumb!.arrayBuffer(), new Uint8Array([1, 2, 3]).buffer, 'thumb')
  same((await db.blobs.toArray())[0]!.bytes instanceof ArrayBuffer, way === 'buffers', 'kept as a buffer')
})

const durable: Case[] = eachWay('is still there after the page was closed', async (at, way) => {
  await fullVisit(await opened(at, way))
}, async (at) => {
  const db = at.open()
  const [visit] = await db.visits.toCollection().primaryKeys()
  const page = await visitPage(db, visit!)
  same([page!.photos_total, page!.photos_arrived, page!.visit.state, page!.visit.sync], [1, 0, 'completed', 'local'])
  same(page!.notes.map((note) => note.text), ['缺货两种'])
  holds(page!.handouts[0]!.signature !== null, 'the signature is gone')
  same((await db.outbox.orderBy('seq').toArray()).map((op) => op.kind), ['visit.check_in', 'photo.add', 'visit.note', 'handout.add', 'visit.check_out'])
  for (const { sha256, bytes: kept } of await db.blobs.toArray()) {
    same(await sha256Hex(kept instanceof ArrayBuffer ? kept : await kept.arrayBuffer()), sha256, 'hash')
  }
  same(await db.blobs.count(), 2, 'files')
})

const torn: Case[] = eachWay('a page that ends in the middle of saves leaves each whole or not at all', async (at, way) => {
  const db = await opened(at, way)
  const visit = await checkIn(db, AT_S1)
  const photos = await Promise.all(Array.from({ length: 30 }, (_, n) => aPhoto(visit, n + 1)))
  // Nobody waits for these: the page ends while they are being written.
  for (const photo of photos) void addPhoto(db, photo).catch(() => undefined)
}, async (at) => {
  const db = at.open()
  const ops = (await db.outbox.orderBy('seq').toArray()).filter((op) => op.kind === 'photo.add')
  const saved = ops.map((op) => op.record_id).sort()
  same((await db.photos.toCollection().primaryKeys()).sort(), saved, 'records')
  const hashes = ops.map((op) => String(op.payload['sha256'])).sort()
  same((await db.blobs.toCollection().primaryKeys()).sort(), hashes, 'files')
  same((await db.uploads.toCollection().primaryKeys()).sort(), hashes, 'uploads')
  same((await db.thumbs.toCollection().primaryKeys()).sort(), hashes, 'thumbs')
  same(await getMeta(db, 'device_seq'), ops.length + 1, 'count of ops')
})

const TABLES = ['visits', 'outbox', 'meta', 'photos', 'blobs', 'thumbs', 'uploads', 'notes', 'handouts']
/** Each write of each action is made to fail in turn: nothing of the action may be left. */
const atomic: Case[] = TABLES.flatMap((name) => eachWay(`saves all or nothing when ${name} cannot be written`, async (at, way) => {
  const db = await opened(at, way)
  const visit = await checkIn(db, AT_S1)
  const fail = (): never => {
    throw new Error('disk broken')
  }
  db.table(name).hook('creating', fail)
  db.table(name).hook('updating', fail)
  const tries: (() => Promise<unknown>)[] = [
    () => checkIn(db, { ...AT_S1, store_id: 's2' }),
    () => checkOut(db, { visit_id: visit, fix: null }),
    () => addNote(db, { visit_id: visit, text: 'x' }),
    async () => addPhoto(db, await aPhoto(visit)),
    () => handOut(db, { visit_id: visit, material_id: 'm', quantity: 1, recipient: '', signature: new Uint8Array([9]).buffer }),
  ]
  let failures = 0
  for (const attempt of tries) {
    const held = await content(db)
    const error: unknown = await attempt().then(() => null, (raised: unknown) => raised)
    if (error === null) continue
    failures += 1
    same((error as Error).name, 'SaveFailedError')
    same(await content(db), held, 'content')
  }
  holds(failures > 0, 'nothing was made to fail')
}))

const MEGABYTE = 1024 * 1024
const full: Case[] = WAYS.map((way) => ({
  name: `says so when the storage is full, and keeps nothing of it (${way})`,
  quota: 3 * MEGABYTE,
  async run(at) {
    const db = await opened(at, way)
    const visit = await checkIn(db, AT_S1)
    await addPhoto(db, await aPhoto(visit))
    const before = await content(db)
    at.fill(db)
    const image = noise(8 * MEGABYTE)
    await raises(aPhoto(visit).then(async (one) => addPhoto(db, { ...one, image, sha256: await sha256Hex(image) })), 'StorageFullError')
    same(await content(db), before, 'content')
  },
  // There is room again.
  async afterwards(at) {
    const db = at.open()
    const [visit] = await db.visits.toCollection().primaryKeys()
    await addNote(db, { visit_id: visit!, text: 'x' })
    same((await db.outbox.orderBy('seq').toArray()).map((op) => [op.seq, op.kind]), [[1, 'visit.check_in'], [2, 'photo.add'], [3, 'visit.note']])
    same(await db.blobs.count(), 1, 'files')
  },
}))

/** Bytes that no browser can press together. */
function noise(size: number): ArrayBuffer {
  const all = new Uint8Array(size)
  for (let at = 0; at < size; at += 65_536) crypto.getRandomValues(all.subarray(at, Math.min(size, at + 65_536)))
  return all.buffer
}

const counting: Case[] = [{
  name: 'counts its ops without a gap, in the order of making',
  async run(at) {
    const db = await opened(at)
    const visit = await checkIn(db, AT_S1)
    await addNote(db, { visit_id: visit, text: 'one' })
    await raises(addNote(db, { visit_id: visit, text: '   ' }), 'InvalidInputError')
    await checkOut(db, { visit_id: visit, fix: null })
    const ops = await db.outbox.orderBy('seq').toArray()
    same(ops.map((op) => [op.seq, op.kind]), [[1, 'visit.check_in'], [2, 'visit.note'], [3, 'visit.check_out']])
    same(await getMeta(db, 'device_seq'), 3)
  },
}, {
  name: 'two tabs that write at once count on without a gap, and lose nothing',
  async run(at) {
    const db = await opened(at)
    const visit = await checkIn(db, AT_S1)
    const other = await at.otherTab()
    const mine = async () => {
      for (let n = 0; n < 20; n += 1) await addNote(db, { visit_id: visit, text: `mine ${n}` })
    }
    await Promise.all([mine(), other.addNotes(at.name, visit, 20)])
    const ops = await db.outbox.orderBy('seq').toArray()
    same(ops.map((op) => op.seq), Array.from({ length: 41 }, (_, n) => n + 1))
    same((await db.notes.toArray()).map((note) => note.text).sort(), ops.flatMap((op) => op.payload['text'] ?? []).sort())
    same(await db.notes.count(), 40)
    holds(ops.slice(1).every((op) => op.depends_on[0] === ops[0]!.op_id), 'an op does not wait for its check-in')
  },
}, {
  name: 'two tabs that check in at one store at once make one visit',
  async run(at) {
    const db = await opened(at)
    const other = await at.otherTab()
    const [mine, theirs] = await Promise.all([checkIn(db, AT_S1), other.checkIn(at.name)])
    same(mine, theirs)
    same(await db.outbox.count(), 1)
  },
}]

const drafts: Case[] = [{
  name: 'keeps drafts, bytes and all, until they are dropped',
  async run(at) {
    const db = at.open()
    await saveDraft(db, 'check-in s1', { reason: '室内', photo: new Uint8Array([1, 2, 3]).buffer }, 'check-in')
    await saveDraft(db, 'note v1', 'half a sen', 'note')
  },
  async afterwards(at) {
    const db = at.open()
    same(await loadDraft(db, 'check-in s1'), { reason: '室内', photo: new Uint8Array([1, 2, 3]).buffer })
    same((await draftsOf(db, 'note')).map((draft) => draft.data), ['half a sen'])
    await dropDraft(db, 'check-in s1')
    same(await loadDraft(db, 'check-in s1'), null)
  },
}]

const people: Case[] = [{
  name: 'two people on one phone have nothing in common',
  async run(at) {
    const mine = await opened(at)
    const yours = at.open(`${at.name} of somebody else`)
    await checkIn(mine, AT_S1)
    same([await yours.visits.count(), await yours.outbox.count()], [0, 0])
  },
}, {
  name: 'a browser that refuses Blobs keeps the bytes as they are, in one piece with the record',
  async run(at) {
    const db = await opened(at)
    db.blobs.hook('creating', (_key, row) => {
      if (row.bytes instanceof Blob) throw new DOMException('Error preparing Blob', 'UnknownError')
    })
    const id = await addPhoto(db, await aPhoto(await checkIn(db, AT_S1), 3))
    same([await db.photos.count(), await db.outbox.count()], [1, 2])
    holds((await db.blobs.toArray())[0]!.bytes instanceof ArrayBuffer, 'not kept as a buffer')
    same((await photoBytes(db, id))!.size, 300)
  },
}]

const migration: Case[] = Object.keys(SHIPPED).map(Number).map((version) => ({
  name: `opens what version ${version} left behind, its queue untouched`,
  async run(at) {
    const old = new Dexie(at.name)
    old.version(version).stores(SHIPPED[version]!)
    for (const [table, rows] of Object.entries(QUEUE)) await old.table(table).bulkPut(rows)
    old.close()
    const db = at.open()
    for (const [table, rows] of Object.entries(QUEUE)) same(await db.table(table).toArray(), rows, table)
    const { ops, uploads } = await snapshot(db)
    same(ops.map((op) => op.op_id).sort(), ['o1', 'o2', 'o3'])
    same(uploads.map((one) => one.sha256), ['aa'])
  },
}))

export const cases: readonly Case[] = [
  ...bytes, ...durable, ...torn, ...atomic, ...full, ...counting, ...drafts, ...people, ...migration,
]
