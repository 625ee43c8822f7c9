// Work in the making: pictures being made ready, saves on their way to the disk. It lives in this page alone, and
// is lost with it.
import { readonly, ref, type Ref } from 'vue'

const count = ref(0)

/** How much of it there is. */
export const unsaved: Readonly<Ref<number>> = readonly(count)

/** Do `work`, counted from now until it has ended. Resolves and rejects as it does. */
export async function whileUnsaved<T>(work: () => Promise<T>): Promise<T> {
  count.value += 1
  try {
    return await work()
  } finally {
    count.value -= 1
  }
}
