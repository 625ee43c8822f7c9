// A record of the server meets the phone's own. Pure: the server wins, except for what it has not heard yet.
import type {
  CountRecord, ExemptionRecord, HandoutRecord, LocalCount, LocalExemption, LocalHandout, LocalMakeUp, LocalMovement,
  LocalNote, LocalOfficeCheckIn, LocalPhoto, LocalReply, LocalSeen, LocalTask, LocalVisit, MakeUpRecord, MovementRecord,
  NoteRecord, OfficeCheckInRecord, OpKind, PhotoRecord, ReplyRecord, SeenRecord, TaskRecord, UploadMark, VisitRecord,
} from './types'

/** The kinds of the ops about a record that are still unsent. */
export type Unsent = ReadonlySet<OpKind>

const NOTHING: Unsent = new Set<OpKind>()

/**
 * A visit. What an unsent check-out or cancellation says stays until the server has it; an answer older
 * than what is known (a repeated op gets its first answer again) changes nothing but the mark.
 */
export function mergeVisit(local: LocalVisit | undefined, theirs: VisitRecord, unsent: Unsent = NOTHING): LocalVisit {
  const sync = unsent.size > 0 ? 'local' : 'sent'
  if (!local) return { ...theirs, sync }
  // A local visit counts revision 0 until the server has answered.
  const record = local.rev > theirs.rev ? local : theirs
  if (unsent.has('visit.check_out')) {
    const { state, checked_out_at, dwell_s, out_fix } = local
    return { ...record, state, checked_out_at, dwell_s, out_fix, sync }
  }
  if (unsent.has('visit.cancel')) {
    return { ...record, state: local.state, cancel_reason: local.cancel_reason, sync }
  }
  return { ...record, sync }
}

/** A note. */
export function mergeNote(theirs: NoteRecord): LocalNote {
  return { ...theirs, sync: 'sent' }
}

/** An answer to flags. */
export function mergeReply(theirs: ReplyRecord): LocalReply {
  return { ...theirs, sync: 'sent' }
}

/** What was seen of a campaign. */
export function mergeSeen(theirs: SeenRecord): LocalSeen {
  return { ...theirs, sync: 'sent' }
}

/** A photo; upload is how far this phone's own bytes are, or null where it holds none. */
export function mergePhoto(local: LocalPhoto | undefined, theirs: PhotoRecord, upload: UploadMark | null): LocalPhoto {
  if (theirs.state !== 'awaiting_bytes') return { ...theirs, sync: 'sent', upload: 'done' }
  // The first answer of a repeated op says "awaiting", also when the feed has told more since.
  if (local && local.sync === 'sent' && local.state !== 'awaiting_bytes') return local
  return { ...theirs, sync: 'sent', upload: upload ?? local?.upload ?? 'waiting' }
}

/** A handout. */
export function mergeHandout(theirs: HandoutRecord): LocalHandout {
  return { ...theirs, sync: 'sent' }
}

/** An office check-in. */
export function mergeOfficeCheckIn(theirs: OfficeCheckInRecord): LocalOfficeCheckIn {
  return { ...theirs, sync: 'sent' }
}

/** An exemption that the rep has asked for, or that a supervisor entered. */
export function mergeExemption(local: LocalExemption | undefined, theirs: ExemptionRecord): LocalExemption {
  return { ...laterDecision(local, theirs), sync: 'sent' }
}

/** A request that a week be counted. */
export function mergeMakeUp(local: LocalMakeUp | undefined, theirs: MakeUpRecord): LocalMakeUp {
  return { ...laterDecision(local, theirs), sync: 'sent' }
}

/** A repeated op is answered with its first answer; a decision that the feed has told since stays. */
function laterDecision<T extends { decided_at: string | null }>(local: T | undefined, theirs: T): T {
  return local && (local.decided_at ?? '') > (theirs.decided_at ?? '') ? local : theirs
}

/**
 * A movement. What an unsent confirmation says stays until the server has it; names come with the feed only,
 * so those that are known are kept.
 */
export function mergeMovement(
  local: LocalMovement | undefined, theirs: MovementRecord, unsent: Unsent = NOTHING,
): LocalMovement {
  const names = { from_name: theirs.from_name ?? local?.from_name ?? '', to_name: theirs.to_name ?? local?.to_name ?? '' }
  if (local && unsent.has('stock.confirm') && theirs.confirmed === null) {
    const { state, confirmed, difference, confirmed_by, confirmed_at, confirm_note } = local
    return { ...theirs, ...names, state, confirmed, difference, confirmed_by, confirmed_at, confirm_note, sync: 'local' }
  }
  return { ...theirs, ...names, sync: unsent.size > 0 ? 'local' : 'sent' }
}

/** A count. */
export function mergeCount(theirs: CountRecord): LocalCount {
  return { ...theirs, sync: 'sent' }
}

/**
 * A task. What an unsent "done" says stays while the server still calls it open; a task that was called off
 * meanwhile is shown so. A repeated op is answered with its first answer: the later revision counts.
 */
export function mergeTask(local: LocalTask | undefined, theirs: TaskRecord, unsent: Unsent = NOTHING): LocalTask {
  const sync = unsent.size > 0 ? 'local' : 'sent'
  const record = local && local.rev > theirs.rev ? local : theirs
  if (local && unsent.has('task.done') && record.state === 'open') {
    const { state, state_note, closed_at, done_at, done_note, done_visit_id } = local
    return { ...record, state, state_note, closed_at, done_at, done_note, done_visit_id, sync }
  }
  return { ...record, sync }
}
