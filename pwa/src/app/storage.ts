// How much room this app has left on the phone, and whether the browser has promised to keep it.
import { readonly, shallowRef, type Ref } from 'vue'

/** Bytes. */
export interface StorageState { used: number; quota: number; persisted: boolean }

/** `low`: warn before more is made. */
export type StorageLevel = 'ok' | 'low'

const LOW_SHARE = 0.8
const LOW_FREE_BYTES = 200 * 1024 * 1024

const state = shallowRef<StorageState | null>(null)
const full = shallowRef(false)

/** As last asked; null: not asked yet, or this browser does not say. */
export const storage: Readonly<Ref<StorageState | null>> = readonly(state)

/** A save has just failed for want of room. The screen that tells of it sets it back. */
export const storageFull: Ref<boolean> = full

/** Ask the browser. Null where it does not say (plain http, old webviews). */
export async function storageState(): Promise<StorageState | null> {
  // Typed as always there.
  const manager: StorageManager | undefined = navigator.storage
  if (typeof manager?.estimate !== 'function') return null
  try {
    const [{ usage = 0, quota = 0 }, persisted] = await Promise.all([manager.estimate(), isPersisted(manager)])
    return { used: Math.round(usage), quota: Math.round(quota), persisted }
  } catch (error) {
    console.warn('The browser does not tell how much room is left:', error)
    return null
  }
}

/** Ask the browser, and show what it says. */
export async function lookAtStorage(): Promise<StorageState | null> {
  state.value = await storageState()
  return state.value
}

/** Is there room enough to go on without a word? Unknown counts as enough. */
export function levelOf(found: StorageState | null): StorageLevel {
  if (!found || found.quota === 0) return 'ok'
  return found.used >= found.quota * LOW_SHARE || found.quota - found.used < LOW_FREE_BYTES ? 'low' : 'ok'
}

/** Ask the browser not to throw this app's data away when space runs short. True if it agrees. */
export async function askToPersist(): Promise<boolean> {
  const manager: StorageManager | undefined = navigator.storage
  if (typeof manager?.persist !== 'function') return false
  try {
    return (await isPersisted(manager)) || (await manager.persist())
  } catch {
    return false // refused without a question, as some private windows do
  }
}

async function isPersisted(manager: StorageManager): Promise<boolean> {
  return typeof manager.persisted === 'function' && manager.persisted()
}
