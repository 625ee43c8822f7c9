// The rep's answer to the flags of a visit: on the disk when it returns, sent by itself like all else.
import type { Db } from '../../db/schema'
import type { Id, LocalReply } from '../../db/types'
import { needText, save, someText } from '../../db/write'
import { systemClock, type Clock } from '../../kernel/clock'
import { newId } from '../../kernel/ids'
import { checkInOf, visitById } from '../visits/actions'

export const REPLY_MAX = 500

export interface ReplyInput {
  visit_id: Id
  /** Empty where the photo says it all. */
  text: string
  /** A photo of this visit that was added for it, or null. */
  photo_id: Id | null
}

/** The words of an answer, which may be none where a photo goes with it. Raises InvalidInputError. */
export function replyText(text: string, photoId: Id | null): string {
  return photoId === null ? needText('text', text, REPLY_MAX) : (someText(text, REPLY_MAX) ?? '')
}

/**
 * Answer to the flags of a visit, or to a question about it; returns the answer's id. The flags stay.
 * Raises InvalidInputError (no such visit, neither words nor a photo), StorageFullError, SaveFailedError.
 */
export function addReply(db: Db, input: ReplyInput, clock: Clock = systemClock): Promise<Id> {
  return save(db, async (write) => {
    const visit = await visitById(write.t, input.visit_id)
    const text = replyText(input.text, input.photo_id)
    const said = { visit_id: visit.id, at: write.at, text, photo_id: input.photo_id }
    const reply: LocalReply = { id: newId(Date.parse(write.at)), ...said, received_at: null, erased_at: null, sync: 'local' }
    await write.t.visit_replies.add(reply)
    // Not on its photo: words never wait for a picture, which may be parked.
    await write.enqueue({ kind: 'visit.reply', record_id: reply.id, payload: said, depends_on: await checkInOf(write, visit.id) })
    return reply.id
  }, clock)
}
