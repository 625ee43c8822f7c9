// Tasks as the screens show them: what is open, what was done this week.
import { organisation } from '../../app/session'
import type { Db } from '../../db/schema'
import type { Id, IsoWeek, LocalTask, StoreRecord } from '../../db/types'
import { dayOf, systemClock, weekOf, type Clock } from '../../kernel/clock'

/** `late`: its day is over. `today`: it ends today. */
export type Urgency = 'late' | 'today' | 'later' | 'any_day'

export interface TaskItem {
  task: LocalTask
  /** The store where this phone holds it. */
  store: StoreRecord | null
  urgency: Urgency
}

export interface TaskList {
  /** Overdue ones first, then by their day; those without a day last. */
  open: TaskItem[]
  /** Done this week, the newest first. */
  done: TaskItem[]
}

/** This person's tasks: the open ones, and those that were done in the week that goes on. */
export async function taskList(db: Db, clock: Clock = systemClock): Promise<TaskList> {
  const zone = organisation.value.time_zone
  const week = weekOf(clock.now(), zone)
  const tasks = await db.tasks.where('state').anyOf('open', 'done').toArray()
  const done = tasks
    .filter((one) => isDoneIn(one, week, zone))
    .sort((a, b) => (b.done_at ?? '').localeCompare(a.done_at ?? ''))
  const today = dayOf(clock.now(), zone)
  const [open, closed] = await Promise.all([
    items(db, tasks.filter((one) => one.state === 'open').sort(bySoonest), today),
    items(db, done, today),
  ])
  return { open, done: closed }
}

/** The open tasks at a store, in the order of the list. */
export async function tasksAt(db: Db, storeId: Id, clock: Clock = systemClock): Promise<TaskItem[]> {
  const tasks = await db.tasks.where('store_id').equals(storeId).toArray()
  const today = dayOf(clock.now(), organisation.value.time_zone)
  return items(db, tasks.filter((one) => one.state === 'open').sort(bySoonest), today)
}

/** The same for the store of a visit. */
export async function tasksOfVisit(db: Db, visitId: Id, clock: Clock = systemClock): Promise<TaskItem[]> {
  const visit = await db.visits.get(visitId)
  return visit ? tasksAt(db, visit.store_id, clock) : []
}

/** For the summary of a week: how many are open now, and how many were done in it. */
export async function taskCounts(db: Db, week: IsoWeek): Promise<{ tasks_open: number; tasks_done: number }> {
  const zone = organisation.value.time_zone
  const [open, done] = await Promise.all([
    db.tasks.where('state').equals('open').count(),
    db.tasks.where('state').equals('done').toArray(),
  ])
  return { tasks_open: open, tasks_done: done.filter((one) => isDoneIn(one, week, zone)).length }
}

function isDoneIn(task: LocalTask, week: IsoWeek, zone: string): boolean {
  return task.state === 'done' && task.done_at !== null && weekOf(task.done_at, zone) === week
}

/** After every day there is. */
const NO_DAY = '9999-12-31'

function bySoonest(a: LocalTask, b: LocalTask): number {
  return (a.due_on ?? NO_DAY).localeCompare(b.due_on ?? NO_DAY) || a.given_at.localeCompare(b.given_at) || a.id.localeCompare(b.id)
}

async function items(db: Db, tasks: readonly LocalTask[], today: string): Promise<TaskItem[]> {
  const stores = await db.stores.bulkGet(tasks.map((one) => one.store_id ?? ''))
  return tasks.map((task, at) => ({ task, store: stores[at] ?? null, urgency: urgencyOf(task, today) }))
}

function urgencyOf({ due_on }: LocalTask, today: string): Urgency {
  if (due_on === null) return 'any_day'
  if (due_on < today) return 'late'
  return due_on === today ? 'today' : 'later'
}
