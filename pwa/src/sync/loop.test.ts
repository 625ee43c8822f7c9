// @vitest-environment node
// Timing apart from doing: the loop with a hand-made clock, network and server.
import 'fake-indexeddb/auto'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Db } from '../db/schema'
import { aPhoto, freshDb, HandClock, REP } from '../db/testing'
import { addPhoto } from '../features/photos/actions'
import { checkIn } from '../features/visits/actions'
import { ApiError } from '../kernel/problem'
import { createSync, type LoopStatus, type Surroundings, type Sync } from './loop'
import { ModelServer } from './model-server'
import type { Transport } from './transport'

let db: Db
let clock: HandClock
let server: ModelServer
let network: 'there' | 'gone' | 'failing'
let online: () => boolean
let elsewhere: boolean
/** What befalls the lock while, or after, a run holds it. */
let underLock: () => Promise<unknown>
let wake: () => void
let timers: Map<number, { run: () => void; seconds: number }>
let runs: number
let wakesAsked: number
let status: LoopStatus[]
let sync: Sync
let onReport: () => Promise<unknown>
let change: (real: Transport) => Partial<Transport>

beforeEach(() => {
  db = freshDb()
  clock = new HandClock()
  server = new ModelServer(['s1', 's2', 's3'], () => clock.now())
  server.session = REP
  network = 'there'
  online = () => network === 'there'
  elsewhere = false
  underLock = () => Promise.resolve()
  timers = new Map()
  runs = 0
  wakesAsked = 0
  status = []
  onReport = () => Promise.resolve()
  change = () => ({})
  let nextTimer = 0
  const around: Surroundings = {
    setTimer(run, ms) {
      timers.set((nextTimer += 1), { run, seconds: ms / 1000 })
      return nextTimer
    },
    clearTimer: (id) => void timers.delete(id),
    random: () => 1,
    online: () => online(),
    async exclusively(_name, work) {
      if (elsewhere) return null
      runs += 1
      const done = await work()
      await underLock()
      return done
    },
    whenFree: () => () => undefined,
    listen(onWake) {
      wake = onWake
      return () => {
        wake = () => undefined
      }
    },
    requestWake() {
      wakesAsked += 1
      // A browser that believes itself online says so at once.
      if (online()) setTimeout(() => wake())
    },
  }
  const real = server.transport()
  const transport = {
    ...real,
    me: async () => {
      if (network !== 'there') throw new ApiError(network === 'gone' ? 'offline' : 'transient', 503)
      return real.me()
    },
    report: async () => {
      await onReport()
      return { server_time: clock.now().toISOString(), schema: { oldest: 1, newest: 4 } }
    },
  }
  const later = Object.fromEntries((['push', 'pull', 'uploadStatus', 'uploadFrom'] as const).map((name) =>
    [name, (...args: unknown[]) => ((change(real)[name] ?? real[name]) as (...args: unknown[]) => unknown)(...args)]))
  const storage = { usage: null, quota: null, persisted: null }
  const phone = { condition: () => Promise.resolve({ storage, standalone: null }), link: () => null }
  sync = createSync({ db, transport: { ...transport, ...later }, clock, phone, device: { id: 'd', app_version: '1' }, onMe: () => undefined, around, onStatus: (one) => status.push(one) })
})

afterEach(() => {
  sync.stop()
  vi.restoreAllMocks()
})

const last = () => status.at(-1)
const nextTry = () => [...timers.values()].map((timer) => timer.seconds)
const settled = (state: LoopStatus['state'], atLeastRuns = 0) =>
  vi.waitFor(() => {
    expect(runs).toBeGreaterThanOrEqual(atLeastRuns)
    expect(last()?.state).toBe(state)
  }, { timeout: 10_000 })

async function fire(): Promise<void> {
  const [first] = timers
  if (!first) throw new Error('no timer is set')
  timers.delete(first[0])
  first[1].run()
}

const visit = (store: string) => checkIn(db, { store_id: store, fix: null, reason: null, planned: false }, clock)

it('syncs on the start, and looks again after a while', async () => {
  await visit('s1')
  sync.start()
  await settled('idle', 1)
  expect(server.of('visit', REP)).toHaveLength(1)
  expect(nextTry()).toEqual([300])
})

it('sends new work at once', async () => {
  sync.start()
  await settled('idle', 1)
  await visit('s1')
  await vi.waitFor(() => expect(server.of('visit', REP)).toHaveLength(1), { timeout: 10_000 })
})

it('sends at once what is saved while the last of the queue leaves it', async () => {
  network = 'gone'
  await visit('s1')
  await visit('s2')
  sync.start()
  await settled('offline', 1)
  network = 'there'
  let saved = false
  onReport = async () => {
    if (!saved) await visit('s3')
    saved = true
  }
  // Two left and one came before the queue was looked at again: it is shorter, and has news all the same.
  wake()
  await vi.waitFor(() => expect(server.of('visit', REP)).toHaveLength(3), { timeout: 5_000 })
})

it('tries later and later without a network, and at once when it is back', async () => {
  network = 'gone'
  await visit('s1')
  sync.start()
  await settled('offline', 1)
  const waits = [...nextTry()]
  for (let n = 2; n <= 10; n += 1) {
    await fire()
    await settled('offline', n)
    waits.push(...nextTry())
  }
  expect(waits).toEqual([2, 4, 8, 16, 32, 64, 128, 256, 300, 300])
  expect(wakesAsked).toBeGreaterThanOrEqual(10)
  network = 'there'
  wake()
  await settled('idle', 11)
  expect(server.of('visit', REP)).toHaveLength(1)
})

it('does not hammer a failing server with new work', async () => {
  network = 'failing'
  sync.start()
  await settled('backoff', 1)
  await visit('s1')
  await visit('s2')
  // The outbox has been looked at once it asks for a wake-up.
  await vi.waitFor(() => expect(wakesAsked).toBeGreaterThan(1), { timeout: 10_000 })
  expect(runs).toBe(1)
})

it('does not let the browser hurry it towards a server that is down', async () => {
  network = 'failing'
  online = () => true
  await visit('s1')
  sync.start()
  await settled('backoff', 1)
  await visit('s2')
  for (let turn = 0; turn < 200; turn += 1) await new Promise((resolve) => setTimeout(resolve))
  expect(runs).toBe(1)
  expect(nextTry()).toEqual([2])
})

it('waits for a person when the session has ended, and goes on after the log-in', async () => {
  server.session = null
  await visit('s1')
  sync.start()
  await settled('auth', 1)
  expect(nextTry()).toEqual([])
  expect(last()?.next_try_at).toBeNull()
  server.session = REP
  sync.resume()
  await settled('idle', 2)
  expect(server.of('visit', REP)).toHaveLength(1)
})

it('leaves it to the tab that syncs already', async () => {
  elsewhere = true
  await visit('s1')
  sync.start()
  await settled('elsewhere')
  expect(runs).toBe(0)
  expect(nextTry()).toEqual([30])
  elsewhere = false
  await fire()
  await settled('idle', 1)
  expect(server.of('visit', REP)).toHaveLength(1)
})

describe('new work behind what fails', () => {
  const arrives = (count: number) =>
    vi.waitFor(() => expect(server.of('visit', REP)).toHaveLength(count), { timeout: 5_000 })

  it('goes at once where the server answers, and only an old record is put off', async () => {
    await visit('s1')
    const [old] = await db.outbox.toArray()
    change = (real) => ({
      async push(body) {
        const rest = await real.push({ ...body, ops: body.ops.filter((op) => op.op_id !== old?.op_id) })
        return { ...rest, results: [...rest.results, { op_id: old!.op_id, status: 'deferred', result: null, problem: null }] }
      },
    })
    sync.start()
    await settled('backoff', 1)
    for (let n = 2; n <= 8; n += 1) {
      await fire()
      await settled('backoff', n)
    }
    expect(nextTry()).toEqual([256])
    await visit('s2')
    await arrives(1)
  })

  it.each<[string, (real: Transport) => Partial<Transport>]>([
    ['the feed', () => ({ pull: () => Promise.reject(new ApiError('transient', 500)) })],
    ['a photo', () => ({ uploadStatus: () => Promise.reject(new ApiError('offline')) })],
  ])('goes at once where only %s fails', async (_what, broken) => {
    const store = await visit('s1')
    await addPhoto(db, await aPhoto(store), clock)
    change = broken
    sync.start()
    await vi.waitFor(() => expect(nextTry()).toEqual([2]), { timeout: 5_000 })
    await fire()
    await vi.waitFor(() => expect(nextTry()).toEqual([4]), { timeout: 5_000 })
    await visit('s2')
    await arrives(2)
  })

  it('goes at once where something on the way refuses an old record', async () => {
    await visit('s1')
    const [old] = await db.outbox.toArray()
    change = (real) => ({
      push: (body) => body.ops.some((op) => op.op_id === old?.op_id) ? Promise.reject(new ApiError('transient', 403)) : real.push(body),
    })
    sync.start()
    await settled('backoff', 1)
    await fire()
    await settled('backoff', 2)
    await visit('s2')
    await arrives(1)
  })

  it('goes at once where the browser wrongly says that there is no network', async () => {
    online = () => false
    sync.start()
    await settled('idle', 1)
    await visit('s1')
    await arrives(1)
  })

  it('waits where the server takes no work, whatever else it answers', async () => {
    change = () => ({ push: () => Promise.reject(new ApiError('transient', 503)) })
    await visit('s1')
    sync.start()
    await settled('backoff', 1)
    await visit('s2')
    for (let turn = 0; turn < 200; turn += 1) await new Promise((resolve) => setTimeout(resolve))
    expect(runs).toBe(1)
  })
})

describe('a lock that the browser takes away', () => {
  const lose = () => {
    underLock = () => Promise.resolve()
    return Promise.reject(new DOMException('released', 'AbortError'))
  }

  it('is tried again like any failure', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => undefined)
    underLock = lose
    sync.start()
    await settled('backoff', 1)
    expect(nextTry()).toEqual([2])
    await visit('s1')
    await fire()
    await settled('idle', 2)
    expect(server.of('visit', REP)).toHaveLength(1)
  })

  it('does not swallow a wish for another run', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => undefined)
    underLock = () => {
      wake()
      return lose()
    }
    sync.start()
    await settled('idle', 2)
    expect(nextTry()).toEqual([300])
  })
})

it('does nothing after it was stopped', async () => {
  sync.start()
  await settled('idle', 1)
  const wakeBefore = wake
  sync.stop()
  expect(timers.size).toBe(0)
  wakeBefore()
  await sync.syncNow()
  await visit('s1')
  expect(runs).toBe(1)
  expect(server.of('visit', REP)).toHaveLength(0)
})

it('syncNow ends when the run has ended', async () => {
  sync.start()
  await visit('s1')
  await sync.syncNow()
  expect(server.of('visit', REP)).toHaveLength(1)
  expect(last()?.state).toBe('idle')
})
