// @vitest-environment node
// Which visits want a word of the rep, and when they no longer do.
import 'fake-indexeddb/auto'
import { beforeEach, describe, expect, it } from 'vitest'
import { applyRecords } from '../../db/records'
import type { Db } from '../../db/schema'
import { inTransaction } from '../../db/tables'
import { aStore, freshDb, HandClock } from '../../db/testing'
import type { Flag, LocalReply, ReviewRecord, ReviewState } from '../../db/types'
import { InvalidInputError } from '../../db/errors'
import { checkIn, checkOut } from '../visits/actions'
import { addReply, REPLY_MAX } from './actions'
import { answerRows, answersOf, neededCount, needsAnswer } from './queries'

const FLAG: Flag = { code: 'off_site', words: { 'zh-CN': '远' }, numbers: {} }
const AT = '2026-11-23T01:00:00.000Z'
const NOW = new Date('2026-11-24T01:00:00.000Z')
const done = { state: 'completed' as const, flags: [FLAG] }

function said(received_at: string | null, at = AT): LocalReply {
  return { id: at, visit_id: 'v', at, received_at, text: 'x', photo_id: null, erased_at: null, sync: received_at ? 'sent' : 'local' }
}

function review(state: ReviewState, at: string): ReviewRecord {
  return { id: 'r', visit_id: 'v', state, question: state === 'asked' ? '在哪里？' : null, at }
}

describe('a word is wanted', () => {
  it.each<[string, Parameters<typeof needsAnswer>, boolean]>([
    ['for a flag', [done, [], null], true],
    ['not without one', [{ ...done, flags: [] }, [], null], false],
    ['not while the visit goes on', [{ ...done, state: 'in_progress' }, [], null], false],
    ['not after an answer', [done, [said(AT)], null], false],
    ['not after one that waits on the phone', [done, [said(null)], null], false],
    ['not after a decision', [done, [], review('accepted', AT)], false],
    ['not after a rejection', [done, [], review('rejected', AT)], false],
    ['while a decision is open', [done, [], review('pending', AT)], true],
    ['for a question', [{ ...done, flags: [] }, [], review('asked', AT)], true],
    ['for a question after an answer', [done, [said('2026-11-23T01:00:01.000Z')], review('asked', '2026-11-23T02:00:00.000Z')], true],
    ['not once that was answered', [done, [said('2026-11-23T03:00:00.000Z')], review('asked', '2026-11-23T02:00:00.000Z')], false],
    // A phone that is a day ahead answers before it has heard of the question.
    ['by the server’s times', [done, [said('2026-11-23T01:00:01.000Z', '2026-11-25T00:00:00.000Z')], review('asked', '2026-11-23T02:00:00.000Z')], true],
  ])('%s', (_, asked, wanted) => {
    expect(needsAnswer(...asked)).toBe(wanted)
  })
})

describe('on the phone', () => {
  let db: Db
  let clock: HandClock
  let visit: string

  beforeEach(async () => {
    db = freshDb()
    clock = new HandClock(AT)
    await db.stores.put(aStore('s1'))
    visit = await checkIn(db, { store_id: 's1', fix: null, reason: null, planned: true }, clock)
    await checkOut(db, { visit_id: visit, fix: null }, clock)
    await db.visits.update(visit, { flags: [FLAG] })
  })

  it('counts it until it is answered, and lists it after that', async () => {
    expect(await answerRows(db, NOW)).toMatchObject([{ visit: { id: visit }, store: { id: 's1' }, answers: { needed: true } }])
    await addReply(db, { visit_id: visit, text: '门店搬迁', photo_id: null }, clock)
    const [row] = await answerRows(db, NOW)
    expect(row).toMatchObject({ answers: { needed: false, replies: [{ text: '门店搬迁', sync: 'local' }] } })
    expect((await db.visits.get(visit))?.flags).toEqual([FLAG])
  })

  it('asks for a month, and longer only where somebody asks', async () => {
    const later = new Date('2026-12-30T01:00:00.000Z')
    expect(await answerRows(db, later)).toEqual([])
    await inTransaction(db, (t) => applyRecords(t, [{ entity: 'review', id: 'r1', record: { ...review('asked', '2026-12-29T01:00:00.000Z'), id: 'r1', visit_id: visit } }]))
    expect(await answerRows(db, later)).toMatchObject([{ answers: { needed: true, review: { question: '在哪里？' } } }])
  })

  it('goes by the newest word of the supervisor, and forgets what is taken back', async () => {
    const tell = (id: string, record: object | null) => inTransaction(db, (t) => applyRecords(t, [{ entity: 'review', id, record }]))
    await tell('r1', { ...review('asked', '2026-11-23T02:00:00.000Z'), id: 'r1', visit_id: visit })
    await tell('r2', { ...review('accepted', '2026-11-23T03:00:00.000Z'), id: 'r2', visit_id: visit })
    const row = (await db.visits.get(visit))!
    expect((await answersOf(db, row)).review?.state).toBe('accepted')
    expect(await neededCount(db)).toBe(0)
    await tell('r2', null)
    expect((await answersOf(db, row)).review?.state).toBe('asked')
  })

  it('keeps an answer that waits, whatever the server says of it', async () => {
    const id = await addReply(db, { visit_id: visit, text: 'x', photo_id: null }, clock)
    await inTransaction(db, (t) => applyRecords(t, [{ entity: 'visit_reply', id, record: null }]))
    expect(await db.visit_replies.get(id)).toMatchObject({ text: 'x', sync: 'local' })
  })

  it('takes words only, and not too many', async () => {
    await expect(addReply(db, { visit_id: visit, text: '  ', photo_id: null }, clock)).rejects.toThrow(InvalidInputError)
    const bare = await addReply(db, { visit_id: visit, text: ' ', photo_id: 'p1' }, clock)
    expect(await db.visit_replies.get(bare)).toMatchObject({ text: '', photo_id: 'p1' })
    await expect(addReply(db, { visit_id: 'nobody', text: 'x', photo_id: null }, clock)).rejects.toThrow(InvalidInputError)
    const id = await addReply(db, { visit_id: visit, text: '字'.repeat(REPLY_MAX + 9), photo_id: null }, clock)
    expect((await db.visit_replies.get(id))?.text).toHaveLength(REPLY_MAX)
  })
})
