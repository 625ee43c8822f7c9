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

it('goes on without the lock where the browser takes it away in the midst of a run', async () => {
  let lose: (error: Error) => void = () => undefined
  withLocks((_name, _options, run) => new Promise((_resolve, reject) => {
    lose = reject
    void run({})
  }))
  let runs = 0
  let finish: (word: string) => void = () => undefined
  const ran = browserSurroundings().exclusively('a', () => {
    runs += 1
    return new Promise((resolve) => {
      finish = resolve
    })
  })
  lose(new DOMException('released', 'AbortError'))
  finish('done')
  expect(await ran).toBe('done')
  expect(runs).toBe(1)
})

it('says once when another tab has given the lock back, unless that is not wanted any more', async () => {
  let grant: () => void = () => undefined
  const asked: object[] = []
  withLocks((_name, options, run) => new Promise((resolve, reject) => {
    asked.push(options)
    grant = () => resolve(run({}))
    ;(options as { signal: AbortSignal }).signal.addEventListener('abort', () => reject(new DOMException('', 'AbortError')))
  }))
  const free = vi.fn()
  browserSurroundings().whenFree('a', free)
  expect(asked).toEqual([{ signal: expect.any(AbortSignal) }])
  expect(free).not.toHaveBeenCalled()
  grant()
  await vi.waitFor(() => expect(free).toHaveBeenCalledTimes(1))
  browserSurroundings().whenFree('a', free)()
  await new Promise((resolve) => setTimeout(resolve))
  expect(free).toHaveBeenCalledTimes(1)
  vi.stubGlobal('navigator', {})
  expect(browserSurroundings().whenFree('a', free)()).toBeUndefined()
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
