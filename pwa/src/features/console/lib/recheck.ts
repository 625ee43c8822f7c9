// Looks again by itself while something on the screen is still being made ready, and no longer.
import { onScopeDispose, watch } from 'vue'

const FIRST_MS = 2_000
const LAST_MS = 30_000

/**
 * Call `load` again and again while `pending` says that something is on its way: soon at first, then less and
 * less often, and not while nobody sees the page. Ends with the component.
 */
export function useRecheck(pending: () => boolean, load: () => Promise<void>): void {
  let timer: ReturnType<typeof setTimeout> | null = null
  let pause = FIRST_MS

  function stop(): void {
    if (timer !== null) clearTimeout(timer)
    timer = null
  }

  function plan(): void {
    stop()
    timer = setTimeout(() => void look(), pause)
  }

  async function look(): Promise<void> {
    timer = null
    pause = Math.min(LAST_MS, pause * 1.5)
    if (document.visibilityState === 'visible') await load()
    if (!ended && pending() && timer === null) plan()
  }

  let ended = false
  watch(pending, (now) => {
    pause = FIRST_MS
    if (now) plan()
    else stop()
  }, { immediate: true })
  onScopeDispose(() => {
    ended = true
    stop()
  })
}
