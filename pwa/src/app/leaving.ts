// The browser asks before a page is closed that is still saving something.
import { watch } from 'vue'
import { unsaved } from '@/kernel/unsaved'

function ask(event: BeforeUnloadEvent): void {
  event.preventDefault()
  // Chrome before 119 asks only for this.
  event.returnValue = true
}

/** Call once, when the app starts; ends with the component. */
export function askBeforeLeaving(): void {
  // Only while there is something to lose: a page that listens is not kept for a quick way back.
  watch(() => unsaved.value > 0, (some) => {
    if (some) window.addEventListener('beforeunload', ask)
    else window.removeEventListener('beforeunload', ask)
  }, { immediate: true, flush: 'sync' })
}
