// Who is logged in on this phone. The app opens offline for that person; their database is theirs alone.
import { readonly, ref, type Ref } from 'vue'
import { version } from '../../package.json'
import { Db } from '../db/schema'
import { request } from '../kernel/http'
import { newId } from '../kernel/ids'
import { DEFAULT_ORGANISATION, type Me, type Organisation, type User } from '../kernel/me'
import { ApiError } from '../kernel/problem'
import { backlog } from '../sync/outbox'

export type { Organisation, User } from '../kernel/me'

/** Sent with each push, so that the office sees who runs an old one. */
export const appVersion: string = version

const USER_KEY = 'storewalk.user'
/** New with each log-in: other tabs are told of a value only when it changes, and the person may be the same. */
const LOGIN_KEY = 'storewalk.login'
const ORGANISATION_KEY = 'storewalk.organisation'
const DEVICE_KEY = 'storewalk.device'
const LOGOUT_KEY = 'storewalk.logout_pending'
const LOGOUT_TIMEOUT_MS = 5_000

/** There is work that only this phone has; logging out needs a second word. */
export class UnsentWork extends Error {
  override readonly name = 'UnsentWork'

  constructor(readonly count: number) {
    super(`${count} items are not sent yet`)
  }
}

/** Nobody is logged in. */
export class NotLoggedIn extends Error {
  override readonly name = 'NotLoggedIn'
}

const user = ref<User | null>(stored<User>(USER_KEY))
const rules = ref<Organisation>({ ...DEFAULT_ORGANISATION, ...stored<Organisation>(ORGANISATION_KEY) })
let open: Db | null = null

/** The person whose records the screens show. */
export const currentUser: Readonly<Ref<User | null>> = readonly(user)

/** The organisation's rules as last heard. */
export const organisation: Readonly<Ref<Organisation>> = readonly(rules)

/** The server no longer takes us for this person. Their queue waits; logging in again sends it. */
export const authNeeded: Ref<boolean> = ref(false)

/**
 * Log in. The same person's queue goes on; another person gets a database of their own.
 * Raises ApiError: `auth` with the problem wrong_credentials, `transient` with rate_limited, `offline`, ...
 */
export async function login(username: string, password: string): Promise<User> {
  await sendPendingLogout()
  const answer = await request<{ user: User }>('POST', '/session', {
    body: { username: username.trim(), password, client: 'cookie', device_id: deviceId() },
  })
  const now = whoIs(answer.user)
  localStorage.removeItem(LOGOUT_KEY)
  localStorage.setItem(USER_KEY, JSON.stringify(now))
  localStorage.setItem(LOGIN_KEY, newId())
  user.value = now
  authNeeded.value = false
  return now
}

/**
 * Follow what other tabs of this browser do: a log-in there is one here, and so is a log-out, for all share one
 * cookie. Call once, when the app starts; returns how to end it.
 */
export function hearOtherTabs(): () => void {
  const hear = ({ key }: StorageEvent) => {
    // No key: all of the storage was cleared.
    if (key !== USER_KEY && key !== LOGIN_KEY && key !== null) return
    const now = stored<User>(USER_KEY)
    if (JSON.stringify(now) !== JSON.stringify(user.value)) user.value = now
    authNeeded.value = false
  }
  window.addEventListener('storage', hear)
  return () => window.removeEventListener('storage', hear)
}

/**
 * Log out, offline too. Raises UnsentWork where something waits and `force` is false. With force it stays on
 * the phone, closed to everybody but its author.
 */
export async function logout({ force }: { force: boolean }): Promise<void> {
  const count = user.value ? await unsentCount() : 0
  if (count > 0 && !force) throw new UnsentWork(count)
  localStorage.setItem(LOGOUT_KEY, '1')
  localStorage.removeItem(USER_KEY)
  user.value = null
  authNeeded.value = false
  await sendPendingLogout()
}

/** How many records and files wait, parked ones included. 0 when nobody is logged in. */
export async function unsentCount(): Promise<number> {
  if (!user.value) return 0
  const waiting = await backlog(openDb())
  return waiting.ops + waiting.uploads
}

/** The database of the person who is logged in. Raises NotLoggedIn. */
export function openDb(): Db {
  if (!user.value) throw new NotLoggedIn('nobody is logged in')
  // The database before stays open: the answer to a request on its way is still written down there.
  if (open?.userId !== user.value.id) open = new Db(user.value.id)
  return open
}

/** This browser's own id, made once. */
export function deviceId(): string {
  const kept = localStorage.getItem(DEVICE_KEY)
  if (kept) return kept
  const made = newId()
  localStorage.setItem(DEVICE_KEY, made)
  return made
}

/** The server has said who it takes us for: keep the rules, and notice when it means somebody else. */
export function tookMe(me: Me): void {
  rules.value = { ...DEFAULT_ORGANISATION, ...me.organisation }
  localStorage.setItem(ORGANISATION_KEY, JSON.stringify(rules.value))
  if (me.user.id !== user.value?.id) return
  // The log-in may have been renewed in another tab.
  authNeeded.value = false
  const now = whoIs(me.user)
  if (JSON.stringify(now) === JSON.stringify(user.value)) return
  user.value = now
  localStorage.setItem(USER_KEY, JSON.stringify(now))
}

/** End the session of the person before on the server too, when there is a network. */
async function sendPendingLogout(): Promise<void> {
  if (localStorage.getItem(LOGOUT_KEY) === null) return
  try {
    // Awaited, and soon given up: an answer that came after the next log-in would take its cookie away.
    await request('DELETE', '/session', { timeout_ms: LOGOUT_TIMEOUT_MS })
  } catch (error) {
    // 401: it has ended already. Without a network it stays pending for the next log-in.
    if (!(error instanceof ApiError) || error.kind !== 'auth') return
  }
  localStorage.removeItem(LOGOUT_KEY)
}

function whoIs({ id, username, name, role, region_id, region_name, locale }: User): User {
  return { id, username, name, role, region_id, region_name, locale }
}

function stored<T>(key: string): T | null {
  try {
    return JSON.parse(localStorage.getItem(key) ?? 'null') as T | null
  } catch {
    return null // not ours, or cut off: log in again
  }
}
