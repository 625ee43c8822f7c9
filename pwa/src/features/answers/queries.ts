// What of a visit may be answered, what was, and what came of it.
import type { Db } from '../../db/schema'
import type { Id, LocalReply, LocalVisit, ReviewRecord, StoreRecord } from '../../db/types'

/** Flags older than this, by the check-in, are no longer asked for; they can still be answered. */
export const ASKED_DAYS = 30
const DAY_MS = 86_400_000

export interface Answers {
  replies: LocalReply[]
  /** The newest word of a supervisor; null where there is none, or the server tells of none. */
  review: ReviewRecord | null
  /** There is a flag, or a question, and no word of the rep since. */
  needed: boolean
}

/** A visit in the list of answers. */
export interface AnswerRow { visit: LocalVisit; store: StoreRecord | null; answers: Answers }

/**
 * Whether a word of the rep is wanted. Pure.
 * A decision settles the flags; a question asks anew until there is an answer that is younger.
 */
export function needsAnswer(visit: Pick<LocalVisit, 'flags' | 'state'>, replies: readonly LocalReply[], review: ReviewRecord | null): boolean {
  // Times of the server where it has the answer: a phone's clock may be anywhere.
  if (review?.state === 'asked') return !replies.some((one) => one.sync === 'local' || (one.received_at ?? one.at) > review.at)
  if (review?.state === 'accepted' || review?.state === 'rejected') return false
  return visit.state !== 'in_progress' && visit.flags.length > 0 && replies.length === 0
}

/** What was answered to a visit, and what is still asked. */
export async function answersOf(db: Db, visit: LocalVisit): Promise<Answers> {
  const [replies, reviews] = await Promise.all([
    db.visit_replies.where('visit_id').equals(visit.id).sortBy('at'),
    db.reviews.where('visit_id').equals(visit.id).sortBy('at'),
  ])
  return put(visit, replies, reviews)
}

function put(visit: LocalVisit, replies: LocalReply[], reviews: readonly ReviewRecord[]): Answers {
  const review = reviews.at(-1) ?? null
  return { replies, review, needed: needsAnswer(visit, replies, review) }
}

/** Visits that were flagged, asked about or answered, newest first. */
export async function answerRows(db: Db, now: Date = new Date()): Promise<AnswerRow[]> {
  const since = new Date(now.getTime() - ASKED_DAYS * DAY_MS).toISOString()
  const [recent, replies, reviews] = await Promise.all([
    db.visits.where('checked_in_at').above(since).and((one) => one.flags.length > 0).toArray(),
    db.visit_replies.toArray(),
    db.reviews.orderBy('visit_id').toArray(),
  ])
  const known = new Set(recent.map((one) => one.id))
  const others = [...new Set([...replies, ...reviews].map((one) => one.visit_id))].filter((id) => !known.has(id))
  const found = (await db.visits.bulkGet(others)).filter((one) => one !== undefined)
  const visits = [...recent, ...found].sort((a, b) => b.checked_in_at.localeCompare(a.checked_in_at))
  const stores = await db.stores.bulkGet(visits.map((one) => one.store_id))
  const repliesOf = grouped(replies)
  const reviewsOf = grouped(reviews)
  return visits
    .map((visit, at) => ({ visit, store: stores[at] ?? null, answers: put(visit, repliesOf.get(visit.id) ?? [], reviewsOf.get(visit.id) ?? []) }))
    // A visit that goes on is not over its flags yet.
    .filter(({ visit, answers }) => answers.needed || answers.replies.length > 0 || answers.review || visit.state !== 'in_progress')
}

function grouped<R extends { visit_id: Id; at: string }>(rows: readonly R[]): Map<Id, R[]> {
  const found = new Map<Id, R[]>()
  for (const row of [...rows].sort((a, b) => a.at.localeCompare(b.at))) found.set(row.visit_id, [...(found.get(row.visit_id) ?? []), row])
  return found
}

/** How many visits want a word. */
export async function neededCount(db: Db): Promise<number> {
  return (await answerRows(db)).filter(({ answers }) => answers.needed).length
}
