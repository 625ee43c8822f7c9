import { onScopeDispose, ref, type Ref } from 'vue'

/** The time (ms) as a value that moves on, every `everyMs`. For running clocks and "3 min ago". */
export function useNow(everyMs = 30_000): Readonly<Ref<number>> {
  const now = ref(Date.now())
  const timer = setInterval(() => {
    now.value = Date.now()
  }, everyMs)
  onScopeDispose(() => clearInterval(timer))
  return now
}
