// A form's way to the server: problems at their fields, one submission at a time.
import { reactive, ref, shallowRef, type Ref, type ShallowRef } from 'vue'
import { ApiProblem } from '../api'
import { t } from '../i18n'
import { fieldWords } from './problems'

export interface Form<V extends object> {
  values: V
  /** Words by field name. */
  errors: Ref<Record<string, string>>
  /** What belongs to no field of the form. */
  problem: ShallowRef<ApiProblem | null>
  saving: Ref<boolean>
  /** Begin anew with these values. */
  reset: (values: V) => void
  /** Check what is required, then send. True when the server has it. */
  submit: (required: readonly (keyof V & string)[], send: (values: V) => Promise<unknown>) => Promise<boolean>
}

/** State of a form; `start` makes its empty values. */
export function useForm<V extends object>(start: () => V): Form<V> {
  const values = reactive(start()) as V
  const errors = ref<Record<string, string>>({})
  const problem = shallowRef<ApiProblem | null>(null)
  const saving = ref(false)

  function clear(): void {
    errors.value = {}
    problem.value = null
  }

  function reset(fresh: V): void {
    Object.assign(values, fresh)
    clear()
  }

  async function submit(
    required: readonly (keyof V & string)[], send: (values: V) => Promise<unknown>,
  ): Promise<boolean> {
    if (saving.value) return false
    clear()
    for (const field of required) {
      const value = values[field]
      if (value === null || value === undefined || String(value).trim() === '') {
        errors.value[field] = t('common.form.required')
      }
    }
    if (Object.keys(errors.value).length > 0) return false
    saving.value = true
    try {
      await send(values)
      return true
    } catch (error) {
      if (!(error instanceof ApiProblem)) throw error
      const words = fieldWords(error)
      errors.value = Object.fromEntries(Object.entries(words).filter(([field]) => field in values))
      // Said once: above the form only when no field of it can say it.
      problem.value = Object.keys(errors.value).length > 0 ? null : error
      return false
    } finally {
      saving.value = false
    }
  }

  return { values, errors, problem, saving, reset, submit }
}
