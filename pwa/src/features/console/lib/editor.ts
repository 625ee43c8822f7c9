// Adding and editing one record of a list in a dialog, with the revision that guards against overwriting.
import { computed, ref, shallowRef, type ComputedRef, type Ref, type ShallowRef } from 'vue'
import { ApiProblem, get, patch, post } from '../api'
import { useForm, type Form } from './form'

interface Stored { id: string; rev: number }

export interface EditorOptions<R extends Stored, V extends object> {
  /** Path of the collection; one record lies below it by id. */
  path: string
  /** Form values of a record, or empty ones for a new record. */
  valuesOf: (record: R | null) => V
  required: (isNew: boolean) => readonly (keyof V & string)[]
  /** Called once the server has the record. */
  saved: () => void
  /** Body of a new record; left out, the values themselves. */
  newBody?: (values: V) => object
  /** How to read the record again; left out, GET of its path. */
  fetchOne?: (id: string) => Promise<R>
}

export interface Editor<R extends Stored, V extends object> {
  form: Form<V>
  /** The record being edited, null for a new one. */
  record: ShallowRef<R | null>
  isOpen: Ref<boolean>
  /** Somebody else has changed the record since it was read. */
  stale: ComputedRef<boolean>
  open: (record: R | null) => void
  close: () => void
  save: () => Promise<void>
  /** Read the record again and begin anew with what it says now. */
  reload: () => Promise<void>
}

/** What differs from the start, compared by value. */
export function changedValues<V extends object>(start: V, values: V): Partial<V> {
  const keys = Object.keys(values) as (keyof V)[]
  return Object.fromEntries(
    keys.filter((key) => JSON.stringify(values[key]) !== JSON.stringify(start[key])).map((key) => [key, values[key]]),
  ) as Partial<V>
}

export function useEditor<R extends Stored, V extends object>(options: EditorOptions<R, V>): Editor<R, V> {
  const form = useForm(() => options.valuesOf(null))
  const record: ShallowRef<R | null> = shallowRef(null)
  const isOpen = ref(false)
  const stale = computed(() => form.problem.value?.code === 'stale')
  let start = options.valuesOf(null)

  function open(next: R | null): void {
    record.value = next
    start = options.valuesOf(next)
    form.reset(options.valuesOf(next))
    isOpen.value = true
  }

  function close(): void {
    isOpen.value = false
  }

  async function send(values: V): Promise<void> {
    const edited = record.value
    if (!edited) {
      await post(options.path, options.newBody?.(values) ?? values)
      return
    }
    const changes = changedValues(start, values)
    if (Object.keys(changes).length > 0) await patch(`${options.path}/${edited.id}`, changes, edited.rev)
  }

  async function save(): Promise<void> {
    if (!(await form.submit(options.required(record.value === null), send))) return
    close()
    options.saved()
  }

  async function reload(): Promise<void> {
    const edited = record.value
    if (!edited) return
    try {
      open(await (options.fetchOne ?? ((id) => get<R>(`${options.path}/${id}`)))(edited.id))
      options.saved() // the list behind is as old as the form was
    } catch (error) {
      if (!(error instanceof ApiProblem)) throw error
      form.problem.value = error
    }
  }

  return { form, record, isOpen, stale, open, close, save, reload }
}
