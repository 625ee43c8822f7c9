// One short sentence at a time, read aloud by screen readers as well.
import { readonly, ref, type Ref } from 'vue'

const SHOWN_MS = 3500

const text = ref('')
let timer: ReturnType<typeof setTimeout> | undefined

/** What is on screen now, or an empty text. */
export const toastText: Readonly<Ref<string>> = readonly(text)

/** Say something that needs no answer, for `shownMs`. */
export function toast(words: string, shownMs: number = SHOWN_MS): void {
  clearTimeout(timer)
  text.value = words
  timer = setTimeout(() => {
    text.value = ''
  }, shownMs)
}
