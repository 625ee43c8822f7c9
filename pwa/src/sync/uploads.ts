// One file's bytes to the server: from where it stands, in one body, done only when it says complete.
import { asBlob } from '../db/write'
import { ifRoom, orWithout } from '../db/room'
import type { Db } from '../db/schema'
import { inTransaction, type Tables } from '../db/tables'
import type { Upload } from '../db/types'
import { ApiError, localProblem, type Problem } from '../kernel/problem'
import { sha256Hex } from '../kernel/hash'
import { offsetOf, type Transport } from './transport'

/** Requests for one file in one run; then it rests, and others go. A link that breaks ends the run anyway. */
const TRIES = 4

/** Names of errors that say that the browser no longer has the bytes, and not that it has no room or time for them. */
const LOST = new Set(['NotReadableError', 'NotFoundError', 'DataError'])

/** `problem` null: nothing speaks against another try in the next run. */
export type UploadEnd = { complete: true } | { complete: false; problem: Problem | null }

/** A file's bytes are here and could not be read. Browsers may lose the file behind a Blob whose row they keep. */
class UnreadableError extends Error {
  override readonly name = 'UnreadableError'
}

/**
 * Send what the server lacks of a file. Complete means that the server has verified the hash.
 *
 * Ends with a problem where sending again cannot help (too large, the bytes are gone from the phone), and without one
 * where this file can only rest. Raises ApiError where the request failed. `progress` is told how many bytes are there.
 */
export async function sendFile(
  transport: Transport, sha256: string, file: Blob, progress: (sent: number) => Promise<void>,
): Promise<UploadEnd> {
  try {
    return await sendRest(transport, sha256, file, progress)
  } catch (error) {
    if (!(error instanceof UnreadableError)) throw error
    return { complete: false, problem: problemOf(error) }
  }
}

async function sendRest(
  transport: Transport, sha256: string, file: Blob, progress: (sent: number) => Promise<void>,
): Promise<UploadEnd> {
  let { offset, complete } = await transport.uploadStatus(sha256)
  if (complete) return { complete: true }
  for (let tries = 0; tries < TRIES; tries += 1) {
    // A longer partial file than ours cannot be ours: the server drops it when the hash does not fit.
    if (offset > file.size) return { complete: false, problem: localProblem('length_mismatch') }
    await progress(offset)
    try {
      // Read before the request: a Blob that cannot be read fails within it like a network that is gone.
      const rest = new Blob([await bytesIn(file.slice(offset))])
      const answer = await transport.uploadFrom(sha256, offset, file.size, rest)
      if (answer.complete && answer.sha256 === sha256) return { complete: true }
      if (answer.received <= offset) break
      offset = answer.received
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      const end = await afterRefusal(error, sha256, file)
      if (end !== null) return end
      const status = await resync(transport, sha256, error)
      if (status.complete) return { complete: true }
      offset = status.offset
    }
  }
  return { complete: false, problem: null }
}

async function bytesIn(file: Blob): Promise<ArrayBuffer> {
  try {
    return await file.arrayBuffer()
  } catch (cause) {
    throw new UnreadableError('the bytes of a file cannot be read', { cause })
  }
}

/** What is to be shown: nothing where the browser may yet manage. */
function problemOf({ cause }: UnreadableError): Problem | null {
  const name = cause instanceof Error || cause instanceof DOMException ? cause.name : ''
  return LOST.has(name) ? localProblem('bytes_unreadable') : null
}

/** Null: go on from the server's offset. Raises what only time can mend. */
async function afterRefusal(error: ApiError, sha256: string, file: Blob): Promise<UploadEnd | null> {
  if (error.kind === 'too_large') return { complete: false, problem: error.problem ?? localProblem('too_large') }
  if (error.kind !== 'refused') throw error
  if (error.status === 409) return null
  if (error.problem?.code === 'hash_mismatch') {
    // Damaged on the way: the server starts anew, and so do we. Damaged here: no sending will mend it.
    const own = await sha256Hex(await bytesIn(file))
    return own === sha256 ? null : { complete: false, problem: localProblem('bytes_damaged') }
  }
  return { complete: false, problem: error.problem ?? localProblem('refused') }
}

async function resync(transport: Transport, sha256: string, error: ApiError): Promise<{ offset: number; complete: boolean }> {
  const told = error.status === 409 ? offsetOf(error.headers) : null
  // Two tabs may have finished it between them: then the file is away, and only a question tells why.
  return told !== null && told > 0 ? { offset: told, complete: false } : transport.uploadStatus(sha256)
}

/** The bytes of an upload, or why there are none: this phone no longer has them, or its row of them does not open. */
export async function bytesOf(db: Db, upload: Upload): Promise<Blob | { problem: Problem | null }> {
  try {
    const row = await db.blobs.get(upload.sha256)
    const blob = row ? asBlob(row.bytes, row.mime) : null
    return blob?.size === upload.bytes_total ? blob : { problem: localProblem('bytes_missing') }
  } catch (cause) {
    return { problem: problemOf(new UnreadableError('the row of a file does not open', { cause })) }
  }
}

/**
 * Mark an upload as on its way, where there is room for that. Returns it, or null where it is gone or done: another
 * tab may have finished it.
 */
export async function beginUpload(db: Db, sha256: string): Promise<Upload | null> {
  const open = async (t: Pick<Tables, 'uploads'>) => {
    const upload = await t.uploads.get(sha256)
    return upload && upload.state !== 'done' ? upload : null
  }
  return orWithout(() => inTransaction(db, async (t) => {
    const upload = await open(t)
    if (!upload) return null
    await t.uploads.update(sha256, { state: 'sending', attempts: upload.attempts + 1 })
    await t.photos.where('sha256').equals(sha256).modify({ upload: 'sending' })
    return upload
  }), () => open(db))
}

/** Note how far an upload is. */
export async function noteProgress(db: Db, sha256: string, bytesSent: number): Promise<void> {
  await ifRoom(async () => db.uploads.update(sha256, { bytes_sent: bytesSent }))
}

/** The run ended before it was complete: it waits again. */
export async function releaseUpload(db: Db, sha256: string): Promise<void> {
  await ifRoom(() => inTransaction(db, (t) => mark(t, [sha256], { state: 'waiting' })))
}

/** It cannot be sent; it stays with its problem until somebody asks to try again. Without room for that it is tried again. */
export async function failUpload(db: Db, sha256: string, problem: Problem): Promise<void> {
  await ifRoom(() => inTransaction(db, (t) => mark(t, [sha256], { state: 'failed', problem })))
}

/**
 * Verified by the server and confirmed: the bytes may go. Thumbs stay for the screens. Resolves to those whose mark
 * found no room: of them only the bytes go, and the next run asks the server, which has them.
 */
export async function finishUploads(db: Db, hashes: readonly string[]): Promise<readonly string[]> {
  return orWithout<readonly string[]>(() => inTransaction(db, async (t) => {
    await mark(t, hashes, { state: 'done', problem: null })
    await t.blobs.bulkDelete([...hashes])
    return []
  }), async () => {
    await db.blobs.bulkDelete([...hashes])
    return hashes
  })
}

/** Give failed uploads another chance, because somebody asked. */
export async function retryFailed(db: Db): Promise<void> {
  await inTransaction(db, async (t) => {
    const failed = await t.uploads.where('state').equals('failed').primaryKeys()
    await mark(t, failed, { state: 'waiting', problem: null })
  })
}

async function mark(
  t: Tables, hashes: readonly string[], values: { state: Upload['state']; problem?: Problem | null },
): Promise<void> {
  const rows = t.uploads.where('sha256').anyOf([...hashes])
  // What another tab has finished stays finished: its bytes are gone from here.
  const open = values.state === 'done' ? hashes : await rows.and((one) => one.state !== 'done').primaryKeys()
  await t.uploads.where('sha256').anyOf([...open]).modify(values)
  await t.photos.where('sha256').anyOf([...open]).modify({ upload: values.state })
}
