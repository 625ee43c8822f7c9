// Queries of the local database that follow it: a screen shows what is on the phone, always.
import { onScopeDispose, shallowRef, watch, type Ref, type WatchSource } from 'vue'
import { follow, sameParts } from '../db/follow'

/**
 * The answer of a query, asked again whenever the local database changes (by another tab or the sync, too) or
 * one of `watched` does. `initial` stands there until the first answer. Parts of the answer that did not change
 * stay the same objects. Ends with the component.
 */
export function useLive<T>(
  query: () => Promise<T>, initial: T, watched: WatchSource | WatchSource[] = [],
): Readonly<Ref<T>> {
  const answer = shallowRef<T>(initial)
  let stop: () => void = () => undefined

  function start(): void {
    stop()
    stop = follow(query, (found) => {
      answer.value = sameParts(answer.value, found)
    })
  }

  start()
  watch(watched, start)
  onScopeDispose(() => stop())
  return answer
}
