// Mistakes that a sync can be built with, put in from outside: each must be found, or the simulator proves nothing.
import type { Db } from '../../db/schema'
import type { Id } from '../../db/types'
import { newId } from '../../kernel/ids'
import type { Tx } from '../model-state'
import { ModelServer } from '../model-server'
import type { Transport } from '../transport'
import { finishUploads, noteProgress } from '../uploads'
import type { Seams } from './world'

/** Answers first; the write reaches the disk with the next one. */
class AnswersBeforeCommit extends ModelServer {
  private onDisk = this.state

  protected override commit(tx: Tx): void {
    this.onDisk = this.state
    super.commit(tx)
  }

  override restart(share: number): void {
    super.restart(share)
    this.state = this.onDisk ?? this.state
  }
}

/** A row's place in the feed is the moment its request came in. */
class NumbersByTime extends ModelServer {
  protected override number(tx: Tx): number {
    return tx.arrived
  }
}

/** Appends whatever comes, wherever the file ends, and counts the bytes instead of verifying them. */
class AppendsUnchecked extends ModelServer {
  protected override atOffset(): boolean {
    return true
  }

  protected override async fits(): Promise<boolean> {
    return true
  }
}

/** The op is gone from the phone once it is on its way. */
function forgetsOps(real: Transport, db: Db): Transport {
  return {
    ...real,
    async push(body) {
      await db.outbox.bulkDelete(body.ops.map((op) => op.op_id))
      return real.push(body)
    },
  }
}

/** The bytes are gone from the phone once they are on their way. */
function forgetsBytes(real: Transport, db: Db): Transport {
  return {
    ...real,
    async uploadFrom(sha256, offset, length, rest) {
      await finishUploads(db, [sha256])
      return real.uploadFrom(sha256, offset, length, rest)
    },
  }
}

/** Each try but the first is a new op to the server. */
function freshIds(real: Transport, db: Db): Transport {
  return {
    ...real,
    async push(body) {
      const again = new Set(await db.outbox.filter((op) => op.attempts > 1).primaryKeys())
      const names = new Map<Id, Id>(body.ops.map((op) => [op.op_id, again.has(op.op_id) ? newId() : op.op_id]))
      const ops = body.ops.map((op) => ({
        ...op, op_id: names.get(op.op_id)!, depends_on: op.depends_on.map((id) => names.get(id) ?? id),
      }))
      const answer = await real.push({ ...body, ops })
      const back = new Map([...names].map(([own, sent]) => [sent, own]))
      return { ...answer, results: answer.results.map((one) => ({ ...one, op_id: back.get(one.op_id ?? '') ?? null })) }
    },
  }
}

/** Goes on from where the last try should have come to, and does not ask how far it came. */
function reusesOffsets(real: Transport, db: Db): Transport {
  return {
    ...real,
    async uploadStatus(sha256) {
      const sent = (await db.uploads.get(sha256))?.bytes_sent ?? 0
      return sent > 0 ? { offset: sent, complete: false } : real.uploadStatus(sha256)
    },
    async uploadFrom(sha256, offset, length, rest) {
      await noteProgress(db, sha256, offset + rest.size)
      return real.uploadFrom(sha256, offset, length, rest)
    },
  }
}

export const DEFECTS: Readonly<Record<string, Seams>> = {
  'the server answers before it commits': { server: (stores, now) => new AnswersBeforeCommit(stores, now) },
  'the phone deletes an op before its acknowledgement': { transport: forgetsOps },
  'the phone deletes bytes before their acknowledgement': { transport: forgetsBytes },
  'a retry gets a fresh op id': { transport: freshIds },
  'the feed is numbered by the time of arrival': { server: (stores, now) => new NumbersByTime(stores, now) },
  'the phone reuses an old upload offset': { transport: reusesOffsets },
  'the server appends without looking at offset and hash': { server: (stores, now) => new AppendsUnchecked(stores, now) },
}
