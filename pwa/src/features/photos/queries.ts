// Photos as the screens show them: the phone's own thumbs, or the server's where this phone has none.
import type { Db } from '../../db/schema'
import { reading, rowsWith } from '../../db/tables'
import type { Id, LocalPhoto } from '../../db/types'
import { asBlob } from '../../db/write'
import { localProblem, type Problem } from '../../kernel/problem'

export interface PhotoItem {
  photo: LocalPhoto
  thumb: Blob | null
  /** Where the server has it, when this phone does not. */
  thumb_url: string | null
  /** Why it cannot be sent or shown. */
  problem: Problem | null
}

/** The photos of a visit, in the order in which they were taken. */
export async function photosOfVisit(db: Db, visitId: Id): Promise<PhotoItem[]> {
  return items(db, await db.photos.where('visit_id').equals(visitId).toArray())
}

/** The photos of an office check-in, in the order in which they were taken. */
export async function photosOfOfficeCheckIn(db: Db, id: Id): Promise<PhotoItem[]> {
  return items(db, await db.photos.where('office_check_in_id').equals(id).toArray())
}

/** The picture itself while it is on this phone, else null: see screenUrl. */
export async function photoBytes(db: Db, photoId: Id): Promise<Blob | null> {
  const photo = await db.photos.get(photoId)
  const row = photo && (await db.blobs.get(photo.sha256))
  return row ? asBlob(row.bytes, row.mime) : null
}

/** Where the server has a photo in screen size. */
export function screenUrl(photoId: Id): string {
  return `/api/v1/photos/${photoId}/screen`
}

async function items(db: Db, photos: LocalPhoto[]): Promise<PhotoItem[]> {
  // Ids grow with time: they part photos of one second.
  photos.sort((a, b) => a.taken_at.localeCompare(b.taken_at) || a.id.localeCompare(b.id))
  const hashes = photos.map((photo) => photo.sha256)
  const [thumbs, uploads, ops] = await Promise.all([
    db.thumbs.bulkGet(hashes),
    db.uploads.bulkGet(hashes),
    reading(db, ['outbox'], (t) => rowsWith(t.outbox, 'record_id', photos.map((photo) => photo.id))),
  ])
  const parked = new Map(ops.map((op) => [op.record_id, op.problem]))
  return photos.map((photo, at) => {
    const thumb = thumbs[at]
    const onServer = photo.state === 'complete' || photo.state === 'stored'
    return {
      photo,
      thumb: thumb ? asBlob(thumb.bytes, thumb.mime) : null,
      thumb_url: !thumb && onServer ? `/api/v1/photos/${photo.id}/thumb` : null,
      problem:
        parked.get(photo.id) ?? uploads[at]?.problem ?? (photo.problem ? localProblem(photo.problem) : null),
    }
  })
}
