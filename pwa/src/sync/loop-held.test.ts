// @vitest-environment node
// The loop where another page holds the lock, and where a request on its way holds up what comes after it.
import 'fake-indexeddb/auto'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { getMeta, setMeta } from '../db/meta'
import type { Db } from '../db/schema'
import { aPhoto, freshDb, HandClock, REP } from '../db/testing'
import { addPhoto } from '../features/photos/actions'
import { checkIn } from '../features/visits/actions'
import { createSync, type LoopState, type Surroundings, type Sync } from './loop'
import { ModelServer } from './model-server'
import { createTransport, type Transport } from './transport'

let db: Db
let clock: HandClock
let server: ModelServer
let elsewhere: boolean
let state: LoopState | undefined
let timers: Map<number, { run: () => void; seconds: number }>
let runs: number
let freed: (() => void)[]
let wake: () => void
let sync: Sync

beforeEach(() => {
  db = freshDb()
  clock = new HandClock()
  server = new ModelServer(['s1', 's2', 's3'], () => clock.now())
  server.session = REP
  elsewhere = false
  state = undefined
  timers = new Map()
  runs = 0
  freed = []
  sync = loop()
})
afterEach(() => {
  sync.stop()
  vi.unstubAllGlobals()
})

function loop(changed: Partial<Transport> = {}): Sync {
  let nextTimer = 0
  const around: Surroundings = {
    setTimer(run, ms) {
      timers.set((nextTimer += 1), { run, seconds: ms / 1000 })
      return nextTimer
    },
    clearTimer: (id) => void timers.delete(id),
    random: () => 1,
    online: () => true,
    async exclusively(_name, work) {
      if (elsewhere) return null
      runs += 1
      return work()
    },
    whenFree(_name, free) {
      freed.push(free)
      return () => {
        freed = freed.filter((one) => one !== free)
      }
    },
    listen(onWake) {
      wake = onWake
      return () => undefined
    },
    requestWake: () => undefined,
  }
  return createSync({
    db, clock, around, transport: { ...server.transport(), ...changed }, device: { id: 'd', app_version: '1' },
    onMe: () => undefined, onStatus: (one) => void (state = one.state),
  })
}

const wait = { timeout: 5_000 }
const settled = (wanted: LoopState) => vi.waitFor(() => expect(state).toBe(wanted), wait)
const arrived = (count: number) => vi.waitFor(() => expect(server.of('visit', REP)).toHaveLength(count), wait)
const visit = (store: string) => checkIn(db, { store_id: store, fix: null, reason: null, planned: false }, clock)

/** The timer that was set for so many seconds runs out. */
async function fire(seconds: number): Promise<void> {
  const [found] = await vi.waitFor(() => {
    const due = [...timers].filter(([, timer]) => timer.seconds === seconds)
    expect(due).toHaveLength(1)
    return due
  }, wait)
  clock.advance(seconds)
  timers.delete(found![0])
  found![1].run()
}

describe('a page that holds the lock', () => {
  beforeEach(async () => {
    elsewhere = true
    await visit('s1')
  })

  const saidSince = (ago: number) =>
    setMeta(db, 'sync_beat', { page: 'other', at: new Date(clock.now().getTime() - ago * 1000).toISOString(), for_s: 180 })

  it('is waited for as long as it gives signs of life', async () => {
    await saidSince(170)
    sync.start()
    await settled('elsewhere')
    expect(server.of('visit', REP)).toHaveLength(0)
  })

  it.each([181, -1])('is not waited for when it last spoke %d seconds ago by this clock', async (ago) => {
    await saidSince(ago)
    sync.start()
    await arrived(1)
    await settled('idle')
    // Nor asked about again, while nobody else speaks.
    await visit('s2')
    await arrived(2)
  })

  it('and never spoke is waited for a while', async () => {
    sync.start()
    for (let waited = 0; waited <= 180; waited += 30) {
      expect(server.of('visit', REP)).toHaveLength(0)
      await fire(30)
    }
    await arrived(1)
  })

  it('is followed at once by the one that waits for it', async () => {
    await saidSince(0)
    sync.start()
    await settled('elsewhere')
    expect(freed).toHaveLength(1)
    elsewhere = false
    for (const free of freed.splice(0)) free()
    await arrived(1)
    await settled('idle')
    expect(runs).toBe(1)
  })

  it('is waited for once, and no longer once there is nothing to wait for', async () => {
    await saidSince(0)
    sync.start()
    await settled('elsewhere')
    await saidSince(0)
    await fire(30)
    await vi.waitFor(() => expect(timers.size).toBe(1), wait)
    expect(freed).toHaveLength(1)
    elsewhere = false
    await fire(30)
    await settled('idle')
    expect(freed).toHaveLength(0)
    elsewhere = true
    await saidSince(0)
    await visit('s2')
    await settled('elsewhere')
    expect(freed).toHaveLength(1)
    sync.stop()
    expect(freed).toHaveLength(0)
  })

  it('is known by what it says before each request that may take long', async () => {
    elsewhere = false
    sync.start()
    await settled('idle')
    expect(await getMeta(db, 'sync_beat')).toMatchObject({ at: clock.at, for_s: 180 })
    // Another page comes, while this one has the lock for good.
    sync.stop()
    elsewhere = true
    sync = loop()
    await visit('s2')
    sync.start()
    await settled('elsewhere')
    expect(runs).toBe(1)
  })
})

describe('a request that nobody answers', () => {
  const never = () => new Promise<never>(() => undefined)
  let asked: number

  /** A loop whose first such request stalls; all others are answered. */
  async function stalledAt(what: 'me' | 'push' | 'uploadFrom', afterwards: boolean = true): Promise<void> {
    asked = 0
    const real = server.transport()
    const stall = ((...args: unknown[]) => {
      asked += 1
      return asked === 1 || !afterwards ? never() : (real[what] as (...args: unknown[]) => unknown)(...args)
    }) as Transport[typeof what]
    sync = loop({ [what]: stall })
    await addPhoto(db, await aPhoto(await visit('s1')), clock)
    sync.start()
    await vi.waitFor(() => expect(asked).toBe(1), wait)
  }

  it.each(['me', 'push', 'uploadFrom'] as const)('(%s) is given up for whoever comes online, looks or presses', async (what) => {
    await stalledAt(what)
    clock.advance(30)
    wake()
    await settled('idle')
    expect(server.of('photo', REP)).toMatchObject([{ state: 'stored' }])
    expect([...server.applied.values()]).toEqual([1, 1])
  })

  it('is given some time first', async () => {
    await stalledAt('me')
    clock.advance(4)
    wake()
    expect(asked).toBe(1)
    await fire(6)
    await settled('idle')
    expect(timers.size).toBe(1)
  })

  it('and that carries a photo gives way to new records, to the second one later than to the first', async () => {
    await stalledAt('uploadFrom', false)
    await visit('s2')
    await fire(10)
    await arrived(2)
    // The photo goes on, and the next record lets it have longer.
    await vi.waitFor(() => expect(asked).toBe(2), wait)
    await visit('s3')
    await fire(20)
    await arrived(3)
  })

  it('and that carries records is not given up for a new one: they may be about to arrive', async () => {
    await stalledAt('push')
    clock.advance(30)
    await visit('s2')
    await vi.waitFor(async () => expect(await db.outbox.count()).toBe(3), wait)
    for (let turn = 0; turn < 100; turn += 1) await new Promise((resolve) => setTimeout(resolve))
    expect(asked).toBe(1)
    expect(timers.size).toBe(0)
  })

  it('is cut off at the network, too', async () => {
    const signals: AbortSignal[] = []
    vi.stubGlobal('fetch', (_url: string, init: RequestInit) => {
      signals.push(init.signal!)
      return never()
    })
    const real = createTransport(REP)
    sync = loop({ me: real.me })
    sync.start()
    await vi.waitFor(() => expect(signals).toHaveLength(1), wait)
    clock.advance(10)
    wake()
    await vi.waitFor(() => expect(signals).toHaveLength(2), wait)
    expect(signals.map((one) => one.aborted)).toEqual([true, false])
  })
})
