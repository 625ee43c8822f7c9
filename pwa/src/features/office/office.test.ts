// @vitest-environment happy-dom
// The office page's facts: how the weeks stand on this phone, the summary, and what a rep asks for.
import 'fake-indexeddb/auto'
import { beforeEach, describe, expect, it } from 'vitest'
import { addNote, cancelVisit, checkIn, checkOut } from '../visits/actions'
import { addPhoto } from '../photos/actions'
import { handOut } from '../materials/actions'
import { InvalidInputError } from '../../db/errors'
import type { LocalOfficeCheckIn, PersonRecord } from '../../db/types'
import type { Db } from '../../db/schema'
import { aPhoto, anOffice, aStore, aTask, freshDb, HandClock, REP } from '../../db/testing'
import { askExemption, askMakeUp, officeCheckIn } from './actions'
import { officeList, summaryOf, weekPage } from './queries'

let db: Db
let clock: HandClock
// Wednesday of 2026-W48, in the morning in Shanghai.
const NOW = '2026-11-25T02:00:00.000Z'

beforeEach(async () => {
  db = freshDb()
  clock = new HandClock(NOW)
  const me: PersonRecord = { id: REP, name: '我', username: 'me', role: 'rep', region_id: 'r', region_name: 'R', since: '2026-10-20T00:00:00.000Z' }
  await db.people.put(me)
})

function judged(at: string, accepted: boolean, week: string, more: Partial<LocalOfficeCheckIn> = {}): LocalOfficeCheckIn {
  return {
    id: at, author_id: REP, office_id: null, week, at, fix: null, verdict: accepted ? 'on_site' : 'off_site', distance_m: 0,
    explanation: null, flags: [], accepted, reason: null, sync: 'sent', ...more,
  }
}

describe('how the weeks stand', () => {
  it('a rep is told of no week before they came', async () => {
    const page = await weekPage(db, clock)
    expect([page.week, page.state, page.last_day]).toEqual(['2026-W48', 'open', '2026-11-27'])
    expect(page.past.map((one) => [one.week, one.state])).toEqual([
      ['2026-W47', 'missed'], ['2026-W46', 'missed'], ['2026-W45', 'missed'], ['2026-W44', 'missed'],
    ])
  })

  it('until the server has told since when, nothing is missed', async () => {
    await db.people.clear()
    expect((await weekPage(db, clock)).past).toEqual([])
  })

  it('one on its way, one not surely there, one declined, one accepted', async () => {
    await officeCheckIn(db, { office_id: null, fix: null, reason: null }, clock)
    expect((await weekPage(db, clock)).state).toBe('sending')
    await db.office_check_ins.bulkPut([
      judged('2026-11-04T02:00:00.000Z', true, '2026-W45'),
      judged('2026-11-11T02:00:00.000Z', false, '2026-W46'),
      judged('2026-11-18T02:00:00.000Z', false, '2026-W47', { review: { accepted: false, note: 'x', at: NOW } }),
    ])
    expect((await weekPage(db, clock)).past.map((one) => one.state)).toEqual(['missed', 'doubtful', 'done', 'missed'])
  })

  it('a Monday morning counts for the week before, and says so', async () => {
    clock.at = '2026-11-23T01:00:00.000Z'
    const before = await weekPage(db, clock)
    expect(before.last).toMatchObject({ week: '2026-W47', state: 'open' })
    await db.office_check_ins.put(judged('2026-11-23T01:30:00.000Z', true, '2026-W48'))
    clock.at = '2026-11-23T02:00:00.000Z'
    const after = await weekPage(db, clock)
    expect([after.state, after.past[0]?.state, after.check_ins[0]?.counts_for]).toEqual(['open', 'late', '2026-W47'])
    expect(after.last).toBeNull()
  })

  it('what the server told counts: rule, calendar, leave, weeks made up, the bound office', async () => {
    await db.office_rules.put({ id: 'rule', rev: 1, versions: [{ from_week: '2000-W01', need: 2, days: [1, 2, 3, 4, 5], grace_hours: 0 }] })
    await db.office_calendars.put({
      id: '2026', year: 2026, source: 'upload', days: [9, 10, 11, 12, 13].map((day) => ({ date: `2026-11-${String(day).padStart(2, '0')}`, name: 'x', off: true })),
    })
    await askExemption(db, { kind: 'leave', first_day: '2026-11-16', last_day: '2026-11-20', reason: 'x' }, clock)
    await askMakeUp(db, { week: '2026-W45', reason: 'x' }, clock)
    expect((await weekPage(db, clock)).past.map((one) => one.state)).toEqual(['missed', 'exempt', 'missed', 'missed'])
    await db.office_exemptions.toCollection().modify({ state: 'approved' })
    await db.office_make_ups.toCollection().modify({ state: 'approved' })
    const page = await weekPage(db, clock)
    expect(page.past.map((one) => one.state)).toEqual(['exempt', 'exempt', 'made_up', 'missed'])
    expect([page.rule.need, page.calendar_missing]).toEqual([2, false])
    await db.offices.bulkPut([anOffice('near'), anOffice('own', { lat: 32 })])
    await db.office_duties.put({ id: REP, office_id: 'own', since: '2026-11-16', rev: 1 })
    expect((await officeList(db, { lat: 31.3, lon: 120.6 })).map((one) => [one.office.id, one.own])).toEqual([['own', true], ['near', false]])
    expect((await weekPage(db, clock)).past.map((one) => one.week)).toEqual(['2026-W47', '2026-W46', '2026-W45'])
  })

  it('twice on one day counts once, and says so', async () => {
    await db.office_rules.put({ id: 'rule', rev: 1, versions: [{ from_week: '2000-W01', need: 2, days: [1, 2, 3, 4, 5], grace_hours: 0 }] })
    const times = ['2026-11-24T01:00:00.000Z', '2026-11-24T01:01:00.000Z']
    await db.office_check_ins.bulkPut(times.map((at) => judged(at, true, '2026-W48')))
    const twice = await weekPage(db, clock)
    expect(twice.state).toBe('open')
    expect(twice.check_ins.map((one) => [one.check_in.at, one.counts_for, one.same_day])).toEqual([
      [times[1], null, true], [times[0], '2026-W48', false],
    ])
    await db.office_check_ins.put(judged('2026-11-25T01:00:00.000Z', true, '2026-W48'))
    expect((await weekPage(db, clock)).state).toBe('done')
  })

  it('a reminder is shown while its week is short', async () => {
    await db.office_notices.bulkPut([{ id: 'old', week: '2026-W40', at: NOW }, { id: 'new', week: '2026-W48', at: NOW }])
    expect((await weekPage(db, clock)).notice?.id).toBe('new')
    expect((await weekPage(db, clock)).notice?.until).toEqual({ day: '2026-11-27', hour: null })
    await db.office_check_ins.put(judged(NOW, true, '2026-W48'))
    expect((await weekPage(db, clock)).notice).toBeNull()
  })

  it('a reminder says until when: after the last working day that is the end of the grace', async () => {
    await db.office_notices.put({ id: 'one', week: '2026-W48', at: NOW })
    clock.at = '2026-11-28T02:00:00.000Z'
    expect((await weekPage(db, clock)).notice).toMatchObject({ week: '2026-W48', until: { day: '2026-11-30', hour: 12 } })
    clock.at = '2026-11-30T01:00:00.000Z'
    expect((await weekPage(db, clock)).notice).toMatchObject({ week: '2026-W48', until: { day: '2026-11-30', hour: 12 } })
    clock.at = '2026-11-30T05:00:00.000Z'
    expect((await weekPage(db, clock)).notice).toBeNull()
  })
})

describe('the summary of a week', () => {
  async function visit(done: boolean, proof: 'photo' | 'note' | 'handout' | null, store = 's1'): Promise<string> {
    const id = await checkIn(db, { store_id: store, fix: null, reason: 'x', planned: true }, clock)
    if (proof === 'photo') await addPhoto(db, await aPhoto(id), clock)
    if (proof === 'note') await addNote(db, { visit_id: id, text: 'x' }, clock)
    if (proof === 'handout') await handOut(db, { visit_id: id, material_id: 'm', quantity: 5, recipient: 'x', signature: null }, clock)
    if (done) await checkOut(db, { visit_id: id, fix: null }, clock)
    return id
  }

  it('counts what the phone holds of that week', async () => {
    await db.stores.bulkPut([aStore('s1'), aStore('s2')])
    for (const proof of ['photo', 'note', 'handout', null] as const) await visit(true, proof)
    await visit(false, 'photo')
    const done_at = '2026-11-23T03:00:00.000Z'
    await db.tasks.bulkPut([aTask('t1'), aTask('t2'), aTask('t3', { state: 'done', done_at }), aTask('t4', { state: 'cancelled' })])
    await cancelVisit(db, { visit_id: await visit(false, null, 's2'), reason: 'x' }, clock)
    expect(await summaryOf(db, '2026-W48')).toEqual({ visits: 5, successful: 3, handouts: 5, tasks_open: 2, tasks_done: 1, text: null })
    await db.handouts.toCollection().modify({ reversed_at: '2026-11-23T05:00:00.000Z' })
    expect(await summaryOf(db, '2026-W48')).toMatchObject({ visits: 5, successful: 2, handouts: 0 })
    expect(await summaryOf(db, '2026-W47')).toEqual({ visits: 0, successful: 0, handouts: 0, tasks_open: 2, tasks_done: 0, text: null })
  })

  it('Sunday night and Monday morning are two weeks', async () => {
    await db.stores.put(aStore('s1'))
    clock.at = '2026-11-22T15:59:00.000Z'
    await visit(true, 'note')
    clock.at = '2026-11-22T16:00:00.000Z'
    await visit(true, 'note')
    expect((await summaryOf(db, '2026-W47')).visits).toBe(1)
    expect((await summaryOf(db, '2026-W48')).visits).toBe(1)
  })

  it('travels with the check-in, its words cleaned', async () => {
    const id = await officeCheckIn(db, {
      office_id: null, fix: null, reason: null, summary: { visits: 3, successful: 2, handouts: 9, text: ' 竞品促销 ' },
    }, clock)
    const summary = { visits: 3, successful: 2, handouts: 9, text: '竞品促销' }
    expect((await db.office_check_ins.get(id))?.summary).toEqual(summary)
    expect((await db.outbox.toArray())[0]?.payload['summary']).toEqual(summary)
  })
})

describe('what a rep asks for', () => {
  it('is on the phone and in the queue, in one', async () => {
    await askMakeUp(db, { week: '2026-W47', reason: ' 送货 ' }, clock)
    await askExemption(db, { kind: 'trip', first_day: '2026-12-01', last_day: '2026-12-01', reason: '展会' }, clock)
    expect((await db.outbox.orderBy('seq').toArray()).map((op) => [op.kind, op.payload])).toEqual([
      ['office.make_up', { week: '2026-W47', reason: '送货', at: NOW }],
      ['office.exemption_request', { kind: 'trip', first_day: '2026-12-01', last_day: '2026-12-01', reason: '展会', at: NOW }],
    ])
    expect((await weekPage(db, clock)).past[0]?.make_up).toMatchObject({ state: 'pending', sync: 'local' })
  })

  it.each([
    [{ first_day: '2026-12-02', last_day: '2026-12-01' }],
    [{ first_day: '', last_day: '2026-12-01' }],
    [{ first_day: '2026-12-01', last_day: '2026-12-32' }],
    [{ reason: ' ' }],
  ])('%o is refused, and nothing is kept', async (change) => {
    const input = { kind: 'leave' as const, first_day: '2026-12-01', last_day: '2026-12-02', reason: 'x', ...change }
    await expect(askExemption(db, input, clock)).rejects.toBeInstanceOf(InvalidInputError)
    await expect(askMakeUp(db, { week: '2026-W47', reason: ' ' }, clock)).rejects.toBeInstanceOf(InvalidInputError)
    expect(await db.outbox.count()).toBe(0)
  })
})
