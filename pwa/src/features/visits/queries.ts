// Visits as the screens show them.
import { organisation } from '../../app/session'
import type { Db } from '../../db/schema'
import type { Id, LocalNote, LocalVisit, StoreRecord, VisitState } from '../../db/types'
import { dayOf } from '../../kernel/clock'
import { answersOf, type Answers } from '../answers/queries'
import { seenInVisit, type SeenItem } from '../campaigns/queries'
import { handoutsOfVisit, type HandoutItem } from '../materials/queries'
import { photosOfVisit, type PhotoItem } from '../photos/queries'
import { itemsOfRecords, type SyncItem } from '../sync/queries'

export interface OpenVisit { visit: LocalVisit; store: StoreRecord | null }

/** Today's open ones among some visits, newest first. */
export function openOf(visits: readonly LocalVisit[]): LocalVisit[] {
  return visits
    .filter((visit) => shownState(visit) === 'in_progress')
    .sort((a, b) => b.checked_in_at.localeCompare(a.checked_in_at))
}

/** The state to show. Midnight changes no row: an open visit of an earlier day reads as abandoned. */
export function shownState(visit: LocalVisit, now: Date = new Date()): VisitState {
  if (visit.state !== 'in_progress') return visit.state
  const zone = organisation.value.time_zone
  return dayOf(visit.checked_in_at, zone) < dayOf(now, zone) ? 'abandoned' : 'in_progress'
}

/** The visits that go on now, newest first. */
export async function openVisits(db: Db): Promise<OpenVisit[]> {
  const visits = openOf(await db.visits.where('state').equals('in_progress').toArray())
  const stores = await db.stores.bulkGet(visits.map((visit) => visit.store_id))
  return visits.map((visit, at) => ({ visit, store: stores[at] ?? null }))
}

/** The visit that goes on now, or null. */
export async function openVisit(db: Db): Promise<OpenVisit | null> {
  return (await openVisits(db))[0] ?? null
}

/** How many visits were completed today. */
export async function doneToday(db: Db): Promise<number> {
  const zone = organisation.value.time_zone
  const today = dayOf(new Date(), zone)
  // A day in whatever zone began less than two days ago; the index keeps the rest of history out.
  const since = new Date(Date.now() - 2 * 86_400_000).toISOString()
  const visits = await db.visits.where('checked_in_at').above(since).toArray()
  return visits.filter((visit) => visit.state === 'completed' && dayOf(visit.checked_in_at, zone) === today).length
}

export interface VisitPage {
  visit: LocalVisit
  store: StoreRecord | null
  notes: LocalNote[]
  photos: PhotoItem[]
  handouts: HandoutItem[]
  /** What was seen of campaigns, oldest first. */
  seen: SeenItem[]
  answers: Answers
  photos_total: number
  /** On the server, bytes included. */
  photos_arrived: number
  /** What of this visit still waits. */
  ops: SyncItem[]
}

/** A visit with all that belongs to it; null for one that is not on this phone. */
export async function visitPage(db: Db, id: Id): Promise<VisitPage | null> {
  const visit = await db.visits.get(id)
  if (!visit) return null
  const [store, notes, photos, handouts, seen, answers] = await Promise.all([
    db.stores.get(visit.store_id),
    db.notes.where('visit_id').equals(id).sortBy('at'),
    photosOfVisit(db, id),
    handoutsOfVisit(db, id),
    seenInVisit(db, id),
    answersOf(db, visit),
  ])
  const ids = [id, ...notes.map((one) => one.id), ...photos.map((one) => one.photo.id), ...handouts.map((one) => one.handout.id), ...seen.map((one) => one.seen.id), ...answers.replies.map((one) => one.id)]
  return {
    visit,
    store: store ?? null,
    notes,
    photos,
    handouts,
    seen,
    answers,
    photos_total: photos.length,
    photos_arrived: photos.filter(({ photo }) => photo.sync === 'sent' && photo.upload === 'done').length,
    ops: await itemsOfRecords(db, ids),
  }
}
