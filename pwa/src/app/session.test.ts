import 'fake-indexeddb/auto'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { checkIn } from '../features/visits/actions'
import type { Me, User } from '../kernel/me'
import { DEFAULT_ORGANISATION } from '../kernel/me'
import type * as Session from './session'

let people = 0
let ann: User
let bob: User
let session: typeof Session
let network: boolean
let calls: string[]
let loggedIn: User | null

/** A page of the app: its memory is new, the phone's is not. */
async function openPage(): Promise<void> {
  vi.resetModules()
  session = await import('./session')
}

function person(name: string): User {
  people += 1
  return { id: `person-${people}`, username: name, name, role: 'rep', region_id: 'r', region_name: 'R', locale: 'zh-CN' }
}

function answer(status: number, body: unknown): Response {
  return new Response(status === 204 ? null : JSON.stringify(body), { status, headers: { 'Content-Type': 'application/problem+json' } })
}

beforeEach(async () => {
  localStorage.clear()
  ann = person('ann')
  bob = person('bob')
  network = true
  calls = []
  loggedIn = null
  vi.stubGlobal('fetch', async (url: string, init: RequestInit) => {
    if (!network) throw new TypeError('no network')
    calls.push(`${init.method} ${url}`)
    if (init.method === 'DELETE') {
      const was = loggedIn
      loggedIn = null
      return was ? answer(204, null) : answer(401, { code: 'unauthenticated', title: 'x' })
    }
    const { username, password } = JSON.parse(String(init.body)) as { username: string; password: string }
    const found = [ann, bob].find((one) => one.username === username)
    if (!found || password !== 'right') return answer(401, { code: 'wrong_credentials', title: 'x' })
    loggedIn = found
    return answer(200, { user: { ...found, phone: '139' }, expires_at: '' })
  })
  await openPage()
})
afterEach(() => vi.unstubAllGlobals())

const work = () => checkIn(session.openDb(), { store_id: 's', fix: null, reason: null, planned: false })

describe('logging in', () => {
  it('opens the person\'s own database, also offline after a restart', async () => {
    expect(await session.login(' ann ', 'right')).toEqual(ann)
    expect(session.openDb().userId).toBe(ann.id)
    network = false
    await openPage()
    expect(session.currentUser.value).toEqual(ann)
    expect(session.openDb().name).toBe(`storewalk-${ann.id}`)
  })

  it('with a wrong password changes nothing', async () => {
    await session.login('ann', 'right')
    await expect(session.login('bob', 'wrong')).rejects.toMatchObject({ kind: 'auth', problem: { code: 'wrong_credentials' } })
    expect(session.currentUser.value?.id).toBe(ann.id)
  })

  it('as another person shows nothing of the first one\'s queue, which stays', async () => {
    await session.login('ann', 'right')
    await work()
    await session.login('bob', 'right')
    expect(await session.unsentCount()).toBe(0)
    expect(await session.openDb().visits.count()).toBe(0)
    await session.login('ann', 'right')
    expect(await session.unsentCount()).toBe(1)
  })

  it('anew after the session ended goes on with the queue', async () => {
    await session.login('ann', 'right')
    await work()
    session.authNeeded.value = true
    await session.login('ann', 'right')
    expect(session.authNeeded.value).toBe(false)
    expect(await session.unsentCount()).toBe(1)
  })
})

describe('logging out', () => {
  it('is refused while something is unsent, unless it is meant', async () => {
    await session.login('ann', 'right')
    await work()
    await expect(session.logout({ force: false })).rejects.toMatchObject({ name: 'UnsentWork', count: 1 })
    expect(session.currentUser.value?.id).toBe(ann.id)
    await session.logout({ force: true })
    expect(session.currentUser.value).toBeNull()
    expect(() => session.openDb()).toThrow(session.NotLoggedIn)
    await session.login('ann', 'right')
    expect(await session.unsentCount()).toBe(1)
  })

  it('works offline; the server hears of it before the next log-in', async () => {
    await session.login('ann', 'right')
    network = false
    await session.logout({ force: false })
    await openPage()
    expect(session.currentUser.value).toBeNull()
    network = true
    calls = []
    await session.login('bob', 'right')
    expect(calls).toEqual(['DELETE /api/v1/session', 'POST /api/v1/session'])
    calls = []
    await session.login('bob', 'right')
    expect(calls).toEqual(['POST /api/v1/session'])
  })
})

describe('what the server says of us', () => {
  const me = (user: User): Me => ({ user, regions: [], organisation: { ...DEFAULT_ORGANISATION, radius_m: 120 }, server_time: '' })

  it('renews name and rules, and lasts over a restart', async () => {
    await session.login('ann', 'right')
    session.tookMe(me({ ...ann, name: 'Ann B.' }))
    await openPage()
    expect(session.currentUser.value?.name).toBe('Ann B.')
    expect(session.organisation.value.radius_m).toBe(120)
  })

  it('never turns one person into another', async () => {
    await session.login('ann', 'right')
    session.authNeeded.value = true
    session.tookMe(me(bob))
    expect(session.currentUser.value?.id).toBe(ann.id)
    expect(session.authNeeded.value).toBe(true)
    session.tookMe(me(ann))
    expect(session.authNeeded.value).toBe(false)
  })
})

describe('two tabs', () => {
  let here: typeof Session
  let end: () => void

  /** What another tab does, heard here as browsers tell it: one event for each value that has changed. */
  async function elsewhere(work: (there: typeof Session) => Promise<unknown>): Promise<void> {
    await openPage()
    const values = () => new Map(Object.keys(localStorage).map((key) => [key, localStorage.getItem(key)]))
    const before = values()
    await work(session)
    const after = values()
    for (const key of new Set([...before.keys(), ...after.keys()])) {
      if (before.get(key) !== after.get(key)) window.dispatchEvent(new StorageEvent('storage', { key }))
    }
  }

  beforeEach(async () => {
    await session.login('ann', 'right')
    here = session
    end = here.hearOtherTabs()
  })
  afterEach(() => end())

  it('go on together once the person has logged in again in one of them', async () => {
    here.authNeeded.value = true
    await elsewhere((there) => there.login('ann', 'right'))
    expect(here.authNeeded.value).toBe(false)
    expect(here.currentUser.value?.id).toBe(ann.id)
  })

  it('are left together', async () => {
    await elsewhere((there) => there.logout({ force: false }))
    expect(here.currentUser.value).toBeNull()
    expect(() => here.openDb()).toThrow(here.NotLoggedIn)
  })

  it('show the same person', async () => {
    await elsewhere((there) => there.login('bob', 'right'))
    expect(here.openDb().userId).toBe(bob.id)
    expect(here.authNeeded.value).toBe(false)
  })

  it('do not take a wrong password, or anything else, for a log-in', async () => {
    here.authNeeded.value = true
    await elsewhere((there) => there.login('ann', 'wrong').catch(() => localStorage.setItem('storewalk.language', 'en')))
    expect(here.authNeeded.value).toBe(true)
  })
})

it('a phone has one id, whoever uses it', async () => {
  const id = session.deviceId()
  await session.login('ann', 'right')
  await openPage()
  expect(session.deviceId()).toBe(id)
})
