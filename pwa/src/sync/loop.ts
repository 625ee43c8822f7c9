// When to sync: on the start, on new work, on coming online or into view, on the worker's word, on a timer;
// in one tab at a time, and later and later while it fails.
import { follow } from '../db/follow'
import type { Db } from '../db/schema'
import { countFailures, nextDelayS, type CycleEnd } from './engine'
import { runCycle, type CycleDeps } from './cycle'
import type { IsoTime } from '../db/types'
import { newId } from '../kernel/ids'
import type { Problem } from '../kernel/problem'
import { createBeat } from './beat'
import { watchRequests } from './requests'

/** What the browser gives. Tests hand in their own. */
export interface Surroundings {
  setTimer(run: () => void, ms: number): number
  clearTimer(id: number): void
  random(): number
  online(): boolean
  /** Run `work` while no other tab does; null at once where one does. */
  exclusively<T>(name: string, work: () => Promise<T>): Promise<T | null>
  /** Calls back once, when whoever does such work now has ended it. Returns how to wait no longer. */
  whenFree(name: string, free: () => void): () => void
  /** Calls back on: online, page shown, worker's message. Returns how to stop listening. */
  listen(onWake: () => void): () => void
  /** Ask the browser to wake the app when there is a network. */
  requestWake(): void
}

/** `elsewhere`: another page of this phone syncs. */
export type LoopState = 'idle' | 'syncing' | 'elsewhere' | 'offline' | 'auth' | 'backoff'

/** What the loop tells of itself; counts come from the database. */
export interface LoopStatus { state: LoopState; next_try_at: IsoTime | null; problem: Problem | null }

export interface Sync {
  /** Begin; syncs at once. */
  start(): void
  /** End. A request on its way is not waited for; its answer is still written down. */
  stop(): void
  /** Sync now; resolves when this run (or the one going on) has ended. */
  syncNow(): Promise<void>
  /** A person has logged in again: go on. */
  resume(): void
}

export interface SyncDeps extends Omit<CycleDeps, 'stopped' | 'insists'> {
  around: Surroundings
  onStatus(status: LoopStatus): void
}

/** Another tab syncs this database; look again soon, also where nobody says that it has ended. */
const ELSEWHERE_S = 30
/** A request that has taken so long, and twice that after each that was cut off, gives way to what waits behind it. */
const STALLED_S = 10

/** The loop of one person's database. It does nothing before start(). */
export function createSync(deps: SyncDeps): Sync {
  const { db, around, clock } = deps
  let stopped = true
  let paused = false
  let failures = 0
  /** New work would get through, by what the last run met. */
  let reached = true
  let running: Promise<void> | null = null
  let again = false
  let timer: number | null = null
  let unlisten: (() => void) | null = null
  let unfollow: (() => void) | null = null
  /** Seq of the newest op there was when the last run began: newer ones may have come too late for it. */
  let covered: number | null = null
  /** Seq of the newest op that was told of. */
  let newest = 0
  /** When the lock was first found taken, and has been since; 0: by a page that gives no sign of life. */
  let met: number | null = null
  /** How to wait no longer for the lock of another page. */
  let leaveLine: (() => void) | null = null
  let patience_s = STALLED_S
  const lock = `outbox-${db.userId}`
  const beat = createBeat(db, clock, newId())
  const requests = watchRequests(deps.transport, {
    monotonic: () => clock.monotonic(), setTimer: around.setTimer, clearTimer: around.clearTimer, begin: beat.begin,
  })

  function tell(state: LoopState, nextS: number | null = null, problem: Problem | null = null): void {
    const at = nextS === null ? null : new Date(clock.now().getTime() + nextS * 1000).toISOString()
    deps.onStatus({ state, next_try_at: at, problem })
  }

  function schedule(seconds: number | null): void {
    if (timer !== null) around.clearTimer(timer)
    timer = seconds === null || stopped ? null : around.setTimer(() => void trigger(), seconds * 1000)
  }

  /** Run, or let the run going on be followed by another one. */
  function trigger(): Promise<void> {
    if (stopped || paused) return Promise.resolve()
    again = true
    running ??= runAll().finally(() => {
      running = null
      // Wished for after the last look, or where the run broke off.
      if (again) void trigger()
    })
    return running
  }

  async function runAll(): Promise<void> {
    while (again && !stopped && !paused) {
      again = false
      schedule(null)
      covered = Math.max(covered ?? 0, newest, await newestSeq(db).catch(() => 0))
      if (stopped) return
      const end = await run().catch(brokenOff)
      if (stopped) return
      // What was cut off has made room for this: it says nothing of the server.
      if (requests.wasCut() && again) patience_s *= 2
      else if (end) finish(end)
      else {
        schedule(ELSEWHERE_S)
        tell('elsewhere', ELSEWHERE_S)
      }
    }
  }

  function quitLine(): void {
    leaveLine?.()
    leaveLine = null
  }

  /** One run, under the lock where it can be had. Null: another page is at it. */
  async function run(): Promise<CycleEnd | null> {
    const work = () => {
      tell('syncing')
      return runCycle({ ...deps, transport: requests.transport, insists: failures > 0, stopped: () => stopped })
    }
    const end = await around.exclusively(lock, () => {
      met = null
      quitLine()
      return work()
    })
    if (end || stopped) return end
    leaveLine ??= around.whenFree(lock, () => {
      leaveLine = null
      void trigger()
    })
    met ??= clock.now().getTime()
    if (!(await beat.othersSilent(met))) return null
    // Asleep with the lock in its hand. Two runs side by side do no harm, and it is not asked about again.
    met = 0
    return work()
  }

  function finish(end: CycleEnd): void {
    failures = countFailures(failures, end)
    patience_s = STALLED_S
    reached = end.reached
    // Told of while it was not known that it would get through.
    if (reached && newest > (covered ?? 0)) again = true
    const delay = nextDelayS(end, Math.max(0, failures - 1), around.random())
    paused = end.state === 'auth'
    schedule(delay)
    if (end.state === 'waiting' || end.state === 'offline' || end.state === 'backoff') askForWake()
    const state = end.state === 'done' ? 'idle' : end.state === 'waiting' ? 'backoff' : end.state
    tell(state, delay, end.problem)
  }

  /** The network is back, or a person looks: what failed a minute ago may go now, and a log-in may be new. */
  function wake(): void {
    failures = 0
    paused = false
    void trigger()
    requests.cutAfter(patience_s * 1000)
  }

  /** Where the browser takes itself for online it would wake us at once, and again: a hammer on a dead server. */
  function askForWake(): void {
    if (!around.online()) around.requestWake()
  }

  /**
   * New work is sent at once, unless the server could not be reached: then it goes with the next try. That older
   * work is put off, or that only the feed or a photo fails, says nothing against it; nor does the browser's word
   * that there is no network, which may be wrong. The length of the queue would not tell what is new: while it
   * empties, something new may only keep it from getting shorter.
   */
  function onNewest(seq: number): void {
    newest = Math.max(newest, seq)
    if (covered === null || seq <= covered) return
    askForWake()
    // Of bytes on their way the server keeps what has arrived; records may be just about to.
    const uploading = requests.uploading()
    if (reached || uploading) void trigger()
    if (uploading) requests.cutAfter(patience_s * 1000)
  }

  return {
    start() {
      if (!stopped) return
      stopped = false
      unlisten = around.listen(wake)
      unfollow = follow(() => newestSeq(db), onNewest)
      void trigger()
    },
    stop() {
      stopped = true
      schedule(null)
      quitLine()
      unlisten?.()
      unfollow?.()
      unlisten = null
      unfollow = null
    },
    syncNow() {
      wake()
      return running ?? Promise.resolve()
    },
    resume: wake,
  }
}

/** The browser took the lock away, or something else that no run tells of: it is tried again like any failure. */
function brokenOff(error: unknown): CycleEnd {
  console.error('The sync broke off:', error)
  return { state: 'backoff', problem: null, retry_after_s: null, progressed: false, reached: false }
}

/** Ops are numbered in the order of making, also past an empty queue; 0 where nothing waits. */
async function newestSeq(db: Db): Promise<number> {
  return (await db.outbox.orderBy('seq').last())?.seq ?? 0
}
