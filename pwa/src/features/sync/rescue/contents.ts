// What a rescue file is made of: everything on this phone that the server has not acknowledged.
import type { Db } from '../../../db/schema'
import { unfinishedUploads } from '../../../db/tables'
import type { Id, IsoTime, OpState, OutboxOp, Upload } from '../../../db/types'
import type { Problem } from '../../../kernel/problem'
import { wireOp } from '../../../sync/outbox'
import type { WireOp } from '../../../sync/transport'
import { asBlob } from '../../../db/write'

export interface RescueAuthor { id: Id; name: string; username: string }
export interface RescueDevice { id: string; app_version: string; schema: number }

/** Who makes it, on what, and when. */
export interface RescueMaker { author: RescueAuthor; device: RescueDevice; made_at: IsoTime }

/** A file as rescue.json names it. */
export interface RescueFile { sha256: string; bytes: number; mime: string; what: Upload['what']; name: string }

/** rescue.json: what the office imports. Version 1 stays readable for ever. */
export interface RescueJson extends RescueMaker {
  format: 'storewalk-rescue'
  version: 1
  ops: (WireOp & { state: OpState; problem: Problem | null })[]
  files: RescueFile[]
}

/** What waits, the files without their bytes. */
export interface Unsent { ops: OutboxOp[]; uploads: Upload[] }

/** Read what waits, in the order of making. */
export async function unsent(db: Db): Promise<Unsent> {
  const [ops, uploads] = await Promise.all([
    db.outbox.orderBy('seq').toArray(),
    unfinishedUploads(db),
  ])
  return { ops, uploads }
}

/** The content of rescue.json for the files that could be read. */
export function rescueJson(maker: RescueMaker, ops: readonly OutboxOp[], files: readonly RescueFile[]): RescueJson {
  const { author, device, made_at } = maker
  return {
    format: 'storewalk-rescue', version: 1, made_at, author, device,
    ops: ops.map((op) => ({ ...wireOp(op), state: op.state, problem: op.problem })),
    files: [...files],
  }
}

const EXTENSIONS: Readonly<Record<string, string>> = { 'image/jpeg': 'jpg', 'image/png': 'png', 'image/webp': 'webp' }

/** Where a file stands in the ZIP. */
export function fileName(sha256: string, mime: string): string {
  return `files/${sha256}.${EXTENSIONS[mime] ?? 'bin'}`
}

/** One file's bytes; null where this phone cannot read them any more. One such file must not spoil the rest. */
export async function readFile(db: Db, upload: Upload): Promise<{ file: RescueFile; bytes: ArrayBuffer } | null> {
  try {
    const row = await db.blobs.get(upload.sha256)
    if (!row) return null
    const bytes = await asBlob(row.bytes, row.mime).arrayBuffer()
    const { sha256, what } = upload
    return { file: { sha256, bytes: bytes.byteLength, mime: row.mime, what, name: fileName(sha256, row.mime) }, bytes }
  } catch (error) {
    console.warn('A file on this phone cannot be read:', error)
    return null
  }
}

/** `storewalk-rescue-zhang-20261123-1705.zip`; stamp: the time as `2026-11-23 17:05:00`. */
export function zipName(username: string, stamp: string): string {
  const name = username.replace(/[^\p{L}\p{N}._-]+/gu, '_')
  const [day = '', time = ''] = stamp.split(' ')
  return `storewalk-rescue-${name}-${day.replaceAll('-', '')}-${time.slice(0, 5).replace(':', '')}.zip`
}
