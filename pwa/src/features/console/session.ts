// Who is logged in to the console. Nothing is kept on the device: the cookie decides.
import { computed, shallowRef, type ComputedRef } from 'vue'
import { ApiProblem, get, post, request } from './api'
import type { Me, Person, Region } from './types'

const current = shallowRef<Me | null>(null)

/** The logged-in person with regions, rules and map; null before log-in. */
export const me: ComputedRef<Me | null> = computed(() => current.value)
export const isOffice: ComputedRef<boolean> = computed(() => current.value?.user.role === 'office')
export const regions: ComputedRef<Region[]> = computed(() => current.value?.regions ?? [])
export const timeZone: ComputedRef<string> = computed(
  () => current.value?.organisation.time_zone ?? 'Asia/Shanghai',
)

// How far the server's clock is ahead of this machine's: laptops are set wrong more often than servers.
let aheadMs = 0

/** Now, by the server's clock. */
export const now = (): Date => new Date(Date.now() + aheadMs)

/** Ask the server who this is. Null when nobody is logged in. Raises ApiProblem for other failures. */
export async function loadMe(): Promise<Me | null> {
  try {
    const answer = await get<Me>('/me')
    aheadMs = Date.parse(answer.server_time) - Date.now()
    current.value = answer
  } catch (error) {
    if (!(error instanceof ApiProblem) || error.status !== 401) throw error
    current.value = null
  }
  return current.value
}

/** Log in with a cookie session. Raises ApiProblem: wrong_credentials, rate_limited, offline. */
export async function logIn(username: string, password: string): Promise<Person> {
  const answer = await post<{ user: Person }>('/session', { username, password, client: 'cookie' })
  current.value = null
  return answer.user
}

/** Revoke the session. Raises ApiProblem when the server cannot be reached: the cookie still works then. */
export async function logOut(): Promise<void> {
  try {
    await request('DELETE', '/session')
  } catch (error) {
    if (!(error instanceof ApiProblem) || error.status !== 401) throw error
  }
  forgetMe()
}

/** The session has ended elsewhere. */
export function forgetMe(): void {
  current.value = null
}
