// Keeps the phone's store from growing for ever: what the office has for long goes, nothing else does.
import { getMeta, setMeta } from '../db/meta'
import type { Db } from '../db/schema'
import { inTransaction, type Tables } from '../db/tables'
import type { Id, IsoTime, LocalPhoto, SyncMark } from '../db/types'
import { nowIso, systemClock, type Clock } from '../kernel/clock'

const DAY_MS = 86_400_000
/** Records older than this, by the day on which the server received them, leave the phone. */
export const KEPT_DAYS = 60
/** Small pictures younger than this stay also where room is short. */
export const THUMBS_KEPT_DAYS = 7
const EVERY_MS = DAY_MS
/** Visits in one transaction: a save must not wait long behind it. */
const AT_ONCE = 25

/**
 * Clear old visits away with all that belongs to them, and stock movements, counts and tasks that are over, once a day.
 * Only what is on the server in full goes: the record is marked as sent, and neither the outbox nor an unfinished
 * upload names it or anything of it. Returns how many went.
 */
export async function pruneOld(db: Db, clock: Clock = systemClock): Promise<number> {
  const last = await getMeta(db, 'pruned_at')
  if (last !== null && Math.abs(clock.now().getTime() - Date.parse(last)) < EVERY_MS) return 0
  const before = await daysAgo(db, clock, KEPT_DAYS)
  // By the phone's time first, which is indexed; a visit that was sent late is younger than that.
  const old = await db.visits.where('checked_in_at').below(before).and((one) => (one.received_at ?? one.checked_in_at) < before).primaryKeys()
  let gone = 0
  for (let at = 0; at < old.length; at += AT_ONCE) {
    gone += await inTransaction(db, (t) => dropVisits(t, old.slice(at, at + AT_ONCE)))
  }
  gone += await inTransaction(db, (t) => dropStock(t, before))
  gone += await dropTasks(db, before)
  await setMeta(db, 'pruned_at', nowIso(clock))
  return gone
}

async function dropVisits(t: Tables, ids: readonly Id[]): Promise<number> {
  const [visits, notes, replies, seen, photos, handouts] = await Promise.all([
    t.visits.bulkGet([...ids]),
    t.notes.where('visit_id').anyOf([...ids]).toArray(),
    t.visit_replies.where('visit_id').anyOf([...ids]).toArray(),
    t.campaign_seen.where('visit_id').anyOf([...ids]).toArray(),
    t.photos.where('visit_id').anyOf([...ids]).toArray(),
    t.handouts.where('visit_id').anyOf([...ids]).toArray(),
  ])
  const waiting = await named(t)
  const unfinished = new Set(await t.uploads.where('state').notEqual('done').primaryKeys())
  const held = new Set<Id>()
  for (const visit of visits) if (visit && visit.sync !== 'sent') held.add(visit.id)
  for (const one of [...notes, ...replies, ...seen, ...photos, ...handouts]) {
    if (one.visit_id && (one.sync !== 'sent' || waiting.has(one.id))) held.add(one.visit_id)
  }
  for (const photo of photos) if (photo.visit_id && !isArrived(photo, unfinished)) held.add(photo.visit_id)
  for (const one of handouts) if (one.signature_sha256 && unfinished.has(one.signature_sha256)) held.add(one.visit_id)
  const gone = new Set(ids.filter((id) => !held.has(id) && !waiting.has(id)))
  const ofGone = <R extends { id: Id; visit_id: Id | null }>(rows: readonly R[]) => rows.filter((one) => one.visit_id !== null && gone.has(one.visit_id))
  await t.visits.bulkDelete([...gone])
  await t.notes.bulkDelete(ofGone(notes).map((one) => one.id))
  await t.visit_replies.bulkDelete(ofGone(replies).map((one) => one.id))
  await t.campaign_seen.bulkDelete(ofGone(seen).map((one) => one.id))
  await t.reviews.where('visit_id').anyOf([...gone]).delete()
  await t.photos.bulkDelete(ofGone(photos).map((one) => one.id))
  await t.handouts.bulkDelete(ofGone(handouts).map((one) => one.id))
  await dropFiles(t, [
    ...ofGone(photos).map((one) => one.sha256),
    ...ofGone(handouts).flatMap((one) => one.signature_sha256 ?? []),
  ])
  return gone.size
}

/** Movements that nobody waits for any more, and counts that are decided. The balance itself is not made of them. */
async function dropStock(t: Tables, before: IsoTime): Promise<number> {
  const waiting = await named(t)
  const isOld = (one: { id: Id; sync: SyncMark }, ...times: (IsoTime | null)[]) =>
    one.sync === 'sent' && !waiting.has(one.id) && times.every((at) => at === null || at < before)
  const movements = await t.stock_movements.where('state').anyOf('confirmed', 'cancelled').toArray()
  const counts = (await t.stock_counts.where('at').below(before).toArray()).filter((one) => one.state !== 'pending')
  const gone = movements.filter((one) => isOld(one, one.at, one.confirmed_at))
  const counted = counts.filter((one) => isOld(one, one.at, one.decided_at))
  await t.stock_movements.bulkDelete(gone.map((one) => one.id))
  await t.stock_counts.bulkDelete(counted.map((one) => one.id))
  return gone.length + counted.length
}

/** Tasks that were closed long ago, and of which the server has all. Returns how many went. */
function dropTasks(db: Db, before: IsoTime): Promise<number> {
  return inTransaction(db, (t) =>
    t.tasks.where('state').anyOf('done', 'cancelled').and((one) => one.sync === 'sent' && (one.closed_at ?? before) < before).delete())
}

/** The records that unsent ops are about, and those that they belong to. */
async function named(t: Tables): Promise<Set<Id>> {
  const found = new Set<Id>()
  for (const { record_id, payload } of await t.outbox.toArray()) {
    found.add(record_id)
    if (typeof payload['visit_id'] === 'string') found.add(payload['visit_id'])
  }
  return found
}

function isArrived(photo: LocalPhoto, unfinished: ReadonlySet<string>): boolean {
  return photo.upload === 'done' && !unfinished.has(photo.sha256)
}

/** Small pictures, and the memory that the bytes were sent, of files that no record here names any more. */
async function dropFiles(t: Tables, hashes: readonly string[]): Promise<void> {
  const inPhotos = await t.photos.where('sha256').anyOf([...hashes]).toArray()
  const inHandouts = await t.handouts.filter((one) => one.signature_sha256 !== null).toArray()
  const used = new Set([...inPhotos.map((one) => one.sha256), ...inHandouts.map((one) => one.signature_sha256)])
  const unused = [...new Set(hashes)].filter((sha256) => !used.has(sha256))
  const done = await t.uploads.where('sha256').anyOf(unused).and((one) => one.state === 'done').primaryKeys()
  await t.uploads.bulkDelete(done)
  await t.thumbs.bulkDelete(unused)
}

/** Bytes freed, of so many small pictures. */
export interface Freed { count: number; bytes: number }

/**
 * Make room now: small pictures of photos that reached the server more than a week ago. The server gives them
 * again. Bytes that wait to be sent, and their small pictures, stay.
 */
export async function freeThumbs(db: Db, clock: Clock = systemClock): Promise<Freed> {
  const before = await daysAgo(db, clock, THUMBS_KEPT_DAYS)
  return inTransaction(db, async (t) => {
    const unfinished = new Set(await t.uploads.where('state').notEqual('done').primaryKeys())
    const free = new Set<string>()
    const needed = new Set<string>()
    await t.photos.each((photo) => {
      const old = (photo.uploaded_at ?? photo.taken_at) < before && photo.taken_at < before
      const gone = old && photo.sync === 'sent' && isArrived(photo, unfinished)
      const pile = gone ? free : needed
      pile.add(photo.sha256)
    })
    const freed: Freed = { count: 0, bytes: 0 }
    for (const sha256 of free) {
      const thumb = needed.has(sha256) ? undefined : await t.thumbs.get(sha256)
      if (!thumb) continue
      freed.count += 1
      freed.bytes += thumb.bytes instanceof ArrayBuffer ? thumb.bytes.byteLength : thumb.bytes.size
      await t.thumbs.delete(sha256)
    }
    return freed
  })
}

/** The moment so many days ago by the server's clock: a phone set to next year must not clear this one's work. */
async function daysAgo(db: Db, clock: Clock, days: number): Promise<IsoTime> {
  const contact = await getMeta(db, 'contact')
  // The server's last word, and not the phone's clock put right by it: that may have been moved since.
  const now = contact?.server_at === undefined ? clock.now().getTime() + (contact?.offset_ms ?? 0) : Date.parse(contact.server_at)
  return new Date(now - days * DAY_MS).toISOString()
}
