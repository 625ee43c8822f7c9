// What is on its way to the server: how long the longest of it may take, and how it is cut off when somebody waits.
import { ApiError } from '../kernel/problem'
import { longestMs, type Transport } from './transport'

/** What the requests of a loop need of it. */
export interface RequestsDeps {
  /** A counter of milliseconds that nobody can set. */
  monotonic(): number
  setTimer(run: () => void, ms: number): number
  clearTimer(id: number): void
  /** Awaited before each request, which is over after so many milliseconds at most. */
  begin(ms: number): Promise<void>
}

/** The requests of one loop, of which one is on its way at a time. */
export interface Requests {
  transport: Transport
  /** Bytes are on their way, or the question how many have arrived. */
  uploading(): boolean
  /** Cut off what is on its way, once it has been for `ms`. It counts as unanswered. */
  cutAfter(ms: number): void
  /** True if something was cut off since this was last asked. */
  wasCut(): boolean
}

interface Request { upload: boolean; since: number; abort: AbortController; timer: number | null }

/** The same transport, watched. */
export function watchRequests(real: Transport, deps: RequestsDeps): Requests {
  let current: Request | null = null
  let cut = false

  async function ask<T>(upload: boolean, ms: number, send: (signal: AbortSignal) => Promise<T>): Promise<T> {
    await deps.begin(ms)
    const abort = new AbortController()
    const mine: Request = { upload, since: deps.monotonic(), abort, timer: null }
    current = mine
    // Not left to the request alone: one that hears of nothing any more would not hear of this either.
    const cutOff = new Promise<never>((_resolve, reject) => {
      abort.signal.addEventListener('abort', () => reject(new ApiError('offline')))
    })
    try {
      return await Promise.race([send(abort.signal), cutOff])
    } finally {
      if (mine.timer !== null) deps.clearTimer(mine.timer)
      if (current === mine) current = null
    }
  }

  const { report } = real
  return {
    transport: {
      me: () => ask(false, longestMs('me'), (signal) => real.me(signal)),
      push: (body) => ask(false, longestMs('push'), (signal) => real.push(body, signal)),
      pull: (cursor, limit) => ask(false, longestMs('pull'), (signal) => real.pull(cursor, limit, signal)),
      uploadStatus: (sha256) => ask(true, longestMs('uploadStatus'), (signal) => real.uploadStatus(sha256, signal)),
      uploadFrom: (sha256, offset, length, rest) =>
        ask(true, longestMs('uploadFrom', rest.size), (signal) => real.uploadFrom(sha256, offset, length, rest, signal)),
      ...(report ? { report: (body) => ask(false, longestMs('report'), (signal) => report(body, signal)) } : {}),
    },
    uploading: () => current?.upload ?? false,
    cutAfter(ms) {
      const waited = current
      if (!waited) return
      if (waited.timer !== null) deps.clearTimer(waited.timer)
      const cutNow = () => {
        cut = true
        waited.abort.abort()
      }
      const left = ms - (deps.monotonic() - waited.since)
      if (left > 0) waited.timer = deps.setTimer(cutNow, left)
      else cutNow()
    },
    wasCut() {
      const was = cut
      cut = false
      return was
    },
  }
}
