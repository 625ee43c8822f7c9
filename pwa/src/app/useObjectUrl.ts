// An address for bytes on the phone, given back when the bytes change or the component goes.
import { onScopeDispose, shallowRef, watch, type ShallowRef } from 'vue'

/** `bytes` is read reactively; null gives null. */
export function useObjectUrl(
  bytes: () => ArrayBuffer | Blob | null | undefined,
  mime: string,
): Readonly<ShallowRef<string | null>> {
  const url = shallowRef<string | null>(null)
  const release = () => {
    if (url.value) URL.revokeObjectURL(url.value)
    url.value = null
  }
  watch(bytes, (found) => {
    release()
    if (found) url.value = URL.createObjectURL(found instanceof Blob ? found : new Blob([found], { type: mime }))
  }, { immediate: true })
  onScopeDispose(release)
  return url
}
