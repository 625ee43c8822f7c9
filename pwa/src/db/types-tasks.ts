// What the phone holds of tasks: what a supervisor gave this person to do.
import type { Id, IsoTime } from './types'

export type TaskState = 'open' | 'done' | 'cancelled'

export interface TaskRecord {
  id: Id
  rep_id: Id
  store_id: Id | null
  /** As it was called when the task was told; the phone may not hold the store. */
  store_name: string
  from_visit_id: Id | null
  title: string
  details: string
  /** `2026-11-27`, a day of the organisation. */
  due_on: string | null
  given_by: Id
  given_by_name: string
  given_at: IsoTime
  state: TaskState
  /** Why it was called off or reopened. */
  state_note: string
  closed_at: IsoTime | null
  done_at: IsoTime | null
  done_note: string
  done_visit_id: Id | null
  rev: number
}
