// The sign of life of the page that syncs. A page that the system has put to sleep keeps its lock; by its silence
// the others know that they need not wait for it.
import { getMeta, setMeta } from '../db/meta'
import { ifRoom } from '../db/room'
import type { Db } from '../db/schema'
import type { Id } from '../db/types'
import { nowIso, type Clock } from '../kernel/clock'

/** Beyond the longest request: a page in the background hears its timers a minute late. */
const SPARE_S = 90
/** So that a run of quick requests says it once. */
const LEAST_S = 180

/** Says that this page is at work. */
export interface Beat {
  /** Something begins that may take `ms`. */
  begin(ms: number): Promise<void>
  /** True if the page with the lock should have been heard of by now. `sinceMs`: when it was first met, by the clock. */
  othersSilent(sinceMs: number): Promise<boolean>
}

/** The beat of one page. */
export function createBeat(db: Db, clock: Clock, page: Id): Beat {
  let saidUntil = 0
  return {
    async begin(ms) {
      const now = clock.now().getTime()
      const need_s = ms / 1000 + SPARE_S
      // Said already; unless the clock was set back, by which the last word has become worthless.
      if (now + need_s * 1000 <= saidUntil && saidUntil <= now + (LEAST_S + need_s) * 1000) return
      const for_s = Math.max(LEAST_S, need_s)
      saidUntil = now + for_s * 1000
      await ifRoom(() => setMeta(db, 'sync_beat', { page, at: nowIso(clock), for_s }))
    },
    async othersSilent(sinceMs) {
      const now = clock.now().getTime()
      const beat = await getMeta(db, 'sync_beat')
      // None, or our own: the other one has not spoken since it was met, like an app that knows of no beat.
      if (!beat || beat.page === page) return now - sinceMs > LEAST_S * 1000
      // A word out of the future was said before the clock was set back.
      const ago = now - Date.parse(beat.at)
      return ago < 0 || ago > beat.for_s * 1000
    },
  }
}
