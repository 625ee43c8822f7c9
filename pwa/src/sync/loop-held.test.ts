// @vitest-environment node
// The loop where another page holds the lock, and where a request on its way holds up what comes after it.
import 'fake-indexeddb/auto'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { getMeta, setMeta } from '../db/meta'
import type { Db } from '../db/schema'
import { freshDb, HandClock, REP } from '../db/testing'
import { checkIn } from '../features/visits/actions'
import { createSync, type LoopState, type Surroundings, type Sync } from './loop'
import { ModelServer } from './model-server'
import type { Transport } from './transport'

let db: Db
let clock: HandClock
let server: ModelServer
let elsewhere: boolean
let state: LoopState | undefined
let timers: Map<number, { run: () => void; seconds: number }>
let runs: number
let freed: (() => void)[]
let sync: Sync

beforeEach(() => {
  db = freshDb()
  clock = new HandClock()
  server = new ModelServer(['s1', 's2'], () => clock.now())
  server.session = REP
  elsewhere = false
  state = undefined
  timers = new Map()
  runs = 0
  freed = []
  sync = loop()
})
afterEach(() => sync.stop())

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
    listen: () => () => undefined,
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
