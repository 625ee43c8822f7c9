// What this phone holds about the person who uses it.
import type { Db } from '../../db/schema'
import { unfinishedUploads } from '../../db/tables'
import type { IsoTime, PersonRecord } from '../../db/types'
import { backlog } from '../../sync/outbox'

/** The supervisors above this person, by name. */
export async function mySupervisors(db: Db): Promise<PersonRecord[]> {
  const people = await db.people.filter((person) => person.role === 'supervisor' && person.id !== db.userId).toArray()
  return people.sort((a, b) => a.name.localeCompare(b.name, 'zh-CN'))
}

export interface Held {
  stores: number
  visits: number
  notes: number
  photos: number
  /** Files that are still here in full, because they wait. */
  photos_bytes: number
  handouts: number
  office_check_ins: number
  unsent: number
  oldest_at: IsoTime | null
}

/** Counts of what is on this phone. */
export async function heldOnPhone(db: Db): Promise<Held> {
  const [stores, visits, notes, photos, handouts, office_check_ins, waiting, uploads] = await Promise.all([
    db.stores.count(), db.visits.count(), db.notes.count(), db.photos.count(), db.handouts.count(),
    db.office_check_ins.count(), backlog(db), unfinishedUploads(db),
  ])
  return {
    stores, visits, notes, photos, handouts, office_check_ins,
    photos_bytes: uploads.reduce((sum, one) => sum + one.bytes_total, 0),
    unsent: waiting.ops + waiting.uploads,
    oldest_at: waiting.oldest_at,
  }
}
