// A problem in words: what happened, what to do, and at which field.
import { OFFLINE, UNREADABLE, type ApiProblem } from '../api'
import { t } from '../i18n'

/** What happened. */
export function problemTitle(problem: ApiProblem): string {
  if (problem.code === OFFLINE || problem.code === UNREADABLE) return t(`common.problems.${problem.code}`)
  return problem.title || problem.code
}

/** What the reader can do about it. */
export function problemRemedy(problem: ApiProblem): string {
  if (problem.code === OFFLINE || problem.code === UNREADABLE) return t(`common.problems.${problem.code}_do`)
  return problem.detail
}

/** Words for each field at fault, by field name. A problem that names only one field speaks there. */
export function fieldWords(problem: ApiProblem): Record<string, string> {
  const words: Record<string, string> = {}
  for (const error of problem.errors) words[error.field] ??= error.message
  if (problem.field && !words[problem.field]) {
    const { title, detail } = problem
    words[problem.field] = title && detail ? t('common.form.problem', { title, detail }) : title || detail || problem.code
  }
  return words
}
