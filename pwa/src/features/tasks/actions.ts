// A rep says that a task is done: on the disk when it returns, sent by itself like all else.
import { organisation } from '../../app/session'
import { InvalidInputError } from '../../db/errors'
import type { Db } from '../../db/schema'
import type { Tables } from '../../db/tables'
import type { Id, LocalTask } from '../../db/types'
import { save, someText } from '../../db/write'
import { dayOf, systemClock, type Clock } from '../../kernel/clock'
import { checkInOf } from '../visits/actions'

export const TASK_NOTE_MAX = 500

export interface DoneInput {
  task_id: Id
  /** What there is to say about it; may be empty. */
  note: string
}

/**
 * Mark a task as done, in the visit that goes on at its store where there is one. One that is not open any
 * more stays as it is: a second tap says nothing new.
 * Raises InvalidInputError (no such task), StorageFullError, SaveFailedError.
 */
export function finishTask(db: Db, input: DoneInput, clock: Clock = systemClock): Promise<void> {
  return save(db, async (write) => {
    const task = await write.t.tasks.get(input.task_id)
    if (!task) throw new InvalidInputError('task_id', 'no such task on this phone')
    if (task.state !== 'open') return
    const note = someText(input.note, TASK_NOTE_MAX)
    const visit_id = await visitAt(write.t, task, dayOf(write.at, organisation.value.time_zone))
    await write.t.tasks.update(task.id, {
      state: 'done', state_note: '', closed_at: write.at, done_at: write.at, done_note: note ?? '', done_visit_id: visit_id,
      sync: 'local',
    })
    await write.enqueue({
      kind: 'task.done',
      record_id: task.id,
      payload: { at: write.at, note, visit_id },
      depends_on: visit_id ? await checkInOf(write, visit_id) : [],
    })
  }, clock)
}

async function visitAt(t: Tables, task: LocalTask, today: string): Promise<Id | null> {
  if (task.store_id === null) return null
  const visits = await t.visits.where('store_id').equals(task.store_id).toArray()
  const zone = organisation.value.time_zone
  return visits.find((one) => one.state === 'in_progress' && dayOf(one.checked_in_at, zone) === today)?.id ?? null
}
