// The browser, as the loop needs it.
import { standalone } from '../app/install'
import { storageState } from '../app/storage'
import type { Phone } from './device'
import type { Surroundings } from './loop'

/** Background Sync is not in TypeScript's library: https://wicg.github.io/background-sync/spec/ */
interface SyncRegistration extends ServiceWorkerRegistration {
  readonly sync?: { register(tag: string): Promise<void> }
}

/** Not in TypeScript's library: https://wicg.github.io/netinfo/ */
interface NavigatorWithLink extends Navigator {
  readonly connection?: { readonly effectiveType?: string }
}

const TAG = 'outbox'

/** This phone, as far as the browser tells. */
export function browserPhone(): Phone {
  return {
    async condition() {
      const found = await storageState()
      const storage = { usage: found?.used ?? null, quota: found?.quota ?? null, persisted: found?.persisted ?? null }
      return { storage, standalone: standalone() }
    },
    link: () => (navigator as NavigatorWithLink).connection?.effectiveType ?? null,
  }
}

/** Timers, events, locks and the worker of this page. */
export function browserSurroundings(): Surroundings {
  return {
    setTimer: (run, ms) => window.setTimeout(run, ms),
    clearTimer: (id) => window.clearTimeout(id),
    random: Math.random,
    online: () => navigator.onLine,
    exclusively,
    whenFree,
    listen,
    requestWake,
  }
}

function exclusively<T>(name: string, work: () => Promise<T>): Promise<T | null> {
  // Older WebViews have no locks. Two tabs then send the same op, which the server recognises.
  if (!('locks' in navigator)) return work()
  let mine: Promise<T> | null = null
  const held = navigator.locks.request(name, { ifAvailable: true }, (lock) => (lock ? (mine = work()) : null))
  // Refused, not taken: to sync without a lock is better than never again. Taken away: what has begun goes on.
  return held.catch(() => mine ?? work())
}

/** In line for the lock, which is given back at once: a run may be too late for it, or find another one in between. */
function whenFree(name: string, free: () => void): () => void {
  if (!('locks' in navigator)) return () => undefined
  const abort = new AbortController()
  // Refused, or not wanted any more: the timer remains.
  navigator.locks.request(name, { signal: abort.signal }, () => undefined).then(free, () => undefined)
  return () => abort.abort()
}

function listen(onWake: () => void): () => void {
  const onVisible = () => {
    if (document.visibilityState === 'visible') onWake()
  }
  const onMessage = (event: MessageEvent<unknown>) => {
    const message = event.data
    if (typeof message === 'object' && message !== null && 'type' in message && message.type === 'SYNC') onWake()
  }
  window.addEventListener('online', onWake)
  document.addEventListener('visibilitychange', onVisible)
  const worker = 'serviceWorker' in navigator ? navigator.serviceWorker : null
  worker?.addEventListener('message', onMessage)
  return () => {
    window.removeEventListener('online', onWake)
    document.removeEventListener('visibilitychange', onVisible)
    worker?.removeEventListener('message', onMessage)
  }
}

function requestWake(): void {
  if (!('serviceWorker' in navigator)) return
  navigator.serviceWorker.ready
    .then((registration: SyncRegistration) => registration.sync?.register(TAG))
    // Refused without permission, or missing: the page's own events and timer remain.
    .catch(() => undefined)
}
