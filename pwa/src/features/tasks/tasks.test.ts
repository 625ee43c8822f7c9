// @vitest-environment node
// A rep's tasks on the phone: in which order they are shown, and what becomes of one that is done.
import 'fake-indexeddb/auto'
import { beforeEach, describe, expect, it } from 'vitest'
import { InvalidInputError } from '../../db/errors'
import { getMeta, setMeta } from '../../db/meta'
import { applyRecords } from '../../db/records'
import type { Db } from '../../db/schema'
import { inTransaction } from '../../db/tables'
import { aStore, aTask, freshDb, HandClock } from '../../db/testing'
import type { LocalTask, TaskRecord } from '../../db/types'
import { discardOp, mendOp } from '../sync/actions'
import { syncItems } from '../sync/queries'
import { checkIn } from '../visits/actions'
import { finishTask, TASK_NOTE_MAX } from './actions'
import { taskCounts, taskList, tasksAt, tasksOfVisit } from './queries'

let db: Db
let clock: HandClock

beforeEach(() => {
  db = freshDb()
  clock = new HandClock()
  // Monday noon in Shanghai, 2026-W48.
  clock.at = '2026-11-23T04:00:00.000Z'
})

const told = ({ sync: _sync, ...record }: LocalTask): TaskRecord => record
const hear = (...records: LocalTask[]) =>
  inTransaction(db, (t) => applyRecords(t, records.map((one) => ({ entity: 'task' as const, id: one.id, record: told(one) }))))
const park = async (code: string) => {
  const [op] = await db.outbox.toArray()
  const problem = { type: '', title: code, detail: '', status: 409, code }
  await db.outbox.update(op!.op_id, { state: 'rejected', problem })
  return op!.op_id
}

describe('the list', () => {
  it('has the overdue first, then by day, and those without a day last', async () => {
    await hear(
      aTask('any'), aTask('friday', { due_on: '2026-11-27' }), aTask('today', { due_on: '2026-11-23' }),
      aTask('late', { due_on: '2026-11-22' }), aTask('off', { state: 'cancelled', due_on: '2026-11-20' }),
    )
    const { open } = await taskList(db, clock)
    expect(open.map(({ task, urgency }) => [task.id, urgency])).toEqual([
      ['late', 'late'], ['today', 'today'], ['friday', 'later'], ['any', 'any_day'],
    ])
  })

  it('goes by the organisation’s day, which begins before Greenwich’s', async () => {
    await hear(aTask('t', { due_on: '2026-11-23' }))
    clock.at = '2026-11-23T15:59:00.000Z'
    expect((await taskList(db, clock)).open[0]?.urgency).toBe('today')
    clock.at = '2026-11-23T16:01:00.000Z'
    expect((await taskList(db, clock)).open[0]?.urgency).toBe('late')
  })

  it('shows what was done this week, the newest first, and nothing older', async () => {
    const done = (id: string, done_at: string) => aTask(id, { state: 'done', done_at, closed_at: done_at })
    await hear(
      done('sunday', '2026-11-22T15:00:00.000Z'), done('monday', '2026-11-22T17:00:00.000Z'), done('noon', '2026-11-23T03:00:00.000Z'),
    )
    expect((await taskList(db, clock)).done.map(({ task }) => task.id)).toEqual(['noon', 'monday'])
    expect(await taskCounts(db, '2026-W48')).toEqual({ tasks_open: 0, tasks_done: 2 })
    expect(await taskCounts(db, '2026-W47')).toEqual({ tasks_open: 0, tasks_done: 1 })
  })

  it('of a store, and of the store of a visit, are its open ones', async () => {
    await db.stores.bulkPut([aStore('s1'), aStore('s2')])
    await hear(aTask('here', { store_id: 's1' }), aTask('there', { store_id: 's2' }), aTask('done', { store_id: 's1', state: 'done' }))
    const visit = await checkIn(db, { store_id: 's1', fix: null, reason: null, planned: true }, clock)
    expect((await tasksAt(db, 's1', clock)).map(({ task, store }) => [task.id, store?.name])).toEqual([['here', 'Store s1']])
    expect((await tasksOfVisit(db, visit, clock)).map(({ task }) => task.id)).toEqual(['here'])
    expect(await tasksOfVisit(db, 'nowhere', clock)).toEqual([])
  })
})

describe('done', () => {
  it('stands on the phone at once and waits for the network', async () => {
    await hear(aTask('t', { state_note: '缺照片' }))
    await finishTask(db, { task_id: 't', note: ' 换好了 ' }, clock)
    expect(await db.tasks.get('t')).toMatchObject({
      state: 'done', state_note: '', done_note: '换好了', done_at: clock.at, done_visit_id: null, sync: 'local',
    })
    expect(await db.outbox.toArray()).toMatchObject([
      { kind: 'task.done', record_id: 't', depends_on: [], payload: { at: clock.at, note: '换好了', visit_id: null } },
    ])
    expect((await syncItems(db)).map((one) => [one.kind, one.title])).toEqual([['task.done', 'Task t']])
  })

  it('a second tap says nothing new, and a task that is not here is no task', async () => {
    await hear(aTask('t'), aTask('off', { state: 'cancelled' }))
    await finishTask(db, { task_id: 't', note: '' }, clock)
    await finishTask(db, { task_id: 't', note: 'x' }, clock)
    await finishTask(db, { task_id: 'off', note: '' }, clock)
    expect((await db.outbox.toArray()).map((op) => op.payload['note'])).toEqual([null])
    await expect(finishTask(db, { task_id: 'none', note: '' }, clock)).rejects.toThrow(InvalidInputError)
  })

  it('belongs to the visit that goes on at its store, and waits for its check-in', async () => {
    await db.stores.bulkPut([aStore('s1'), aStore('s2')])
    await hear(aTask('here', { store_id: 's1' }), aTask('there', { store_id: 's2' }))
    const visit = await checkIn(db, { store_id: 's1', fix: null, reason: null, planned: true }, clock)
    await finishTask(db, { task_id: 'here', note: '' }, clock)
    await finishTask(db, { task_id: 'there', note: '' }, clock)
    const [checkInOp, here, there] = await db.outbox.orderBy('seq').toArray()
    expect(here).toMatchObject({ payload: { visit_id: visit }, depends_on: [checkInOp?.op_id] })
    expect(there).toMatchObject({ payload: { visit_id: null }, depends_on: [] })
  })

  it('is kept while the office changes the task, and gives way where it was called off', async () => {
    await hear(aTask('t'))
    await finishTask(db, { task_id: 't', note: 'x' }, clock)
    await hear(aTask('t', { title: '新', rev: 2 }))
    expect(await db.tasks.get('t')).toMatchObject({ title: '新', state: 'done', done_note: 'x', rev: 2, sync: 'local' })
    await hear(aTask('t', { state: 'cancelled', state_note: '不用了', rev: 3 }))
    expect(await db.tasks.get('t')).toMatchObject({ state: 'cancelled', state_note: '不用了', sync: 'local' })
  })

  it('an older answer takes nothing back', async () => {
    await hear(aTask('t', { state: 'open', state_note: '再做', rev: 3 }))
    await hear(aTask('t', { state: 'done', rev: 2 }))
    expect(await db.tasks.get('t')).toMatchObject({ state: 'open', state_note: '再做', rev: 3 })
  })

  it('a task that went to somebody else goes, but not from under unsent words', async () => {
    await hear(aTask('gone'), aTask('said'))
    await finishTask(db, { task_id: 'said', note: '' }, clock)
    await inTransaction(db, (t) => applyRecords(t, ['gone', 'said'].map((id) => ({ entity: 'task' as const, id, record: null }))))
    expect((await db.tasks.toArray()).map((one) => one.id)).toEqual(['said'])
  })
})

describe('what the server does not take', () => {
  it('can be given up: the task is open again, and the feed is read anew', async () => {
    await hear(aTask('t'))
    await setMeta(db, 'cursor', 'c')
    await finishTask(db, { task_id: 't', note: 'x' }, clock)
    await discardOp(db, await park('op_malformed'), clock)
    expect(await db.tasks.get('t')).toMatchObject({ state: 'open', done_at: null, done_note: '', sync: 'sent' })
    expect(await db.outbox.count()).toBe(0)
    expect(await getMeta(db, 'cursor')).toBeNull()
  })

  it('leaves a task called off that was called off meanwhile', async () => {
    await hear(aTask('t'))
    await finishTask(db, { task_id: 't', note: 'x' }, clock)
    await hear(aTask('t', { state: 'cancelled', rev: 2 }))
    await discardOp(db, await park('task_cancelled'), clock)
    expect(await db.tasks.get('t')).toMatchObject({ state: 'cancelled', sync: 'sent' })
  })

  it('can be written anew', async () => {
    await hear(aTask('t'))
    await finishTask(db, { task_id: 't', note: 'x' }, clock)
    const id = await mendOp(db, await park('op_malformed'), { text: ' 全部换好 ' }, clock)
    expect(await db.outbox.toArray()).toMatchObject([{ op_id: id, state: 'waiting', payload: { note: '全部换好' } }])
    expect(await db.tasks.get('t')).toMatchObject({ done_note: '全部换好' })
  })

  it('words are cut to what the server takes', async () => {
    await hear(aTask('t'))
    await finishTask(db, { task_id: 't', note: '字'.repeat(TASK_NOTE_MAX + 9) }, clock)
    expect((await db.tasks.get('t'))?.done_note).toHaveLength(TASK_NOTE_MAX)
  })
})
