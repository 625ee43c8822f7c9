// Loading for a screen: the newest wish wins, older answers are aborted and never shown.
import { onScopeDispose, ref, shallowRef, type Ref, type ShallowRef } from 'vue'
import { ApiProblem, get, isAbort, type Query } from '../api'
import type { Page } from '../types'

export interface Loaded<T> {
  data: ShallowRef<T | null>
  problem: ShallowRef<ApiProblem | null>
  loading: Ref<boolean>
  /** Ask (again). What was shown stays until the answer is here. */
  load: () => Promise<void>
}

/** One answer of the API, kept with its state. Call load() to begin. */
export function useLoad<T>(ask: (signal: AbortSignal) => Promise<T>): Loaded<T> {
  const data = shallowRef<T | null>(null)
  const problem = shallowRef<ApiProblem | null>(null)
  const loading = ref(false)
  let running: AbortController | null = null

  async function load(): Promise<void> {
    running?.abort()
    const mine = (running = new AbortController())
    loading.value = true
    try {
      const answer = await ask(mine.signal)
      if (mine !== running) return
      data.value = answer
      problem.value = null
    } catch (error) {
      if (mine !== running || isAbort(error)) return
      if (!(error instanceof ApiProblem)) throw error
      problem.value = error
    } finally {
      if (mine === running) loading.value = false
    }
  }

  onScopeDispose(() => running?.abort())
  return { data, problem, loading, load }
}

/** What a list needs of a page; some tell their total, too. */
type Listed<T> = Pick<Page<T>, 'items' | 'next'>

export interface LoadedList<T, P extends Listed<T> = Page<T>> extends Loaded<P> {
  /** Add the next page to what is there. */
  more: () => Promise<void>
  loadingMore: Ref<boolean>
}

/** A list with a cursor: the first page, then "more". `query` is read at each load. */
export function useList<T, P extends Listed<T> = Page<T>>(
  path: string, query: () => Query, limit = 50,
): LoadedList<T, P> {
  const ask = (signal: AbortSignal, cursor?: string) =>
    get<P>(path, { ...query(), limit, ...(cursor && { cursor }) }, signal)
  const first = useLoad<P>((signal) => ask(signal))
  const loadingMore = ref(false)

  async function more(): Promise<void> {
    const before = first.data.value
    if (!before?.next || loadingMore.value) return
    loadingMore.value = true
    try {
      const page = await ask(new AbortController().signal, before.next)
      // A reload meanwhile has thrown away the list that this page belongs to.
      if (first.data.value !== before) return
      first.data.value = { ...page, items: [...before.items, ...page.items] }
    } catch (error) {
      if (!(error instanceof ApiProblem)) throw error
      first.problem.value = error
    } finally {
      loadingMore.value = false
    }
  }

  return { ...first, more, loadingMore }
}
