// Looks for the best position for some seconds, on the rep's explicit action, and then stops.
import { onScopeDispose, ref, shallowRef, type Ref } from 'vue'
import { better, readingOf, type Reading } from './picker'

export type FixState = 'idle' | 'looking' | 'found' | 'nothing' | 'denied' | 'unavailable'

export interface FixSearch {
  state: Readonly<Ref<FixState>>
  /** The best reading so far. */
  best: Readonly<Ref<Reading | null>>
  seconds_left: Readonly<Ref<number>>
  /** Begin, or begin again; the best reading is kept until a better one comes. */
  start(): void
  /** Stop looking. Nothing reads the position after this. */
  stop(): void
}

const PERMISSION_DENIED = 1

/** A search of `seconds`. It ends with the component that asked for it. */
export function useFix(seconds: () => number): FixSearch {
  const state = ref<FixState>('idle')
  const best = shallowRef<Reading | null>(null)
  const secondsLeft = ref(0)
  let watching: number | null = null
  let ticking: ReturnType<typeof setInterval> | null = null

  function start(): void {
    stop()
    if (!('geolocation' in navigator)) {
      state.value = 'unavailable'
      return
    }
    state.value = 'looking'
    const endsAt = performance.now() + seconds() * 1000
    secondsLeft.value = seconds()
    watching = navigator.geolocation.watchPosition(onPosition, onError, {
      enableHighAccuracy: true,
      maximumAge: 0,
      timeout: seconds() * 1000,
    })
    ticking = setInterval(() => {
      secondsLeft.value = Math.max(0, Math.ceil((endsAt - performance.now()) / 1000))
      if (secondsLeft.value === 0) stop()
    }, 250)
  }

  function stop(): void {
    if (watching !== null) navigator.geolocation.clearWatch(watching)
    if (ticking !== null) clearInterval(ticking)
    watching = null
    ticking = null
    if (state.value === 'looking') state.value = best.value ? 'found' : 'nothing'
  }

  function onPosition(position: GeolocationPosition): void {
    const reading = readingOf(position)
    if (reading) best.value = better(best.value, reading)
  }

  function onError(error: GeolocationPositionError): void {
    // No signal yet is no reason to stop: indoors the first reading often comes late.
    if (error.code !== PERMISSION_DENIED) return
    stop()
    state.value = 'denied'
  }

  onScopeDispose(stop)
  return { state, best, seconds_left: secondsLeft, start, stop }
}
