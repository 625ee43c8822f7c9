// Packs what waits into one ZIP, one file after the other: a month's photos never stand in memory together.
import { makeZip } from 'client-zip'
import type { Db } from '../../../db/schema'
import type { OutboxOp } from '../../../db/types'
import { readFile, rescueJson, unsent, type RescueFile, type RescueMaker } from './contents'
import { readmeText, reportHtml, type ReportWords } from './report'

/** Files packed so far, of how many. */
export type Progress = (done: number, total: number) => void

export interface Rescue {
  zip: Blob
  records: number
  files: number
  /** Files that this phone could not read; they are named in the report. */
  missing: number
}

interface Entry { name: string; input: ArrayBuffer | string; lastModified: Date }

/** Pieces of this size are handed to the browser, which keeps large Blobs on its disk. */
const PIECE_BYTES = 4 * 1024 * 1024

/**
 * Make the ZIP. Reads the database only, and needs no network. `words` is asked once what waits is known.
 * Raises what the browser raises when it has no room for the result.
 */
export async function makeRescue(
  db: Db, maker: RescueMaker, words: (ops: readonly OutboxOp[]) => Promise<ReportWords>, progress: Progress = () => undefined,
): Promise<Rescue> {
  const { ops, uploads } = await unsent(db)
  const files = new Map<string, RescueFile>()
  const now = new Date(maker.made_at)

  async function* entries(): AsyncGenerator<Entry> {
    for (const [done, upload] of uploads.entries()) {
      progress(done, uploads.length)
      const found = await readFile(db, upload)
      if (!found) continue
      files.set(upload.sha256, found.file)
      yield { name: found.file.name, input: found.bytes, lastModified: new Date(upload.created_at) }
    }
    progress(uploads.length, uploads.length)
    // Last, so that they name what really is inside.
    const said = await words(ops)
    yield { name: 'README.txt', input: readmeText(said.say), lastModified: now }
    yield { name: 'report.html', input: reportHtml({ maker, ops, files, uploads, words: said }), lastModified: now }
    const json = rescueJson(maker, ops, [...files.values()])
    yield { name: 'rescue.json', input: `${JSON.stringify(json, null, 1)}\n`, lastModified: now }
  }

  const zip = await collect(makeZip(entries()))
  return { zip, records: ops.length, files: files.size, missing: uploads.length - files.size }
}

async function collect(stream: ReadableStream<Uint8Array>): Promise<Blob> {
  const pieces: Blob[] = []
  let piece: BlobPart[] = []
  let size = 0
  const reader = stream.getReader()
  for (;;) {
    const { done, value } = await reader.read()
    if (done) break
    // A Blob keeps bytes as they are now; the library may use its buffer again.
    piece.push(value.slice())
    size += value.byteLength
    if (size >= PIECE_BYTES) {
      pieces.push(new Blob(piece))
      piece = []
      size = 0
    }
  }
  return new Blob([...pieces, ...piece], { type: 'application/zip' })
}
