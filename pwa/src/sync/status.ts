// What the screens say about the sync: the loop's own state and the counts out of the database.
import { readonly, ref, type Ref } from 'vue'
import { follow } from '../db/follow'
import { getMeta } from '../db/meta'
import type { Db } from '../db/schema'
import type { IsoTime } from '../db/types'
import type { Problem } from '../kernel/problem'
import type { LoopState, LoopStatus } from './loop'
import { backlog } from './outbox'
import { SCHEMA } from './transport'

export interface SyncStatus {
  /**
   * `elsewhere`: another window sends. `offline`: the last try found no network. `auth`: waits for a log-in.
   * `backoff`: tries again later.
   */
  state: LoopState
  /** Records that wait to be sent; parked ones are counted apart. */
  waiting: number
  parked: number
  uploads_waiting: number
  bytes_waiting: number
  oldest_at: IsoTime | null
  last_success_at: IsoTime | null
  next_try_at: IsoTime | null
  problem: Problem | null
  /** The server no longer serves this version of the app: what is made here goes on being sent. */
  too_old: boolean
}

export interface StatusKeeper {
  status: Readonly<Ref<SyncStatus>>
  /** Take over what the loop says. */
  fromLoop(loop: LoopStatus): void
  /** Follow a database; null: nobody is logged in. */
  follow(db: Db | null): void
}

const NOTHING: SyncStatus = {
  state: 'idle', waiting: 0, parked: 0, uploads_waiting: 0, bytes_waiting: 0,
  oldest_at: null, last_success_at: null, next_try_at: null, problem: null,
  too_old: false,
}

export function createStatus(): StatusKeeper {
  const status = ref<SyncStatus>({ ...NOTHING })
  let stop: () => void = () => undefined

  return {
    status: readonly(status) as Readonly<Ref<SyncStatus>>,
    fromLoop({ state, next_try_at, problem }) {
      status.value = { ...status.value, state, next_try_at, problem }
    },
    follow(db) {
      stop()
      stop = () => undefined
      status.value = { ...NOTHING }
      if (!db) return
      const counts = async () => ({
        ...(await backlog(db)),
        success: await getMeta(db, 'last_success_at'),
        refused: await getMeta(db, 'refused_schema'),
      })
      stop = follow(counts, (found) => {
        status.value = {
          ...status.value,
          waiting: found.ops - found.parked,
          parked: found.parked,
          uploads_waiting: found.uploads,
          bytes_waiting: found.bytes,
          oldest_at: found.oldest_at,
          last_success_at: found.success,
          too_old: found.refused === SCHEMA,
        }
      })
    },
  }
}
