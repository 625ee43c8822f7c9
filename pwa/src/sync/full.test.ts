// @vitest-environment node
// A phone without room for another byte: what it has is sent, and sending makes room.
import 'fake-indexeddb/auto'
import Dexie from 'dexie'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Db } from '../db/schema'
import { aPhoto, freshDb, HandClock, REP } from '../db/testing'
import { addPhoto } from '../features/photos/actions'
import { addNote, checkIn, checkOut } from '../features/visits/actions'
import { ApiError, localProblem } from '../kernel/problem'
import { runCycle } from './cycle'
import type { CycleEnd } from './engine'
import { startSync, stopSync, syncNow } from '.'
import { ModelServer } from './model-server'
import { backlog } from './outbox'
import type { Transport } from './transport'

let db: Db
let clock: HandClock
let server: ModelServer
/** While true, the browser takes nothing that is written, and deletes what it is told to. */
let full: boolean

beforeEach(() => {
  full = false
  db = freshDb()
  db.use({
    stack: 'dbcore',
    name: 'full',
    create: (core) => ({
      ...core,
      table(name) {
        const table = core.table(name)
        const mutate: typeof table.mutate = (request) => (full && (request.type === 'add' || request.type === 'put')
          ? Dexie.Promise.reject(new DOMException('no room', 'QuotaExceededError')) : table.mutate(request))
        return { ...table, mutate }
      },
    }),
  })
  clock = new HandClock()
  server = new ModelServer(['s1'], () => clock.now())
  server.session = REP
})

function run(changed: Partial<Transport> = {}): Promise<CycleEnd> {
  const transport = { ...server.transport(), ...changed }
  const phone = { condition: async () => ({ storage: { usage: 1, quota: 1, persisted: true }, standalone: true }), link: () => null }
  return runCycle({ db, transport, clock, device: { id: 'phone', app_version: '1' }, phone, onMe: () => undefined, stopped: () => false })
}

async function aVisitWithPhoto(): Promise<void> {
  const visit = await checkIn(db, { store_id: 's1', fix: null, reason: null, planned: false }, clock)
  await addPhoto(db, await aPhoto(visit), clock)
  await addNote(db, { visit_id: visit, text: 'no room' }, clock)
  await checkOut(db, { visit_id: visit, fix: null }, clock)
}

describe('a full phone', () => {
  it('sends records and bytes, and frees what they took', async () => {
    await aVisitWithPhoto()
    full = true
    const end = await run()
    expect(server.receipts.size).toBe(4)
    expect(server.of('photo', REP)).toMatchObject([{ state: 'stored' }])
    expect(await db.outbox.count()).toBe(0)
    expect(await db.blobs.count()).toBe(0)
    expect(end).toMatchObject({ state: 'backoff', problem: { code: 'local_storage' }, progressed: true })
  })

  it('has everything in order as soon as there is room again', async () => {
    await aVisitWithPhoto()
    full = true
    await run()
    full = false
    expect((await run()).state).toBe('done')
    expect(await backlog(db)).toMatchObject({ ops: 0, parked: 0, uploads: 0 })
    expect(await db.photos.toArray()).toMatchObject([{ sync: 'sent', upload: 'done' }])
    expect(await db.visits.toArray()).toMatchObject([{ sync: 'sent', state: 'completed' }])
    expect(server.applied.size).toBe(4)
  })

  it('does not send a rejected op over and over because the reason finds no room', async () => {
    const visit = await checkIn(db, { store_id: 'nowhere', fix: null, reason: null, planned: false }, clock)
    await addNote(db, { visit_id: visit, text: 'of a store that nobody knows' }, clock)
    full = true
    const push = vi.fn(server.transport().push)
    expect((await run({ push })).state).toBe('backoff')
    expect(push.mock.calls.length).toBeLessThan(3)
    expect(await backlog(db)).toMatchObject({ ops: 2 })
    full = false
    await run()
    expect(await backlog(db)).toMatchObject({ ops: 2, parked: 1 })
  })

  it('nor a batch that the server cannot read', async () => {
    await aVisitWithPhoto()
    full = true
    const push = vi.fn<Transport['push']>(async () => {
      throw new ApiError('refused', 400, localProblem('malformed_json'))
    })
    await run({ push })
    expect(push.mock.calls.length).toBeLessThan(12)
    expect(await db.outbox.count()).toBe(4)
  })

  it('tries the broken upload of an earlier run again', async () => {
    await aVisitWithPhoto()
    await run({ uploadFrom: async () => Promise.reject(new ApiError('offline')) })
    await db.uploads.toCollection().modify({ state: 'sending' })
    full = true
    await run()
    expect(server.of('photo', REP)).toMatchObject([{ state: 'stored' }])
    expect(await db.blobs.count()).toBe(0)
  })
})

describe('"Sync now" on a full phone', () => {
  afterEach(() => {
    stopSync()
    vi.unstubAllGlobals()
  })

  it('syncs, also where a failed upload cannot be marked as waiting again', async () => {
    const nothing = () => undefined
    vi.stubGlobal('window', { setTimeout, clearTimeout, addEventListener: nothing, removeEventListener: nothing })
    vi.stubGlobal('document', { addEventListener: nothing, removeEventListener: nothing })
    vi.stubGlobal('localStorage', { getItem: () => 'phone', setItem: nothing })
    vi.stubGlobal('navigator', { onLine: true })
    await aVisitWithPhoto()
    await run({ uploadFrom: async () => Promise.reject(new ApiError('too_large', 413, localProblem('too_large'))) })
    expect(await db.uploads.toArray()).toMatchObject([{ state: 'failed' }])
    full = true
    const me = vi.fn(server.transport().me)
    startSync(db, { ...server.transport(), me })
    await vi.waitFor(() => expect(me).toHaveBeenCalled())
    const before = me.mock.calls.length
    await syncNow()
    await syncNow()
    expect(me.mock.calls.length).toBeGreaterThan(before)
    full = false
    await syncNow()
    expect(await db.uploads.toArray()).toMatchObject([{ state: 'done' }])
  })
})

describe('bytes that are gone from the phone', () => {
  it('are no loss where the server has them', async () => {
    await aVisitWithPhoto()
    await run({ uploadFrom: async () => Promise.reject(new ApiError('offline')) })
    const [row] = await db.blobs.toArray()
    const { sha256, bytes } = row!
    const blob = new Blob([bytes as ArrayBuffer])
    await server.transport().uploadFrom(sha256, 0, blob.size, blob)
    await db.blobs.clear()
    expect((await run()).state).toBe('done')
    expect(await db.uploads.toArray()).toMatchObject([{ state: 'done', problem: null }])
  })

  it('are said to be missing where it has not', async () => {
    await aVisitWithPhoto()
    await run({ uploadFrom: async () => Promise.reject(new ApiError('offline')) })
    await db.blobs.clear()
    await run()
    expect(await db.uploads.toArray()).toMatchObject([{ state: 'failed', problem: { code: 'bytes_missing' } }])
  })
})
