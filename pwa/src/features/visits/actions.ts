// What a rep does in a visit. Each is on the disk when it returns, and goes to the server by itself.
import { organisation } from '../../app/session'
import { InvalidInputError } from '../../db/errors'
import type { Db } from '../../db/schema'
import type { Tables } from '../../db/tables'
import type { Fix, Id, LocalVisit } from '../../db/types'
import { needText, save, someText, type Writer } from '../../db/write'
import { dayOf, systemClock, type Clock } from '../../kernel/clock'
import { between } from '../../kernel/geo'
import { newId } from '../../kernel/ids'
import { onceAllMade } from '../photos/making'

export const REASON_MAX = 2_000
export const NOTE_MAX = 8_000

export interface CheckInInput {
  store_id: Id
  fix: Fix | null
  /** Why the position is poor or missing, in the rep's words. */
  reason: string | null
  planned: boolean
}

/**
 * Check in at a store; returns the visit's id. While today's visit there is open, a second call returns that
 * one: a second tap is no second visit. Raises StorageFullError, SaveFailedError.
 */
export function checkIn(db: Db, input: CheckInInput, clock: Clock = systemClock): Promise<Id> {
  return save(db, async (write) => {
    const [open, store] = await Promise.all([
      openAt(write.t, input.store_id, dayOf(write.at, organisation.value.time_zone)),
      write.t.stores.get(input.store_id),
    ])
    if (open) return open.id
    const reason = someText(input.reason, REASON_MAX)
    const visit = newVisit(write, input, store?.region_id ?? '')
    visit.distance_m = between(input.fix, store)
    visit.reason = reason
    write.put(write.t.visits.add(visit))
    await write.enqueue({
      kind: 'visit.check_in',
      record_id: visit.id,
      payload: { store_id: input.store_id, at: write.at, planned: input.planned, fix: input.fix, reason },
    })
    return visit.id
  }, clock)
}

async function openAt(t: Tables, storeId: Id, day: string): Promise<LocalVisit | undefined> {
  const visits = await t.visits.where('store_id').equals(storeId).toArray()
  const zone = organisation.value.time_zone
  return visits.find((visit) => visit.state === 'in_progress' && dayOf(visit.checked_in_at, zone) === day)
}

function newVisit(write: Writer, input: CheckInInput, regionId: Id): LocalVisit {
  return {
    id: newId(Date.parse(write.at)),
    store_id: input.store_id,
    author_id: write.author,
    region_id: regionId,
    state: 'in_progress',
    planned: input.planned,
    checked_in_at: write.at,
    checked_out_at: null,
    dwell_s: null,
    fix: input.fix,
    out_fix: null,
    reason: null,
    cancel_reason: null,
    verdict: null,
    distance_m: null,
    explanation: null,
    flags: [],
    received_at: null,
    device_at: write.at,
    clock_offset_ms: null,
    photos_total: 0,
    photos_arrived: 0,
    rev: 0,
    sync: 'local',
  }
}

/**
 * End a visit, as soon as its pictures in the making are kept. Raises InvalidInputError for one that is not open,
 * StorageFullError, SaveFailedError.
 */
export function checkOut(
  db: Db, input: { visit_id: Id; fix: Fix | null }, clock: Clock = systemClock,
): Promise<void> {
  return onceAllMade(input.visit_id, () => save(db, async (write) => {
    const [visit, photos, depends_on] = await Promise.all([
      openVisitById(write.t, input.visit_id),
      write.t.photos.where('visit_id').equals(input.visit_id).count(),
      checkInOf(write, input.visit_id),
    ])
    const dwell = Math.max(0, Math.round((Date.parse(write.at) - Date.parse(visit.checked_in_at)) / 1000))
    write.put(write.t.visits.put({
      ...visit, state: 'completed', checked_out_at: write.at, dwell_s: dwell, out_fix: input.fix, sync: 'local',
    }))
    await write.enqueue({
      kind: 'visit.check_out',
      record_id: visit.id,
      // So that the server knows when the visit is complete, in whatever order its parts arrive.
      payload: { at: write.at, fix: input.fix, photos },
      depends_on,
    })
  }, clock))
}

/**
 * Call a visit off, as soon as its pictures in the making are kept. Raises InvalidInputError (not open, no reason),
 * StorageFullError, SaveFailedError.
 */
export function cancelVisit(
  db: Db, input: { visit_id: Id; reason: string }, clock: Clock = systemClock,
): Promise<void> {
  return onceAllMade(input.visit_id, () => save(db, async (write) => {
    const visit = await openVisitById(write.t, input.visit_id)
    const reason = needText('reason', input.reason, REASON_MAX)
    await write.t.visits.update(visit.id, { state: 'cancelled', cancel_reason: reason, sync: 'local' })
    await write.enqueue({
      kind: 'visit.cancel',
      record_id: visit.id,
      payload: { at: write.at, reason },
      depends_on: await checkInOf(write, visit.id),
    })
  }, clock))
}

/** Add a note to a visit, open or closed. Raises InvalidInputError, StorageFullError, SaveFailedError. */
export function addNote(db: Db, input: { visit_id: Id; text: string }, clock: Clock = systemClock): Promise<Id> {
  return save(db, async (write) => {
    await visitById(write.t, input.visit_id)
    const note = {
      id: newId(Date.parse(write.at)), visit_id: input.visit_id, at: write.at,
      text: needText('text', input.text, NOTE_MAX), sync: 'local' as const,
    }
    await write.t.notes.add(note)
    await write.enqueue({
      kind: 'visit.note',
      record_id: note.id,
      payload: { visit_id: note.visit_id, at: note.at, text: note.text },
      depends_on: await checkInOf(write, note.visit_id),
    })
    return note.id
  }, clock)
}

/** A visit on this phone. Raises InvalidInputError. */
export async function visitById(t: Tables, id: Id): Promise<LocalVisit> {
  const visit = await t.visits.get(id)
  if (!visit) throw new InvalidInputError('visit_id', 'no such visit on this phone')
  return visit
}

async function openVisitById(t: Tables, id: Id): Promise<LocalVisit> {
  const visit = await visitById(t, id)
  if (visit.state !== 'in_progress') throw new InvalidInputError('visit_id', 'the visit is closed')
  return visit
}

/** What all of a visit depends on: its check-in, while that is unsent. */
export function checkInOf(write: Writer, visitId: Id): Promise<Id[]> {
  return write.unsent('visit.check_in', visitId)
}
