// Where the rep was when they last pressed "locate". Only for sorting the list; never stored, never sent.
import { computed, readonly, ref, shallowRef, type ComputedRef, type Ref } from 'vue'
import { readingOf, type Reading } from '@/features/visits/fix/picker'

const PATIENCE_MS = 15_000
// By then a rep stands somewhere else.
const FORGOTTEN_AFTER_MS = 30 * 60 * 1000

const reading = shallowRef<Reading | null>(null)
const looking = ref(false)

/** The place to sort by, or null. */
export const here: ComputedRef<Reading | null> = computed(() => reading.value)
export const locating: Readonly<Ref<boolean>> = readonly(looking)

/** Take one position, because a button was pressed. Returns whether one was found. */
export async function locate(): Promise<boolean> {
  if (looking.value || !('geolocation' in navigator)) return false
  looking.value = true
  const found = await new Promise<Reading | null>((resolve) => {
    navigator.geolocation.getCurrentPosition(
      (position) => resolve(readingOf(position)),
      () => resolve(null),
      { enableHighAccuracy: true, timeout: PATIENCE_MS, maximumAge: 60_000 },
    )
  })
  looking.value = false
  if (found) seenAt(found)
  return found !== null
}

/** A position that was taken for something else tells the order of the list as well. */
export function seenAt(found: Reading): void {
  reading.value = found
  setTimeout(() => {
    if (reading.value === found) reading.value = null
  }, FORGOTTEN_AFTER_MS)
}
