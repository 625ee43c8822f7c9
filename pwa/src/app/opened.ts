// A notification that was tapped while the app stood open: its page is shown without a reload.

/** Call `open` with the path that the service worker names. */
export function openWhatWasTapped(open: (path: string) => void): void {
  if (!('serviceWorker' in navigator)) return
  navigator.serviceWorker.addEventListener('message', (event) => {
    const message: unknown = event.data
    if (typeof message !== 'object' || message === null || !('type' in message) || message.type !== 'OPEN') return
    if ('url' in message && typeof message.url === 'string' && message.url.startsWith('/')) open(message.url)
  })
}
