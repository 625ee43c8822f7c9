/// <reference lib="webworker" />
// A reminder that comes while the app is closed: it is shown, and a tap on it opens the office page.

interface Message { title: string; body: string; tag: string; url: string }

const FALLBACK: Message = { title: '巡店', body: '', tag: 'office', url: '/office' }

/** Show pushes, and open what they are about. */
export function listenForPushes(scope: ServiceWorkerGlobalScope): void {
  scope.addEventListener('push', (event) => event.waitUntil(show(scope, event.data)))
  scope.addEventListener('notificationclick', (event) => {
    event.notification.close()
    event.waitUntil(open(scope, urlOf(event.notification.data)))
  })
}

async function show(scope: ServiceWorkerGlobalScope, data: PushMessageData | null): Promise<void> {
  const { title, body, tag, url } = messageOf(data)
  // A browser takes the permission away from a worker that shows nothing for a push.
  await scope.registration.showNotification(title, { body, tag, data: { url }, icon: '/icons/icon-192.png', badge: '/icons/icon-192.png' })
  // The open app fetches the notice itself.
  for (const client of await scope.clients.matchAll({ type: 'window' })) client.postMessage({ type: 'SYNC' })
}

function messageOf(data: PushMessageData | null): Message {
  try {
    const said = data?.json() as Partial<Message> | null
    return { ...FALLBACK, ...said, url: urlOf(said) }
  } catch {
    return FALLBACK
  }
}

/** Only a page of our own: a path, never another site. */
function urlOf(said: unknown): string {
  const url = typeof said === 'object' && said !== null && 'url' in said ? said.url : null
  return typeof url === 'string' && /^\/(?!\/)/.test(url) ? url : FALLBACK.url
}

async function open(scope: ServiceWorkerGlobalScope, url: string): Promise<void> {
  const windows = await scope.clients.matchAll({ type: 'window', includeUncontrolled: true })
  const app = windows.find((client) => !new URL(client.url).pathname.startsWith('/console'))
  if (!app) {
    await scope.clients.openWindow(url)
    return
  }
  await app.focus()
  // Told and not navigated: a reload in the middle of a visit would lose the thread.
  app.postMessage({ type: 'OPEN', url })
}
