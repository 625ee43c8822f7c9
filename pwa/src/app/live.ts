// Queries of the local database that follow it: a screen shows what is on the phone, always.
import { liveQuery, type Subscription } from 'dexie'
import { onScopeDispose, shallowRef, watch, type Ref, type WatchSource } from 'vue'

/**
 * The answer of a query, asked again whenever rows that it read change (by another tab or the sync, too) or
 * one of `watched` does. `initial` stands there until the first answer. Ends with the component.
 */
export function useLive<T>(
  query: () => Promise<T>, initial: T, watched: WatchSource | WatchSource[] = [],
): Readonly<Ref<T>> {
  const answer = shallowRef<T>(initial)
  let watching: Subscription | null = null

  function subscribe(): void {
    watching?.unsubscribe()
    watching = liveQuery(query).subscribe({
      next: (found) => {
        answer.value = found
      },
      error: (error: unknown) => console.error('A query of the local database failed:', error),
    })
  }

  subscribe()
  watch(watched, subscribe)
  onScopeDispose(() => watching?.unsubscribe())
  return answer
}
