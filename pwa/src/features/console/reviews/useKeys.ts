// Single keys as shortcuts. They can be switched off: whoever dictates or mistypes must not decide by it.
import { onBeforeUnmount, onMounted, ref, type Ref } from 'vue'

const STORED = 'storewalk-review-keys'
const TYPING = 'input, textarea, select, [contenteditable=true], [role=combobox], [role=dialog], dialog'

/** Whether single keys do anything, on this device. */
export const keysOn: Ref<boolean> = ref(read())

export function setKeysOn(on: boolean): void {
  keysOn.value = on
  try {
    localStorage.setItem(STORED, on ? 'on' : 'off')
  } catch {
    // A browser that keeps nothing keeps it for this page.
  }
}

function read(): boolean {
  try {
    return localStorage.getItem(STORED) !== 'off'
  } catch {
    return true
  }
}

/** Call the action of a key pressed anywhere but in a field or dialog. '?' works also when switched off. */
export function useKeys(actions: Record<string, () => void>): void {
  function press(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || event.defaultPrevented) return
    if (event.target instanceof Element && event.target.closest(TYPING)) return
    // A dialog that is open owns the keyboard, wherever the focus is.
    if (document.querySelector('dialog[open], .el-overlay:not([style*="display: none"]) [role=dialog]')) return
    const action = actions[event.key.length === 1 ? event.key.toLowerCase() : event.key]
    if (!action || (!keysOn.value && event.key !== '?')) return
    event.preventDefault()
    action()
  }
  onMounted(() => window.addEventListener('keydown', press))
  onBeforeUnmount(() => window.removeEventListener('keydown', press))
}
