import { afterEach, expect, it, vi } from 'vitest'
import { browserSurroundings } from './surroundings'

afterEach(() => {
  vi.unstubAllGlobals()
})

function withLocks(request: (name: string, options: object, work: (lock: object | null) => unknown) => Promise<unknown>): void {
  vi.stubGlobal('navigator', { locks: { request } })
}

const work = async () => 'done'

it('runs under the lock, and not at all where another tab has it', async () => {
  withLocks(async (_name, _options, run) => run({}))
  expect(await browserSurroundings().exclusively('a', work)).toBe('done')
  withLocks(async (_name, _options, run) => run(null))
  expect(await browserSurroundings().exclusively('a', work)).toBeNull()
})

it('runs without a lock where the browser has none, or refuses it', async () => {
  vi.stubGlobal('navigator', {})
  expect(await browserSurroundings().exclusively('a', work)).toBe('done')
  withLocks(() => Promise.reject(new DOMException('no', 'SecurityError')))
  expect(await browserSurroundings().exclusively('a', work)).toBe('done')
})

it('does not run twice what failed under the lock', async () => {
  withLocks(async (_name, _options, run) => run({}))
  let runs = 0
  await expect(browserSurroundings().exclusively('a', async () => {
    runs += 1
    throw new Error('its own')
  })).rejects.toThrow('its own')
  expect(runs).toBe(1)
})
