import { effectScope } from 'vue'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { useFix, type FixSearch } from './useFix'

type Found = (position: GeolocationPosition) => void
type Failed = (error: GeolocationPositionError) => void

let found: Found
let failed: Failed
const clearWatch = vi.fn()
const watchPosition = vi.fn((onFound: Found, onFailed: Failed) => {
  found = onFound
  failed = onFailed
  return 7
})
const at = (accuracy: number) =>
  found({ coords: { latitude: 31.3, longitude: 120.6, accuracy }, timestamp: Date.now() } as GeolocationPosition)

let scope: ReturnType<typeof effectScope>
let search: FixSearch

beforeEach(() => {
  vi.useFakeTimers()
  clearWatch.mockClear()
  watchPosition.mockClear()
  Object.defineProperty(navigator, 'geolocation', { configurable: true, value: { watchPosition, clearWatch } })
  scope = effectScope()
  scope.run(() => {
    search = useFix(() => 20)
  })
})

afterEach(() => {
  scope.stop()
  vi.useRealTimers()
})

describe('useFix', () => {
  it('reads nothing before it is asked to', () => {
    expect(watchPosition).not.toHaveBeenCalled()
  })

  it('counts down, keeps the best reading and stops', () => {
    search.start()
    at(80)
    at(25)
    at(60)
    vi.advanceTimersByTime(5000)
    expect(search.state.value).toBe('looking')
    expect(search.seconds_left.value).toBe(15)
    vi.advanceTimersByTime(15_000)
    expect(search.state.value).toBe('found')
    expect(search.best.value?.accuracy_m).toBe(25)
    expect(clearWatch).toHaveBeenCalledWith(7)
  })

  it('says when nothing came, and goes on waiting after a timeout of the chip', () => {
    search.start()
    failed({ code: 3 } as GeolocationPositionError)
    expect(search.state.value).toBe('looking')
    vi.advanceTimersByTime(20_000)
    expect(search.state.value).toBe('nothing')
  })

  it('stops at once when the person says no', () => {
    search.start()
    failed({ code: 1 } as GeolocationPositionError)
    expect(search.state.value).toBe('denied')
    expect(clearWatch).toHaveBeenCalledWith(7)
  })

  it('ends with the screen that asked', () => {
    search.start()
    scope.stop()
    expect(clearWatch).toHaveBeenCalledWith(7)
  })
})
