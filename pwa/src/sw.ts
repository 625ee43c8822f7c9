/// <reference lib="webworker" />
// Caches the rep's app so that it opens without a signal, and wakes the open app when the signal
// returns. It holds no work: records wait in the local database, where every tab can see them.
import { cleanupOutdatedCaches, createHandlerBoundToURL, precacheAndRoute, type PrecacheEntry } from 'workbox-precaching'
import { NavigationRoute, registerRoute } from 'workbox-routing'
import { listenForPushes } from './sw-push'

declare const self: ServiceWorkerGlobalScope
/** Written in at build time: every file of the rep's app, and none of the console's. */
declare const __PRECACHE__: PrecacheEntry[]

/** Background Sync is not in TypeScript's library: https://wicg.github.io/background-sync/spec/ */
interface SyncEvent extends ExtendableEvent {
  readonly tag: string
}

precacheAndRoute(__PRECACHE__)
cleanupOutdatedCaches()

registerRoute(
  new NavigationRoute(createHandlerBoundToURL('/index.html'), {
    denylist: [/^\/api\//, /^\/console/, /^\/docs/, /^\/healthz/, /^\/readyz/],
  }),
)

// A page opened before the first installation must find its lazy screens offline, too.
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()))

// A new version waits until the person agrees: a reload in the middle of a visit loses the thread.
self.addEventListener('message', (event) => {
  const message: unknown = event.data
  if (typeof message === 'object' && message !== null && 'type' in message && message.type === 'SKIP_WAITING') {
    void self.skipWaiting()
  }
})

listenForPushes(self)

self.addEventListener('sync', (event) => {
  const sync = event as SyncEvent
  if (sync.tag === 'outbox') sync.waitUntil(wakeClients())
})

async function wakeClients(): Promise<void> {
  const windows = await self.clients.matchAll({ type: 'window', includeUncontrolled: true })
  for (const client of windows) client.postMessage({ type: 'SYNC' })
}
