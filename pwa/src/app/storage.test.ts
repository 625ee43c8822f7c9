import { afterEach, expect, it, vi } from 'vitest'
import { askToPersist, levelOf, storageState } from './storage'

const MIB = 1024 * 1024

afterEach(() => vi.unstubAllGlobals())

it.each<[string, number, number, 'ok' | 'low']>([
  // why                       used MiB  quota MiB  level
  ['room enough', 100, 10_000, 'ok'],
  ['four fifths are used', 8_000, 10_000, 'low'],
  ['less than 200 MB is free', 700, 880, 'low'],
  ['just enough is free', 650, 880, 'ok'],
  ['the browser says nothing', 0, 0, 'ok'],
])('%s', (_why, used, quota, level) => {
  expect(levelOf({ used: used * MIB, quota: quota * MIB, persisted: false })).toBe(level)
})

it('asks for a promise once, and takes a refusal', async () => {
  const persist = vi.fn(async () => true)
  const storage = (persisted: boolean, ask: () => Promise<boolean>) =>
    vi.stubGlobal('navigator', { storage: { persisted: async () => persisted, persist: ask, estimate: async () => ({ usage: 1, quota: 2 }) } })
  storage(true, persist)
  expect([await askToPersist(), persist.mock.calls.length]).toEqual([true, 0])
  storage(false, persist)
  expect([await askToPersist(), persist.mock.calls.length]).toEqual([true, 1])
  storage(false, async () => { throw new TypeError('no') })
  expect(await askToPersist()).toBe(false)
  expect(await storageState()).toEqual({ used: 1, quota: 2, persisted: false })
  vi.stubGlobal('navigator', {})
  expect([await askToPersist(), await storageState(), levelOf(null)]).toEqual([false, null, 'ok'])
})
