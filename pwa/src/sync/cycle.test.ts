// @vitest-environment node
// Single runs against the model of the server, one trouble at a time.
import 'fake-indexeddb/auto'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { getMeta, setMeta } from '../db/meta'
import type { Db } from '../db/schema'
import { aMaterial, aPhoto, freshDb, HandClock, REP } from '../db/testing'
import { addPhoto } from '../features/photos/actions'
import { handOut } from '../features/materials/actions'
import { stockList } from '../features/materials/queries'
import { syncItems } from '../features/sync/queries'
import { addNote, checkIn, checkOut } from '../features/visits/actions'
import { ApiError, localProblem } from '../kernel/problem'
import { runCycle } from './cycle'
import type { CycleEnd } from './engine'
import { ModelServer } from './model-server'
import { backlog } from './outbox'
import type { PushBody, Transport } from './transport'

const OTHER = 'somebody-else'
let db: Db
let clock: HandClock
let server: ModelServer

beforeEach(() => {
  db = freshDb()
  clock = new HandClock()
  server = new ModelServer(['s1', 's2'], () => clock.now())
  server.session = REP
})

/** Everything of the feed, in how many records it came. */
async function readAnew(): Promise<number> {
  let told = 0
  const end = await run({
    pull: async (cursor, limit) => {
      const page = await server.transport().pull(cursor, limit)
      told += page.changes.length
      return page
    },
  })
  expect(end.state).toBe('done')
  return told
}

function run(changed: Partial<Transport> = {}, stopped: () => boolean = () => false, insists = false): Promise<CycleEnd> {
  const transport = { ...server.transport(), ...changed }
  return runCycle({ db, transport, clock, device: { id: 'phone', app_version: '1' }, onMe: () => undefined, stopped, insists })
}

async function aVisit(storeId = 's1'): Promise<string> {
  return checkIn(db, { store_id: storeId, fix: null, reason: null, planned: false }, clock)
}

describe('an app that has learnt new kinds of records', () => {
  it('reads the feed from its beginning once: the version before went past what it had no place for', async () => {
    expect(await readAnew()).toBe(2)
    expect(await readAnew()).toBe(0)
    // As the first release left it, which wrote down no schema.
    await db.meta.delete('cursor_schema')
    expect(await readAnew()).toBe(2)
    expect(await readAnew()).toBe(0)
  })
})

describe('a session that has ended', () => {
  it('keeps the work, and the queue goes on as its author', async () => {
    const visit = await aVisit()
    await addPhoto(db, await aPhoto(visit), clock)
    server.session = null
    expect((await run()).state).toBe('auth')
    expect(await backlog(db)).toMatchObject({ ops: 2, parked: 0, uploads: 1 })
    server.session = REP
    expect((await run()).state).toBe('done')
    expect(await backlog(db)).toMatchObject({ ops: 0, uploads: 0 })
    expect(server.of('photo', REP)).toMatchObject([{ state: 'stored' }])
  })

  it('also when it ends in the middle', async () => {
    const visit = await aVisit()
    await addPhoto(db, await aPhoto(visit), clock)
    const end = await run({
      uploadStatus: async () => {
        throw new ApiError('auth', 401)
      },
    })
    expect(end.state).toBe('auth')
    expect(await db.uploads.toArray()).toMatchObject([{ state: 'waiting' }])
    expect((await run()).state).toBe('done')
  })
})

describe('a session of another person', () => {
  it('is sent nothing and asked for nothing', async () => {
    await aVisit()
    server.session = OTHER
    const push = vi.fn<Transport['push']>()
    const pull = vi.fn<Transport['pull']>()
    expect(await run({ push, pull })).toMatchObject({ state: 'auth', problem: { code: 'other_person' } })
    expect(push).not.toHaveBeenCalled()
    expect(pull).not.toHaveBeenCalled()
  })

  it('taken up between question and push: nothing is parked', async () => {
    await aVisit()
    const real = server.transport()
    const end = await run({
      push: (body) => {
        server.session = OTHER
        return real.push(body)
      },
    })
    expect(end.state).toBe('auth')
    expect(await db.outbox.toArray()).toMatchObject([{ state: 'waiting', problem: null }])
  })

  it('taken up before the first pull: nothing of it is kept', async () => {
    server.issue(OTHER, 'theirs', 5)
    const real = server.transport()
    const end = await run({
      pull: (cursor, limit) => {
        server.session = OTHER
        return real.pull(cursor, limit)
      },
    })
    expect(end.state).toBe('auth')
    expect(await db.stock.count()).toBe(0)
    expect(await getMeta(db, 'cursor')).toBeNull()
  })

  it('taken up during an upload: the bytes stay on the phone', async () => {
    await run()
    const visit = await aVisit()
    const photo = await aPhoto(visit)
    await addPhoto(db, photo, clock)
    const real = server.transport()
    await run({
      uploadStatus: (sha256) => {
        server.session = OTHER
        return real.uploadStatus(sha256)
      },
    })
    expect(server.files.get(`${OTHER} ${photo.sha256}`)?.complete).toBe(true)
    expect(await db.blobs.get(photo.sha256)).toBeDefined()
    expect(await db.uploads.get(photo.sha256)).toMatchObject({ state: 'waiting' })
    server.session = REP
    expect((await run()).state).toBe('done')
    expect(server.files.get(`${REP} ${photo.sha256}`)?.complete).toBe(true)
    expect(await db.blobs.get(photo.sha256)).toBeUndefined()
    expect(await db.thumbs.get(photo.sha256)).toBeDefined()
  })
})

describe('one bad op', () => {
  it('is parked with its problem; its dependents wait, all others go', async () => {
    const lost = await aVisit('unknown-store')
    await addNote(db, { visit_id: lost, text: 'x' }, clock)
    await aVisit('s1')
    expect((await run()).state).toBe('done')
    expect((await syncItems(db)).map((item) => [item.kind, item.state, item.problem?.code])).toEqual([
      ['visit.check_in', 'rejected', 'store_unknown'],
      ['visit.note', 'blocked', 'dependency_missing'],
    ])
    expect(server.of('visit', REP)).toHaveLength(1)
  })

  it('that spoils the whole batch is found, and the others go', async () => {
    const visits = []
    for (const store of ['s1', 's2']) visits.push(await aVisit(store))
    for (let n = 0; n < 5; n += 1) await addNote(db, { visit_id: visits[0]!, text: `note ${n}` }, clock)
    const bad = (await db.outbox.toArray()).find((op) => op.payload['text'] === 'note 3')!.op_id
    const real = server.transport()
    const push = (body: PushBody) => {
      if (body.ops.some((op) => op.op_id === bad)) throw new ApiError('refused', 400, localProblem('malformed_json'))
      return real.push(body)
    }
    expect((await run({ push: async (body) => push(body) })).state).toBe('done')
    expect(await db.outbox.toArray()).toMatchObject([{ op_id: bad, state: 'rejected', problem: { code: 'malformed_json' } }])
    expect(server.of('note', REP)).toHaveLength(4)
  })

  it('a server that takes small batches only gets small batches', async () => {
    const visit = await aVisit()
    for (let n = 0; n < 9; n += 1) await addNote(db, { visit_id: visit, text: `note ${n}` }, clock)
    server.max_ops = 3
    expect((await run()).state).toBe('done')
    expect(server.of('note', REP)).toHaveLength(9)
  })
})

describe('records that something between the phone and the server refuses', () => {
  it.each([413, 403])('(%d) are found, and keep neither others nor photos waiting', async (status) => {
    await run()
    const visit = await aVisit()
    for (let n = 0; n < 9; n += 1) await addNote(db, { visit_id: visit, text: n % 4 === 2 ? 'DROP TABLE' : `note ${n}` }, clock)
    await addPhoto(db, await aPhoto(visit), clock)
    const real = server.transport()
    const push: Transport['push'] = async (body) => {
      if (JSON.stringify(body).includes('DROP TABLE')) throw new ApiError(status === 413 ? 'too_large' : 'transient', status)
      return real.push(body)
    }
    if (status === 403) expect((await run({ push })).state).toBe('backoff')
    expect(await run({ push }, () => false, true)).toMatchObject({ state: 'waiting', reached: true })
    expect(await db.outbox.toArray()).toMatchObject([{ state: 'waiting' }, { state: 'waiting' }])
    expect(server.of('note', REP)).toHaveLength(7)
    expect(server.of('photo', REP)).toMatchObject([{ state: 'stored' }])
    // Something on the way was mended.
    expect((await run()).state).toBe('done')
    expect(server.of('note', REP)).toHaveLength(9)
  })
})

describe('answers that are none', () => {
  it.each<[string, Partial<Transport>]>([
    ['a hotel\'s log-in page', { me: async () => { throw new ApiError('transient', 200) } }],
    ['a server that fails', { push: async () => { throw new ApiError('transient', 503) } }],
    ['an answer without results', { push: async () => ({ server_time: '2026-11-23T01:00:00.000Z', results: [] }) }],
  ])('%s: all waits', async (_why, changed) => {
    await aVisit()
    const end = await run(changed)
    expect(['backoff', 'waiting']).toContain(end.state)
    expect((await backlog(db)).ops).toBe(1)
    expect((await run()).state).toBe('done')
    expect(server.of('visit', REP)).toHaveLength(1)
  })

  it('a local database that fails ends the run, and says so', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => undefined)
    db.close()
    expect(await run()).toMatchObject({ state: 'backoff', problem: { code: 'local_storage' } })
  })
})

describe('the feed', () => {
  it.each<[string, ApiError]>([
    ['takes too long', new ApiError('timeout')],
    ['makes the server stumble', new ApiError('transient', 500, localProblem('internal'))],
  ])('that %s keeps no photo waiting', async (_why, error) => {
    // A first pull has gone well: from then on the phone has a cursor.
    await run()
    const visit = await aVisit()
    await addPhoto(db, await aPhoto(visit), clock)
    const pull = vi.fn(() => Promise.reject(error))
    expect(await run({ pull })).toMatchObject({ state: 'backoff', progressed: true })
    expect(pull).toHaveBeenCalledTimes(1)
    expect(await backlog(db)).toMatchObject({ ops: 0, uploads: 0 })
    expect(server.of('photo', REP)).toMatchObject([{ state: 'stored' }])
    expect((await run()).state).toBe('done')
  })

  it('is asked for in smaller pages over a link that carries no large ones', async () => {
    for (let n = 0; n < 300; n += 1) server.issue(REP, `m${n}`, n)
    const real = server.transport()
    const asked: number[] = []
    const pull: Transport['pull'] = (cursor, limit) => {
      asked.push(limit)
      return limit > 130 ? Promise.reject(new ApiError('timeout')) : real.pull(cursor, limit)
    }
    for (let tries = 0; tries < 10 && (await run({ pull })).state !== 'done'; tries += 1) continue
    expect(asked.slice(0, 3)).toEqual([500, 250, 125])
    expect(await db.stock.count()).toBe(300)
  })

  it('starts anew when the server no longer knows the cursor', async () => {
    await run()
    await setMeta(db, 'cursor', 'old-server:9')
    server.issue(REP, 'm', 4)
    expect((await run()).state).toBe('done')
    expect(await db.stock.get('m')).toMatchObject({ balance: 4 })
  })

  it('comes in pages, and nothing is asked for twice', async () => {
    for (let n = 0; n < 25; n += 1) server.issue(REP, `m${n}`, n)
    const real = server.transport()
    const cursors: (string | null)[] = []
    const pull: Transport['pull'] = (cursor) => {
      cursors.push(cursor)
      return real.pull(cursor, 10)
    }
    expect((await run({ pull })).state).toBe('done')
    expect(new Set(cursors).size).toBe(cursors.length)
    expect(await db.stock.count()).toBe(25)
    expect(await db.stores.count()).toBe(2)
  })

  it('keeps what is not sent yet: a closed visit stays closed when its verdict comes', async () => {
    const visit = await aVisit()
    await run()
    await checkOut(db, { visit_id: visit, fix: null }, clock)
    const real = server.transport()
    await setMeta(db, 'cursor', `${REP}:0`)
    await run({ push: async () => { throw new ApiError('offline') } })
    expect(await db.visits.get(visit)).toMatchObject({ state: 'completed', sync: 'local' })
    const { pullPage } = await import('./pull')
    await pullPage(db, real, async () => true)
    expect(await db.visits.get(visit)).toMatchObject({ state: 'completed', verdict: 'on_site', sync: 'local' })
  })

  it('a store that went to somebody else leaves, unless a visit names it', async () => {
    await run()
    await aVisit('s1')
    const real = server.transport()
    const gone = ['s1', 's2'].map((id) => ({ entity: 'store' as const, id, record: null }))
    await run({ pull: async (cursor, limit) => ({ ...(await real.pull(cursor, limit)), changes: gone }) })
    expect(await db.stores.toArray()).toMatchObject([{ id: 's1', active: false }])
  })
})

describe('stock', () => {
  it('is the server\'s less what waits, at every moment', async () => {
    server.issue(REP, 'm', 10)
    await run()
    await db.materials.put(aMaterial('m'))
    const shown = async () => (await stockList(db))[0]!.balance
    const visit = await aVisit()
    await handOut(db, { visit_id: visit, material_id: 'm', quantity: 3, recipient: '', signature: null }, clock)
    expect(await shown()).toBe(7)
    const real = server.transport()
    // Applied, and the answer got lost; then it is repeated, and no pull comes through.
    await run({ push: async (body) => { await real.push(body); throw new ApiError('timeout') } })
    expect(await shown()).toBe(7)
    await handOut(db, { visit_id: visit, material_id: 'm', quantity: 2, recipient: '', signature: null }, clock)
    expect(await shown()).toBe(5)
    expect((await run()).state).toBe('done')
    expect(await shown()).toBe(5)
    expect(server.stock.get(`${REP} m`)).toBe(5)
  })
})

describe('time', () => {
  it('is learnt from the server, and travels with what is made later', async () => {
    clock.at = '2026-11-23T03:00:00.000Z'
    const truth = '2026-11-23T01:00:00.000Z'
    const real = server.transport()
    await run({ me: async () => ({ ...(await real.me()), server_time: truth }) })
    clock.advance(90)
    await aVisit()
    expect(await db.outbox.toArray()).toMatchObject([
      { clock_offset_ms: -7_200_000, monotonic_ms: 90_000, device_at: '2026-11-23T03:01:30.000Z', contact_at: truth },
    ])
    // Another page: its counter tells nothing of that moment.
    clock.origin = 2
    await aVisit('s2')
    expect((await db.outbox.orderBy('seq').last())).toMatchObject({ clock_offset_ms: -7_200_000, monotonic_ms: null })
    const sent: PushBody[] = []
    await run({ push: (body) => { sent.push(body); return Promise.reject(new ApiError('timeout')) } })
    expect(sent[0]?.ops).toMatchObject([{ contact_at: truth }, { contact_at: truth }])
  })
})

it('stops between two requests when it is told to', async () => {
  await aVisit()
  let asked = 0
  const end = await run({}, () => (asked += 1) > 1)
  expect(end.state).toBe('backoff')
  expect(server.of('visit', REP)).toHaveLength(1)
  expect(await getMeta(db, 'cursor')).toBeNull()
})
