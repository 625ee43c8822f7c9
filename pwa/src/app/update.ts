// The app's own update: found in the background, offered when no visit is going on and nothing is being saved,
// applied on a tap.
import { computed, readonly, ref, shallowRef, watch, type ComputedRef, type Ref } from 'vue'
import { unsaved } from '@/kernel/unsaved'

const UPDATE_CHECK_MS = 60 * 60 * 1000
const INSTALL_PATIENCE_MS = 60_000
/** The screens hear of a visit that has just begun a moment after it is saved. */
const QUIET_MS = 500

const waitingWorker = shallowRef<ServiceWorker | null>(null)
const replaced = ref(false)
const visiting = shallowRef<() => boolean>(() => false)
let registered: ServiceWorkerRegistration | null = null

/** True while a newer version is installed and waits. Says nothing of whether now is a good moment. */
export const updateWaiting: ComputedRef<boolean> = computed(() => waitingWorker.value !== null)

/** True when the shell may offer the update: one waits, no visit is in progress and nothing is being saved. */
export const updateOffered: ComputedRef<boolean> = computed(() => updateWaiting.value && inTheWay() === null)

/** True when another tab has already switched to the new version; this one follows after the visit. */
export const updateReplaced: Readonly<Ref<boolean>> = readonly(replaced)

/** Why the page must not be loaded anew now. `unsaved`: pictures or records are on their way to the disk. */
function inTheWay(): 'visit' | 'unsaved' | null {
  if (visiting.value()) return 'visit'
  return unsaved.value > 0 ? 'unsaved' : null
}

/**
 * Register the service worker and watch for newer versions.
 *
 * `visitInProgress` reads reactive state: while it is true, or something is being saved, nothing is offered and
 * nothing reloads.
 * Does nothing in a browser without service workers; a failed registration is retried on the next start.
 */
export async function startUpdates(visitInProgress: () => boolean): Promise<void> {
  visiting.value = visitInProgress
  if (!('serviceWorker' in navigator)) return
  // The first worker ever takes over an open page without changing a byte of it: no reload then.
  let hadWorker = navigator.serviceWorker.controller !== null
  navigator.serviceWorker.addEventListener('controllerchange', () => {
    if (hadWorker) replaced.value = true
    hadWorker = true
  })
  watch(
    () => replaced.value && inTheWay() === null,
    (free, _before, onCleanup) => {
      if (!free) return
      const timer = setTimeout(() => window.location.reload(), QUIET_MS)
      onCleanup(() => clearTimeout(timer))
    },
    // A picture that begins to be made counts at once, not with the next frame.
    { flush: 'sync' },
  )
  const registration = await navigator.serviceWorker
    .register('/sw.js', { updateViaCache: 'none' })
    .catch((error: unknown) => {
      console.warn('The app cannot be kept for offline use:', error)
      return null
    })
  registered = registration
  if (registration) follow(registration)
}

/** Switch to the newest version here; the page reloads by itself. False when there is none, or something is in the way. */
export function applyUpdate(): boolean {
  if (inTheWay() !== null) return false
  if (replaced.value) {
    // Another tab, or the browser by itself, has let the new one take over: only this page is old.
    window.location.reload()
    return true
  }
  // Asked anew: what was offered a while ago may have given way to a newer one, to which it would not pass this on.
  const worker = registered?.waiting ?? null
  worker?.postMessage({ type: 'SKIP_WAITING' })
  return worker !== null
}

/**
 * Look for a newer version now, and switch to it. `visit`: not while one is in progress. `unsaved`: not while
 * something is being saved. `none`: the server has no newer one, or cannot be reached.
 */
export async function updateNow(): Promise<'reloading' | 'visit' | 'unsaved' | 'none'> {
  const why = inTheWay()
  if (why !== null) return why
  if (!registered) {
    // Nothing is kept of the app: to load it again is to load the newest.
    window.location.reload()
    return 'reloading'
  }
  if (!waitingWorker.value) {
    await registered.update().catch(() => undefined) // offline: none then
    if (registered.installing) await installed(registered.installing)
  }
  return applyUpdate() ? 'reloading' : inTheWay() ?? 'none'
}

/** Resolves once a worker has all its files, has failed, or takes too long. */
function installed(worker: ServiceWorker): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      if (worker.state !== 'installing') resolve()
    }
    worker.addEventListener('statechange', end)
    setTimeout(resolve, INSTALL_PATIENCE_MS)
    end()
  })
}

function follow(registration: ServiceWorkerRegistration): void {
  const look = () => {
    // Without a controller the waiting worker is the first one: nothing to update from.
    waitingWorker.value = navigator.serviceWorker.controller ? registration.waiting : null
  }
  look()
  // A new version may be there before this page has a worker to update from.
  navigator.serviceWorker.addEventListener('controllerchange', look)
  registration.addEventListener('updatefound', () => {
    registration.installing?.addEventListener('statechange', look)
  })
  let checkedAt = Date.now()
  // An installed app is rarely closed: without this it would meet new versions weeks late.
  document.addEventListener('visibilitychange', () => {
    // Either way: a clock set back must not put the next look off until it has caught up.
    if (document.visibilityState !== 'visible' || Math.abs(Date.now() - checkedAt) < UPDATE_CHECK_MS) return
    checkedAt = Date.now()
    registration.update().catch(() => undefined) // offline: the next time will do
  })
}
