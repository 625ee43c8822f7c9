// What becomes of one op on the model server.
import { localProblem, type Problem } from '../kernel/problem'

export type Outcome = { record: object } | { status: 'rejected' | 'deferred'; problem: Problem }

export function refused(status: 'rejected' | 'deferred', code: string): Outcome {
  return { status, problem: localProblem(code) }
}
