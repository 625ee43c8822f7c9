// Photos: the record and the bytes are kept together, and travel apart.
import { InvalidInputError } from '../../db/errors'
import type { Db } from '../../db/schema'
import type { Id, IsoTime, LocalPhoto, PhotoKind } from '../../db/types'
import { save } from '../../db/write'
import { systemClock, type Clock } from '../../kernel/clock'
import { newId } from '../../kernel/ids'
import { checkInOf, visitById } from '../visits/actions'

export interface PhotoInput {
  /** One of the two. */
  visit_id: Id | null
  office_check_in_id: Id | null
  kind: PhotoKind
  image: ArrayBuffer
  /** A small JPEG; stays on the phone after the image was sent. */
  thumb: ArrayBuffer
  width: number
  height: number
  mime: string
  source: 'camera' | 'file'
  taken_at: IsoTime
  /** Lower-case hex, of `image`. */
  sha256: string
}

/**
 * Add a photo to a visit or an office check-in; returns its id.
 * Raises InvalidInputError, StorageFullError, SaveFailedError.
 */
export function addPhoto(db: Db, input: PhotoInput, clock: Clock = systemClock): Promise<Id> {
  return save(db, async (write) => {
    const parent = input.visit_id ?? input.office_check_in_id
    if (parent === null || (input.visit_id !== null && input.office_check_in_id !== null)) {
      throw new InvalidInputError('visit_id', 'a photo belongs to a visit or to an office check-in')
    }
    if (input.image.byteLength === 0) throw new InvalidInputError('image', 'is empty')
    const [depends_on] = await Promise.all([
      input.visit_id ? checkInOf(write, input.visit_id) : write.unsent('office.check_in', parent),
      input.visit_id && visitById(write.t, input.visit_id),
    ])
    const said = {
      visit_id: input.visit_id,
      office_check_in_id: input.office_check_in_id,
      kind: input.kind,
      sha256: input.sha256,
      bytes: input.image.byteLength,
      width: input.width,
      height: input.height,
      mime: input.mime,
      taken_at: input.taken_at,
      source: input.source,
    }
    const id = newId(Date.parse(write.at))
    const op = await write.enqueue({
      kind: 'photo.add',
      record_id: id,
      payload: said,
      depends_on,
    })
    await write.keepFile({
      what: 'photo', sha256: input.sha256, mime: input.mime, bytes: input.image,
      thumb: { mime: 'image/jpeg', bytes: input.thumb },
    }, op)
    const photo: LocalPhoto = {
      id, ...said, state: 'awaiting_bytes', problem: null, uploaded_at: null,
      sync: 'local', upload: 'waiting',
    }
    write.put(write.t.photos.add(photo))
    return id
  }, clock)
}
