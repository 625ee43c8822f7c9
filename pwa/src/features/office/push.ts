// Letting this browser be reminded, and taking that back. Needs a network, unlike all else a rep does.
import { request } from '../../kernel/http'
import { ApiError } from '../../kernel/problem'

interface KeyAnswer { public_key: string; subscriptions: string[] }

/** `denied`: the person, or the system, forbids notifications. `unsupported`: this browser has no push. */
export type PushState = 'unsupported' | 'denied' | 'on' | 'off'

const ID_KEY = 'storewalk.push'

/** Can this browser be told anything while the app is closed? */
export function pushPossible(): boolean {
  return 'serviceWorker' in navigator && 'PushManager' in window && 'Notification' in window
}

/** How it stands now. */
export async function pushState(): Promise<PushState> {
  if (!pushPossible()) return 'unsupported'
  if (Notification.permission === 'denied') return 'denied'
  const registration = await navigator.serviceWorker.getRegistration()
  const found = await registration?.pushManager.getSubscription()
  return found && localStorage.getItem(ID_KEY) !== null ? 'on' : 'off'
}

/** Ask for the permission and subscribe. Raises ApiError where the server cannot be reached or refuses. */
export async function turnOn(): Promise<PushState> {
  if (!pushPossible()) return 'unsupported'
  if ((await Notification.requestPermission()) !== 'granted') return 'denied'
  const { public_key } = await request<KeyAnswer>('GET', '/office/push')
  const registration = await navigator.serviceWorker.ready
  const options = { userVisibleOnly: true, applicationServerKey: bytesOf(public_key) }
  // One made with another key, before the server was set up anew, would never be told anything.
  await (await registration.pushManager.getSubscription())?.unsubscribe()
  let made: PushSubscription
  try {
    made = await registration.pushManager.subscribe(options)
  } catch {
    // Browsers without their maker's services name this in many ways.
    return 'unsupported'
  }
  const { endpoint, keys } = made.toJSON()
  try {
    const { id } = await request<{ id: string }>('POST', '/office/push/subscriptions', { body: { endpoint, keys } })
    localStorage.setItem(ID_KEY, id)
    return 'on'
  } catch (error) {
    await made.unsubscribe()
    throw error
  }
}

/** Stop being told. Raises ApiError where the server cannot be reached. */
export async function turnOff(): Promise<PushState> {
  const id = localStorage.getItem(ID_KEY)
  if (id !== null) {
    try {
      await request('DELETE', `/office/push/subscriptions/${id}`)
    } catch (error) {
      // The server has forgotten it already.
      if (!(error instanceof ApiError) || error.status !== 404) throw error
    }
  }
  localStorage.removeItem(ID_KEY)
  const registration = await navigator.serviceWorker.getRegistration()
  await (await registration?.pushManager.getSubscription())?.unsubscribe()
  return 'off'
}

function bytesOf(base64url: string): Uint8Array<ArrayBuffer> {
  const text = atob(base64url.replace(/-/g, '+').replace(/_/g, '/'))
  return Uint8Array.from(text, (char) => char.charCodeAt(0))
}
