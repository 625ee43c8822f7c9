// The sync of the person who is logged in. Screens use this; everything else here is made of parts without state.
import { watch } from 'vue'
import { appVersion, authNeeded, currentUser, deviceId, openDb, tookMe } from '../app/session'
import { ifRoom } from '../db/room'
import type { Db } from '../db/schema'
import type { Id } from '../db/types'
import { systemClock } from '../kernel/clock'
import { createSync, type Sync } from './loop'
import { unpark } from './outbox'
import { createStatus } from './status'
import { browserPhone, browserSurroundings } from './surroundings'
import { createTransport, type Transport } from './transport'
import { retryFailed } from './uploads'

export type { SyncStatus } from './status'

const keeper = createStatus()
let current: { db: Db; sync: Sync } | null = null

/** How far the sync is, for the badge and the sync page. */
export const syncStatus = keeper.status

/** Begin to sync a person's database; another one's is left alone from now on. */
export function startSync(db: Db, transport: Transport = createTransport(db.userId)): void {
  if (current?.db === db) return current.sync.resume()
  stopSync()
  keeper.follow(db)
  const sync = createSync({
    db,
    transport,
    clock: systemClock,
    device: { id: deviceId(), app_version: appVersion },
    around: browserSurroundings(),
    phone: browserPhone(),
    onMe: tookMe,
    onStatus(status) {
      if (current?.db !== db) return
      keeper.fromLoop(status)
      if (status.state === 'auth') authNeeded.value = true
    },
  })
  current = { db, sync }
  sync.start()
}

/** Stop syncing. What waits stays. */
export function stopSync(): void {
  current?.sync.stop()
  current = null
  keeper.follow(null)
}

/** Start, stop and resume with the log-in. Call once, when the app starts; returns how to end it. */
export function followSession(): () => void {
  const end = watch(
    [() => currentUser.value?.id ?? null, authNeeded] as const,
    ([userId, needed]) => {
      if (userId === null) stopSync()
      else if (!needed) startSync(openDb())
    },
    // At once: the old person's queue must not run a moment longer under the new one's session.
    { immediate: true, flush: 'sync' },
  )
  return () => {
    end()
    stopSync()
  }
}

/** Sync at once, and give failed uploads another chance, where there is room to write that down. */
export async function syncNow(): Promise<void> {
  if (!current) return
  const { db, sync } = current
  // Without room the rest is sent all the same, for that is what makes some.
  await ifRoom(() => retryFailed(db))
  await sync.syncNow()
}

/** Send a parked op again, its content unchanged. */
export async function retryOp(opId: Id): Promise<void> {
  if (!current) return
  await unpark(current.db, opId)
  await current.sync.syncNow()
}
