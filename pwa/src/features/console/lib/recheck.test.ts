import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { effectScope, nextTick, ref } from 'vue'
import { useRecheck } from './recheck'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

it('looks again while something is on its way, ever less often, and stops when it is there', async () => {
  const pending = ref(true)
  const load = vi.fn(async () => undefined)
  const scope = effectScope()
  scope.run(() => useRecheck(() => pending.value, load))
  await vi.advanceTimersByTimeAsync(1_900)
  expect(load).not.toHaveBeenCalled()
  await vi.advanceTimersByTimeAsync(200)
  expect(load).toHaveBeenCalledTimes(1)
  await vi.advanceTimersByTimeAsync(600_000)
  // At most each 30 s once it has taken long.
  expect(load.mock.calls.length).toBeGreaterThan(15)
  expect(load.mock.calls.length).toBeLessThan(30)
  pending.value = false
  await nextTick()
  const before = load.mock.calls.length
  await vi.advanceTimersByTimeAsync(600_000)
  expect(load).toHaveBeenCalledTimes(before)
  // The next thing on its way is looked for soon again.
  pending.value = true
  await nextTick()
  await vi.advanceTimersByTimeAsync(2_100)
  expect(load).toHaveBeenCalledTimes(before + 1)
  scope.stop()
  await vi.advanceTimersByTimeAsync(600_000)
  expect(load).toHaveBeenCalledTimes(before + 1)
})

it('asks for nothing while nobody sees the page', async () => {
  const load = vi.fn(async () => undefined)
  const seen = vi.spyOn(document, 'visibilityState', 'get').mockReturnValue('hidden')
  const scope = effectScope()
  scope.run(() => useRecheck(() => true, load))
  await vi.advanceTimersByTimeAsync(120_000)
  expect(load).not.toHaveBeenCalled()
  seen.mockReturnValue('visible')
  await vi.advanceTimersByTimeAsync(31_000)
  expect(load).toHaveBeenCalled()
  scope.stop()
})
