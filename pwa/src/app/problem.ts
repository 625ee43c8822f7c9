// What went wrong, in words, beside the button that started it.
import { ref, type Ref } from 'vue'
import { InvalidInputError, SaveFailedError, StorageFullError } from '@/db/errors'
import { UnreadablePhotoError } from '@/features/photos/errors'
import { ApiError, type Problem } from '@/kernel/problem'
import { i18n, t } from './i18n'
import { storageFull } from './storage'

export interface ProblemRun {
  /** What went wrong, in words; empty when nothing did. */
  problem: Ref<string>
  busy: Readonly<Ref<boolean>>
  /** Run an action. A second call while the first is running does nothing: fingers press twice. */
  run(action: () => Promise<void>): Promise<void>
}

/** A problem in the language on screen: our own words where we have them, else the server's. */
export function wordsOfProblem(problem: Problem): string {
  const key = `common.problem.${problem.code}`
  if (i18n.global.te(key)) return t(key, problem.params ?? {})
  const server = [problem.title, problem.detail].filter((words) => words && words !== problem.code)
  return server.length > 0 ? server.join(' · ') : t('common.problem.unknown', { code: problem.code })
}

/** An error of any kind in words that say what to do. */
export function problemWords(error: unknown): string {
  if (error instanceof ApiError) return error.problem ? wordsOfProblem(error.problem) : t(`common.failure.${error.kind}`)
  if (error instanceof StorageFullError) return t('common.problem.phone_full')
  if (error instanceof SaveFailedError) return t('common.problem.save_failed')
  if (error instanceof InvalidInputError) return t('common.problem.invalid_input')
  if (error instanceof UnreadablePhotoError) return t('common.problem.photo_unreadable')
  return t('common.problem.unknown', { code: error instanceof Error ? error.name : String(error) })
}

/** State for one button or form. */
export function useProblem(): ProblemRun {
  const problem = ref('')
  const busy = ref(false)
  async function run(action: () => Promise<void>): Promise<void> {
    if (busy.value) return
    busy.value = true
    problem.value = ''
    try {
      await action()
    } catch (error) {
      console.warn(error)
      problem.value = problemWords(error)
      if (error instanceof StorageFullError) storageFull.value = true
    } finally {
      busy.value = false
    }
  }
  return { problem, busy, run }
}
