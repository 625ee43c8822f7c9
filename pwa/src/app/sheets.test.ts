import { afterEach, beforeEach, describe, expect, it, vi, type Mock } from 'vitest'
import { createRouter, createWebHistory, type Router } from 'vue-router'
import { guardSheets, pushSheet } from './sheets'

const Screen = { render: () => null }
let router: Router

beforeEach(async () => {
  document.body.innerHTML = '<div id="app"></div>'
  router = createRouter({
    history: createWebHistory('/'),
    routes: [{ path: '/', component: Screen }, { path: '/a', component: Screen }, { path: '/b', component: Screen }],
  })
  guardSheets(router)
  await router.push('/')
  await router.push('/a')
})

afterEach(() => {
  for (const release of releases.splice(0)) release()
})

const releases: (() => void)[] = []
/** A sheet that takes itself away when it is closed, as the real one does. */
function sheet(): Mock<() => void> {
  const close = vi.fn<() => void>(() => release())
  const release = pushSheet(close)
  releases.push(release)
  return close
}

describe('sheets', () => {
  it('make what lies below unreachable while one is open', () => {
    const app = document.getElementById('app')
    const first = sheet()
    sheet()
    expect(app?.hasAttribute('inert')).toBe(true)
    first()
    expect(app?.hasAttribute('inert')).toBe(true)
    for (const release of releases) release()
    expect(app?.hasAttribute('inert')).toBe(false)
  })

  it('close one by one with the back key, and only then the page is left', async () => {
    const below = sheet()
    const top = sheet()
    // What the browser does on the back key: it goes to the earlier entry and asks the router afterwards.
    vi.spyOn(window.history, 'state', 'get').mockReturnValue({ position: 0 })
    await router.push('/').catch(() => undefined)
    expect(top).toHaveBeenCalledOnce()
    expect(below).not.toHaveBeenCalled()
    expect(router.currentRoute.value.path).toBe('/a')
    await router.push('/')
    expect(below).toHaveBeenCalledOnce()
    expect(router.currentRoute.value.path).toBe('/a')
    await router.push('/')
    expect(router.currentRoute.value.path).toBe('/')
  })

  it('all close on the way forward', async () => {
    const closes = [sheet(), sheet()]
    await router.push('/b')
    for (const close of closes) expect(close).toHaveBeenCalledOnce()
    expect(router.currentRoute.value.path).toBe('/b')
  })
})
