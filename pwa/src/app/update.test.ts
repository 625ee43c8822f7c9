import 'fake-indexeddb/auto'
import { effectScope, nextTick, ref, type EffectScope } from 'vue'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { aPhoto, freshDb } from '@/db/testing'
import type { PhotoProcessor } from '@/features/photos/process'
import type * as Intake from '@/features/photos/usePhotoIntake'
import type * as Visits from '@/features/visits/actions'
import type * as Leaving from './leaving'
import type * as Update from './update'

/** Longer than the page waits for quiet. */
const A_WHILE_MS = 1_000

let update: typeof Update
let page: typeof Intake & typeof Visits & typeof Leaving
let workers: EventTarget & { controller: object | null }
let registration: EventTarget & { waiting: { postMessage: () => void } | null; update: () => Promise<void> }
let scope: EffectScope
const reload = vi.fn()
const visit = ref(false)

beforeEach(async () => {
  vi.resetModules()
  update = await import('./update')
  const parts = [import('@/features/photos/usePhotoIntake'), import('@/features/visits/actions'), import('./leaving')] as const
  const [intake, visits, leaving] = await Promise.all(parts)
  page = { ...intake, ...visits, ...leaving }
  scope = effectScope()
  visit.value = false
  registration = Object.assign(new EventTarget(), { waiting: { postMessage: vi.fn() }, update: vi.fn(async () => undefined) })
  workers = Object.assign(new EventTarget(), { controller: {}, register: async () => registration })
  vi.stubGlobal('navigator', { serviceWorker: workers })
  vi.spyOn(window.location, 'reload').mockImplementation(reload)
  reload.mockClear()
  await scope.run(() => {
    page.askBeforeLeaving()
    return update.startUpdates(() => visit.value)
  })
})
afterEach(() => {
  scope.stop()
  vi.unstubAllGlobals()
})

const aWhile = () => new Promise((resolve) => setTimeout(resolve, A_WHILE_MS))
/** Another tab has let the new version take over. */
const replaced = () => workers.dispatchEvent(new Event('controllerchange'))

/** Begin to make a picture, no visit being open; it is ready once `finish` is called. */
async function pictureInTheMaking() {
  const db = freshDb()
  const visit_id = await page.checkIn(db, { store_id: 's', fix: null, reason: null, planned: false })
  const ready = { ...(await aPhoto(visit_id)), mime: 'image/jpeg' as const }
  let finish = (): void => undefined
  const slow: PhotoProcessor = {
    process: () => new Promise((resolve) => { finish = () => resolve(ready) }),
    close: () => undefined,
  }
  const target = { visit_id, office_check_in_id: null, lines: [], time_zone: 'Asia/Shanghai' }
  const intake = scope.run(() => page.usePhotoIntake(db, () => target, slow))!
  return { db, added: intake.add(new Blob(['x']), 'shelf', 'file'), finish: () => finish() }
}

it('follows a new version at once where nothing is in the making', async () => {
  replaced()
  await vi.waitFor(() => expect(reload).toHaveBeenCalledOnce())
})

it('waits for the visit, and for the screens to hear of one that has just begun', async () => {
  visit.value = true
  replaced()
  await aWhile()
  visit.value = false
  await nextTick()
  visit.value = true
  await aWhile()
  expect(reload).not.toHaveBeenCalled()
  visit.value = false
  await vi.waitFor(() => expect(reload).toHaveBeenCalledOnce(), A_WHILE_MS)
})

it('does not reload while a picture is being made, and offers nothing', async () => {
  const { db, added, finish } = await pictureInTheMaking()
  expect(update.updateOffered.value).toBe(false)
  expect(update.applyUpdate()).toBe(false)
  expect(await update.updateNow()).toBe('unsaved')
  replaced()
  await aWhile()
  expect(reload).not.toHaveBeenCalled()
  finish()
  expect(await added).not.toBeNull()
  expect(await db.photos.count()).toBe(1)
  await vi.waitFor(() => expect(reload).toHaveBeenCalledOnce(), A_WHILE_MS)
})

it('has the browser ask before a page is closed that makes pictures', async () => {
  const asked = () => !window.dispatchEvent(new Event('beforeunload', { cancelable: true }))
  expect(asked()).toBe(false)
  const { added, finish } = await pictureInTheMaking()
  expect(asked()).toBe(true)
  finish()
  await added
  expect(asked()).toBe(false)
})

it('counts a save on its way to the disk', async () => {
  const saved = page.checkIn(freshDb(), { store_id: 's', fix: null, reason: null, planned: false })
  expect(update.applyUpdate()).toBe(false)
  await saved
  expect(update.applyUpdate()).toBe(true)
})

it('looks for a new version once an hour, also after the clock was set back', () => {
  vi.useFakeTimers({ toFake: ['Date'], now: new Date('2026-11-23T09:00:00Z') })
  const shownAt = (time: string) => {
    vi.setSystemTime(new Date(time))
    document.dispatchEvent(new Event('visibilitychange'))
    return vi.mocked(registration.update).mock.calls.length
  }
  shownAt('2026-11-23T11:00:00Z')
  const checked = vi.mocked(registration.update).mock.calls.length
  expect(shownAt('2026-11-23T11:59:00Z')).toBe(checked)
  expect(shownAt('2026-11-20T08:00:00Z')).toBe(checked + 1)
  expect(shownAt('2026-11-20T08:30:00Z')).toBe(checked + 1)
  expect(shownAt('2026-11-20T09:00:00Z')).toBe(checked + 2)
  vi.useRealTimers()
})
