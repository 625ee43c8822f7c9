// @vitest-environment node
// What every screen relies on, for both ways in which browsers keep bytes.
import 'fake-indexeddb/auto'
import { beforeEach, describe, expect, it } from 'vitest'
import { addPhoto } from '../features/photos/actions'
import { photoBytes, photosOfVisit } from '../features/photos/queries'
import { addNote, checkIn, checkOut } from '../features/visits/actions'
import { handOut } from '../features/materials/actions'
import { visitPage } from '../features/visits/queries'
import { dropDraft, draftsOf, loadDraft, saveDraft } from './drafts'
import { InvalidInputError, SaveFailedError, StorageFullError } from './errors'
import { getMeta } from './meta'
import type { Db } from './schema'
import { aPhoto, aStore, freshDb, HandClock } from './testing'

const checkInInput = { store_id: 's1', fix: null, reason: null, planned: true }

async function content(db: Db): Promise<Record<string, unknown[]>> {
  return Object.fromEntries(await Promise.all(db.tables.map(async (table) => [table.name, await table.toArray()] as const)))
}

describe.each(['Blobs', 'buffers'])('a store that keeps bytes as %s', (way) => {
  let db: Db
  beforeEach(async () => {
    db = freshDb()
    db.keepsBuffers = way === 'buffers'
    await db.stores.put(aStore('s1'))
  })

  it('gives the bytes back that it was given', async () => {
    const visit = await checkIn(db, checkInInput)
    const input = await aPhoto(visit, 7)
    const id = await addPhoto(db, input)
    const kept = await photoBytes(db, id)
    expect(new Uint8Array(await kept!.arrayBuffer())).toEqual(new Uint8Array(input.image))
    expect(kept!.type).toBe('image/jpeg')
    const [item] = await photosOfVisit(db, visit)
    expect(new Uint8Array(await item!.thumb!.arrayBuffer())).toEqual(new Uint8Array([1, 2, 3]))
    expect((await db.blobs.toArray())[0]!.bytes instanceof ArrayBuffer).toBe(way === 'buffers')
  })

  it('is still there after the page was closed', async () => {
    const visit = await checkIn(db, checkInInput)
    await addPhoto(db, await aPhoto(visit))
    await addNote(db, { visit_id: visit, text: '缺货两种' })
    await handOut(db, { visit_id: visit, material_id: 'm', quantity: 2, recipient: '李', signature: new Uint8Array([9]).buffer })
    await checkOut(db, { visit_id: visit, fix: null })
    const before = await content(db)
    db.close()
    await db.open()
    const after = await content(db)
    expect(Object.keys(after)).toEqual(Object.keys(before))
    for (const [table, rows] of Object.entries(before)) expect(after[table]!.length, table).toBe(rows.length)
    const page = await visitPage(db, visit)
    expect(page).toMatchObject({ photos_total: 1, photos_arrived: 0, visit: { state: 'completed', sync: 'local' } })
    expect(page!.notes).toHaveLength(1)
    expect(page!.handouts[0]!.signature).not.toBeNull()
  })

  // Each write of each action is made to fail in turn: nothing of the action may be left.
  it.each(['visits', 'outbox', 'meta', 'photos', 'blobs', 'thumbs', 'uploads', 'notes', 'handouts'])('saves all or nothing when %s cannot be written', async (name) => {
    const visit = await checkIn(db, checkInInput)
    const before = await content(db)
    const table = db.table(name)
    const fail = (): never => {
      throw new Error('disk broken')
    }
    table.hook('creating', fail)
    table.hook('updating', fail)
    const tries: (() => Promise<unknown>)[] = [
      () => checkIn(db, { ...checkInInput, store_id: 's2' }),
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
      expect(error).toBeInstanceOf(SaveFailedError)
      expect(await content(db)).toEqual(held)
    }
    expect(failures).toBeGreaterThan(0)
    expect((await content(db))['stores']).toEqual(before['stores'])
  })

  it('says so when the storage is full, and keeps nothing of it', async () => {
    const visit = await checkIn(db, checkInInput)
    db.blobs.hook('creating', () => {
      throw new DOMException('full', 'QuotaExceededError')
    })
    const before = await content(db)
    await expect(addPhoto(db, await aPhoto(visit))).rejects.toBeInstanceOf(StorageFullError)
    expect(await content(db)).toEqual(before)
  })

  it('counts its ops without a gap, in the order of making', async () => {
    const visit = await checkIn(db, checkInInput)
    await addNote(db, { visit_id: visit, text: 'one' })
    await expect(addNote(db, { visit_id: visit, text: '   ' })).rejects.toBeInstanceOf(InvalidInputError)
    await checkOut(db, { visit_id: visit, fix: null })
    const ops = await db.outbox.orderBy('seq').toArray()
    expect(ops.map((op) => [op.seq, op.kind])).toEqual([[1, 'visit.check_in'], [2, 'visit.note'], [3, 'visit.check_out']])
    expect(await getMeta(db, 'device_seq')).toBe(3)
  })

  it('keeps drafts, bytes and all, until they are dropped', async () => {
    const photo = new Uint8Array([1, 2, 3]).buffer
    await saveDraft(db, 'check-in s1', { reason: '室内', photo }, 'check-in')
    await saveDraft(db, 'note v1', 'half a sen', 'note')
    db.close()
    await db.open()
    expect(await loadDraft(db, 'check-in s1')).toEqual({ reason: '室内', photo })
    expect((await draftsOf(db, 'note')).map((draft) => draft.data)).toEqual(['half a sen'])
    await dropDraft(db, 'check-in s1')
    expect(await loadDraft(db, 'check-in s1')).toBeNull()
  })
})

describe('a browser that refuses Blobs', () => {
  it('keeps the bytes as they are, in one piece with the record', async () => {
    const db = freshDb()
    db.blobs.hook('creating', (_key, row) => {
      if (row.bytes instanceof Blob) throw new DOMException('Error preparing Blob', 'UnknownError')
    })
    const visit = await checkIn(db, checkInInput)
    const id = await addPhoto(db, await aPhoto(visit, 3))
    expect(await db.photos.count()).toBe(1)
    expect(await db.outbox.count()).toBe(2)
    expect((await db.blobs.toArray())[0]!.bytes).toBeInstanceOf(ArrayBuffer)
    expect((await photoBytes(db, id))!.size).toBe(300)
  })
})

describe('two people on one phone', () => {
  it('have nothing in common', async () => {
    const mine = freshDb()
    const yours = freshDb()
    await checkIn(mine, checkInInput, new HandClock())
    expect(await yours.visits.count()).toBe(0)
    expect(await yours.outbox.count()).toBe(0)
  })
})
