// @vitest-environment node
// Two tabs on one database, where the browser has no locks or has lost one; and a cookie that all tabs share.
import 'fake-indexeddb/auto'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { getMeta } from '../db/meta'
import type { Db } from '../db/schema'
import { aPhoto, freshDb, HandClock, REP } from '../db/testing'
import { handOut } from '../features/materials/actions'
import { addPhoto } from '../features/photos/actions'
import { checkIn } from '../features/visits/actions'
import { ApiError } from '../kernel/problem'
import { runCycle } from './cycle'
import type { CycleEnd } from './engine'
import { ModelServer } from './model-server'
import { pullPage } from './pull'
import { createTransport, type Transport } from './transport'
import { finishUploads } from './uploads'

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
afterEach(() => {
  vi.unstubAllGlobals()
})

function run(changed: Partial<Transport> = {}): Promise<CycleEnd> {
  const transport = { ...server.transport({ person: REP }), ...changed }
  return runCycle({ db, transport, clock, device: { id: 'phone', app_version: '1' }, onMe: () => undefined, stopped: () => false })
}

async function aVisit(): Promise<string> {
  return checkIn(db, { store_id: 's1', fix: null, reason: null, planned: false }, clock)
}

describe('another tab', () => {
  it('that has pulled a handout before its answer came does not make it count twice', async () => {
    server.issue(REP, 'm', 10)
    await run()
    await handOut(db, { visit_id: await aVisit(), material_id: 'm', quantity: 3, recipient: '', signature: null }, clock)
    const real = server.transport()
    await run({
      async push(body) {
        const answer = await real.push(body)
        await pullPage(db, real, async () => true)
        return answer
      },
    })
    expect(await db.stock.get('m')).toMatchObject({ balance: 7 })
  })

  it('that moved the feed on in between leaves nothing of it unread', async () => {
    await run()
    for (let n = 0; n < 20; n += 1) server.issue(REP, `m${n}`, n)
    const real = server.transport()
    let pages = 0
    await run({
      async pull(cursor) {
        const page = await real.pull(cursor, 100)
        if (pages++ === 0) await pullPage(db, { ...real, pull: (from) => real.pull(from, 3) }, async () => true)
        return page
      },
    })
    expect(await db.stock.count()).toBe(20)
  })

  it.each<[string, (sha256: string) => Partial<Transport>]>([
    ['before this one asked', (sha256) => ({ uploadStatus: async () => { await finish(sha256); return { offset: 0, complete: true } } })],
    ['while this one\'s link broke', (sha256) => ({ uploadFrom: async () => { await finish(sha256); throw new ApiError('offline') } })],
  ])('that finished an upload %s has finished it for both', async (_when, changed) => {
    await run()
    const photo = await aPhoto(await aVisit())
    await addPhoto(db, photo, clock)
    await run(changed(photo.sha256))
    expect(await db.uploads.toArray()).toMatchObject([{ state: 'done' }])
    expect((await run()).state).toBe('done')
    expect(await db.uploads.toArray()).toMatchObject([{ state: 'done', problem: null }])
  })

  async function finish(sha256: string): Promise<void> {
    const { bytes } = (await db.blobs.get(sha256))!
    await server.transport().uploadFrom(sha256, 0, 300, bytes as Blob)
    await finishUploads(db, [sha256])
  }
})

describe('bytes that the server had once', () => {
  it('are sent again with the next photo of them, where it has lost them', async () => {
    const visit = await aVisit()
    const photo = await aPhoto(visit)
    await addPhoto(db, photo, clock)
    await run()
    server.files.clear()
    await addPhoto(db, { ...photo, kind: 'pile' }, clock)
    expect((await run()).state).toBe('done')
    expect(server.files.get(`${REP} ${photo.sha256}`)?.complete).toBe(true)
  })
})

describe('a cookie that is another person\'s for one request', () => {
  const during = <A extends unknown[], T>(work: (...args: A) => Promise<T>) => async (...args: A): Promise<T> => {
    server.session = OTHER
    return work(...args).finally(() => {
      server.session = REP
    })
  }

  it('takes no bytes to the other person\'s name', async () => {
    await run()
    const photo = await aPhoto(await aVisit())
    await addPhoto(db, photo, clock)
    const real = server.transport({ person: REP })
    expect((await run({ uploadFrom: during(real.uploadFrom) })).state).toBe('auth')
    expect(await db.blobs.count()).toBe(1)
    expect((await run()).state).toBe('done')
    expect(server.files.get(`${REP} ${photo.sha256}`)?.complete).toBe(true)
  })

  it('brings nothing of theirs into the first pull', async () => {
    server.issue(OTHER, 'theirs', 5)
    const real = server.transport({ person: REP })
    expect((await run({ pull: during(real.pull) })).state).toBe('auth')
    expect(await db.stock.count()).toBe(0)
    expect(await getMeta(db, 'cursor')).toBeNull()
  })

  it('is found out because each request but "who am I" says whose work it is', async () => {
    const asked: [string, string | null][] = []
    vi.stubGlobal('fetch', async (url: string, init: RequestInit) => {
      asked.push([`${init.method} ${url.split('?')[0]}`, new Headers(init.headers).get('Storewalk-Person')])
      return new Response('{}', { status: 503 })
    })
    const real = createTransport(REP)
    const body = { schema: 1 as const, device: { id: 'd', app_version: '1', unsent: 0, oldest_unsent_at: null }, ops: [] }
    const report = { id: 'd', app_version: '1', schema: 1, unsent: 0, oldest_unsent_at: null, parked: [], storage: { usage: null, quota: null, persisted: null }, standalone: null }
    const calls = [
      real.me(), real.push(body), real.pull(null, 5), real.uploadStatus('ab'), real.uploadFrom('ab', 0, 1, new Blob(['x'])), real.report!(report),
    ]
    await Promise.allSettled(calls)
    expect(asked.sort()).toEqual([
      ['GET /api/v1/me', null],
      ['GET /api/v1/sync/pull', REP],
      ['HEAD /api/v1/uploads/ab', REP],
      ['PATCH /api/v1/uploads/ab', REP],
      ['POST /api/v1/sync/push', REP],
      ['PUT /api/v1/sync/device', REP],
    ])
  })
})
