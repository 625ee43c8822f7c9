// The only way in which a screen's action reaches the disk: record, op and bytes in one transaction.
import { evidence, nowIso, systemClock, type Clock } from '../kernel/clock'
import { newId } from '../kernel/ids'
import { whileUnsaved } from '../kernel/unsaved'
import { asSaveError, InvalidInputError, isQuota } from './errors'
import { getMeta, setMeta } from './meta'
import type { Db } from './schema'
import { inTransaction, type Tables } from './tables'
import type { Bytes, Id, IsoTime, OpKind, OutboxOp, Upload } from './types'

/** What an op says; all else is filled in by enqueue. */
export interface NewOp {
  kind: OpKind
  record_id: Id
  payload: Record<string, unknown>
  /** Ops that must come first, where they are still unsent. */
  depends_on?: Id[]
}

/** A file that an op announces. */
export interface NewFile {
  what: Upload['what']
  sha256: string
  mime: string
  bytes: ArrayBuffer
  thumb: { mime: string; bytes: ArrayBuffer } | null
}

/**
 * Writes within one transaction. A write that nobody waits for is handed to `put`: each wait is a way to the
 * browser's database and back, and a slow phone feels every one of them.
 */
export interface Writer {
  /** The transaction's tables; the database's own would write outside of it. */
  t: Tables
  author: Id
  /** The moment of the action, by the phone. */
  at: IsoTime
  /** A write that has begun; the transaction fails if it does. What is read after it sees it. */
  put(write: PromiseLike<unknown>): void
  /** Put an op into the outbox; returns its id. */
  enqueue(op: NewOp): Promise<Id>
  /** Keep a file to be sent after the op that announces it. */
  keepFile(file: NewFile, announcedBy: Id): Promise<void>
  /** The ids among these records' unsent ops of a kind. */
  unsent(kind: OpKind, recordId: Id): Promise<Id[]>
}

/**
 * Run `work` in one transaction over all tables: all of it is on the disk afterwards, or nothing.
 *
 * Raises StorageFullError, SaveFailedError, or the InvalidInputError of `work`. `work` may await nothing
 * but the database, and runs a second time where the browser refuses Blobs.
 */
export function save<T>(db: Db, work: (write: Writer) => Promise<T>, clock: Clock = systemClock): Promise<T> {
  return whileUnsaved(() => trying(db, work, clock))
}

async function trying<T>(db: Db, work: (write: Writer) => Promise<T>, clock: Clock): Promise<T> {
  try {
    return await attempt(db, work, clock)
  } catch (error) {
    if (error instanceof InvalidInputError || isQuota(error) || db.keepsBuffers) throw asSaveError(error)
    // Some iOS versions fail with "Error preparing Blob"; bytes as they are can always be kept.
    db.keepsBuffers = true
    try {
      return await attempt(db, work, clock)
    } catch (second) {
      db.keepsBuffers = false
      throw asSaveError(second)
    }
  }
}

function attempt<T>(db: Db, work: (write: Writer) => Promise<T>, clock: Clock): Promise<T> {
  return inTransaction(db, async (t) => {
    const writes: PromiseLike<unknown>[] = []
    const done = await work(writer(db, t, clock, writes))
    await Promise.all(writes)
    return done
  })
}

function writer(db: Db, t: Tables, clock: Clock, writes: PromiseLike<unknown>[]): Writer {
  const at = nowIso(clock)
  // Asked for at once, beside whatever the action itself reads.
  const known = Promise.all([getMeta(t, 'device_seq'), getMeta(t, 'contact')])
  known.catch(() => undefined)
  let made = 0
  const put = (write: PromiseLike<unknown>) => {
    writes.push(write)
    // Where the action fails first, nobody else hears of this one.
    write.then(undefined, () => undefined)
  }
  return {
    t,
    author: db.userId,
    at,
    put,
    async enqueue(op) {
      const [last, contact] = await known
      made += 1
      const seq = (last ?? 0) + made
      put(setMeta(t, 'device_seq', seq))
      const row: OutboxOp = {
        op_id: newId(clock.now().getTime()),
        seq,
        kind: op.kind,
        record_id: op.record_id,
        author: db.userId,
        payload: op.payload,
        depends_on: op.depends_on ?? [],
        ...evidence(clock, contact),
        device_at: at,
        state: 'waiting',
        problem: null,
        attempts: 0,
        created_at: at,
        bytes: opBytes(op.payload),
      }
      put(t.outbox.add(row))
      return row.op_id
    },
    async keepFile(file, announcedBy) {
      const before = await t.uploads.get(file.sha256)
      if (file.thumb) {
        const { mime, bytes } = file.thumb
        put(t.thumbs.put({ sha256: file.sha256, mime, bytes: pack(db, bytes, mime) }))
      }
      // Also where the same bytes were sent before: that the server had them once is no proof that it has them
      // now. It is asked again, which costs no bytes.
      put(t.blobs.put({ sha256: file.sha256, mime: file.mime, bytes: pack(db, file.bytes, file.mime) }))
      put(t.uploads.put({
        sha256: file.sha256,
        what: file.what,
        op_ids: [...(before?.op_ids ?? []), announcedBy],
        bytes_total: file.bytes.byteLength,
        bytes_sent: before?.bytes_sent ?? 0,
        state: 'waiting',
        problem: null,
        attempts: 0,
        created_at: before?.created_at ?? at,
      }))
    },
    async unsent(kind, recordId) {
      const ops = await t.outbox.where('record_id').equals(recordId).toArray()
      return ops.filter((op) => op.kind === kind).map((op) => op.op_id)
    },
  }
}

/** Ids, times and counters of an op on the wire. */
const OP_OVERHEAD = 320

/** The size of an op on the wire, roughly. */
export function opBytes(payload: Record<string, unknown>): number {
  return JSON.stringify(payload).length + OP_OVERHEAD
}

function pack(db: Db, bytes: ArrayBuffer, mime: string): Bytes {
  return db.keepsBuffers ? bytes : new Blob([bytes], { type: mime })
}

/** Stored bytes as a Blob, however they were kept. */
export function asBlob(bytes: Bytes, mime: string): Blob {
  return bytes instanceof ArrayBuffer ? new Blob([bytes], { type: mime }) : bytes
}

/** Text that every JSON reader takes: a half emoji, cut off by a maximum length, would spoil a whole batch. */
export function cleanText(text: string): string {
  // Whole pairs match first and stay. No look-behind: older iOS cannot even load a file with one.
  return text.replace(/[\uD800-\uDBFF][\uDC00-\uDFFF]|[\uD800-\uDFFF]/g, (found) => (found.length === 2 ? found : '')).trim()
}

/** A text of 1 to `max` characters, cleaned. Raises InvalidInputError. */
export function needText(field: string, text: string, max: number): string {
  const clean = cleanText(text)
  if (clean === '') throw new InvalidInputError(field, 'is empty')
  return clean.length > max ? cleanText(clean.slice(0, max)) : clean
}

/** A text of at most `max` characters, cleaned; null where nothing is in it. */
export function someText(text: string | null | undefined, max: number): string | null {
  return text == null ? null : cleanText(cleanText(text).slice(0, max)) || null
}
