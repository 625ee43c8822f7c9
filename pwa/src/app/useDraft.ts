// A form that survives the tab being killed: every change is on the phone a moment later.
import { onScopeDispose, reactive, toRaw, watch } from 'vue'
import type { Db } from '@/db'
import { dropDraft, loadDraft, saveDraft } from '@/db/drafts'

// Fast typing would write a transaction per letter; this much can be lost at most.
const SETTLE_MS = 250

export interface DraftForm<T extends object> {
  data: T
  /** Forget it and begin anew: it has been saved for good, or the person gave it up. */
  drop(): Promise<void>
}

/**
 * A flat form kept under an id. Loads what was left behind, then keeps every change. `empty` is the fresh
 * form: keys unknown to it are not taken over, so that a draft of an older version cannot break this one.
 */
export function useDraft<T extends object>(db: Db, id: string, kind: string, empty: T): DraftForm<T> {
  const data = reactive({ ...empty }) as T
  let timer: ReturnType<typeof setTimeout> | undefined
  let setting = false
  let touched = false

  function set(values: Partial<T>): void {
    setting = true
    Object.assign(data, values)
    setting = false
  }

  function keep(): void {
    timer = undefined
    saveDraft(db, id, { ...toRaw(data) }, kind).catch((error: unknown) => {
      console.error('a draft was not kept:', error)
    })
  }

  function flush(): void {
    if (timer === undefined) return
    clearTimeout(timer)
    keep()
  }

  void loadDraft<Partial<T>>(db, id).then((left) => {
    // Whoever has begun to write is not overtaken by the past.
    if (left && !touched) set(Object.fromEntries(Object.entries(left).filter(([key]) => key in empty)) as Partial<T>)
  })
  watch(data, () => {
    if (setting) return
    touched = true
    clearTimeout(timer)
    timer = setTimeout(keep, SETTLE_MS)
  }, { deep: true, flush: 'sync' })

  document.addEventListener('visibilitychange', flush)
  onScopeDispose(() => {
    document.removeEventListener('visibilitychange', flush)
    flush()
  })

  return {
    data,
    async drop() {
      clearTimeout(timer)
      timer = undefined
      set(empty)
      await dropDraft(db, id)
    },
  }
}
