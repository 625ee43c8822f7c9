// One run of the sync: asks the engine what is next, does it, writes down what came of it, until it ends.
import { dropMeta, getMeta, setMeta } from '../db/meta'
import type { Db } from '../db/schema'
import { isQuota } from '../db/errors'
import { ifRoom } from '../db/room'
import type { Id } from '../db/types'
import { contactOf, nowIso, sending, type Sent } from '../kernel/clock'
import type { Me } from '../kernel/me'
import { ApiError, localProblem } from '../kernel/problem'
import { reportDevice, type ReportDeps } from './device'
import {
  afterConfirm, afterFailure, afterPull, afterPush, afterTransfer, afterUpload, endOf, holding, newCycleOver,
  nextStep, unpulled, type Cycle, type CycleEnd, type Step,
} from './engine'
import { backlog, beginBatch, recover, releaseBatch, settle, snapshot } from './outbox'
import { pruneOld } from './prune'
import { forgetCursor, OtherPersonError, pullPage } from './pull'
import { SCHEMA } from './transport'
import {
  beginUpload, bytesOf, failUpload, finishUploads, noteProgress, releaseUpload, sendFile, type UploadEnd,
} from './uploads'

export interface CycleDeps extends ReportDeps {
  /** Told of every answer to "who am I", also when it names somebody else. */
  onMe(me: Me): void
  /** The last run has failed: this one looks closer. */
  insists?: boolean
  /** True once this run must not touch the server any more. */
  stopped(): boolean
}

/** Smaller batches say more of the server's answer time than of the link. */
const MEASURED_FROM_BYTES = 4_096

const NO_ROOM = localProblem('local_storage')
const STOPPED: CycleEnd = { state: 'backoff', problem: null, retry_after_s: null, progressed: false, reached: false }

/**
 * Run until nothing more can be done now. One at a time for each database: the caller holds the lock.
 * Never raises for what the network or the server does; a failure of the local database ends it as `backoff`.
 */
export async function runCycle(deps: CycleDeps): Promise<CycleEnd> {
  try {
    const end = await run(deps)
    if (end.state === 'done' && !end.problem) await ifRoom(() => setMeta(deps.db, 'last_success_at', nowIso(deps.clock)))
    if ((end.state === 'done' || end.state === 'waiting') && !deps.stopped()) await reportDevice(deps)
    if (end.state === 'done' && !deps.stopped()) await pruneOld(deps.db, deps.clock)
    return end
  } catch (error) {
    console.error('The sync could not use the local database:', error)
    return { ...STOPPED, problem: localProblem('local_storage') }
  }
}

async function run(deps: CycleDeps): Promise<CycleEnd> {
  const { db } = deps
  await recover(db)
  const met = await introduce(deps, await firstCycle(deps))
  if (met.end) return met.end
  let { cycle } = met
  for (;;) {
    if (deps.stopped()) return release(deps, cycle, STOPPED)
    const { ops, uploads } = await snapshot(db)
    const step = nextStep(cycle, ops, uploads)
    if (step.do === 'end') return release(deps, cycle, step.end)
    const done = await take(deps, cycle, step)
    const { limit, page } = done.cycle
    if (limit !== cycle.limit) await ifRoom(() => setMeta(db, 'batch_limit', limit))
    if (page !== cycle.page) await ifRoom(() => setMeta(db, 'pull_page', page))
    cycle = done.cycle
    if (done.end) return release(deps, cycle, done.end)
  }
}

async function firstCycle({ db, phone, insists = false }: CycleDeps): Promise<Cycle> {
  const [limit, page, bytes_per_s] = await Promise.all([
    getMeta(db, 'batch_limit'), getMeta(db, 'pull_page'), getMeta(db, 'push_rate'),
  ])
  return { ...newCycleOver({ limit, page, bytes_per_s, kind: phone?.link() ?? null }), insists }
}

interface Taken { cycle: Cycle; end: CycleEnd | null }

/** Ask who the server takes us for. Nothing is sent or taken under another person's name. */
async function introduce(deps: CycleDeps, cycle: Cycle): Promise<Taken> {
  try {
    const mine = await isMe(deps)
    return { cycle: { ...cycle, reached: true }, end: mine ? null : strangerEnd(cycle) }
  } catch (error) {
    const failed = afterFailure(cycle, { do: 'pull' }, asApiError(error))
    return { cycle, end: failed.then === 'end' ? failed.end : null }
  }
}

/** True if the session is this person's. Learns the server's time on the way. Raises ApiError. */
async function isMe(deps: CycleDeps): Promise<boolean> {
  const sent = sending(deps.clock)
  const me = await deps.transport.me()
  const contact = contactOf(deps.clock, sent, me.server_time)
  if (contact) await ifRoom(() => setMeta(deps.db, 'contact', contact))
  deps.onMe(me)
  return me.user.id === deps.db.userId
}

function strangerEnd(cycle: Cycle): CycleEnd {
  return endOf(cycle, 'auth', localProblem('other_person'))
}

async function take(deps: CycleDeps, cycle: Cycle, step: Exclude<Step, { do: 'end' }>): Promise<Taken> {
  try {
    switch (step.do) {
      case 'push':
        return await push(deps, cycle, step.op_ids)
      case 'pull': {
        const page = await pullPage(deps.db, deps.transport, () => isMe(deps), cycle.page)
        await noteSchema(deps.db, false)
        const next = afterPull(cycle, page.more, page.hadCursor)
        return { cycle: await finish(deps.db, next), end: null }
      }
      case 'confirm': {
        if (!(await isMe(deps))) return { cycle, end: strangerEnd(cycle) }
        return { cycle: await finish(deps.db, afterConfirm(cycle)), end: null }
      }
      case 'upload':
        return { cycle: await upload(deps, cycle, step.sha256), end: null }
    }
  } catch (error) {
    if (error instanceof OtherPersonError) return { cycle, end: strangerEnd(cycle) }
    // No room for what the server has to tell: what is here is sent all the same, which makes some.
    if (step.do === 'pull' && isQuota(error)) return { cycle: unpulled(cycle, NO_ROOM), end: null }
    return fail(deps, cycle, step, asApiError(error))
  }
}

async function push(deps: CycleDeps, cycle: Cycle, ids: readonly Id[]): Promise<Taken> {
  const waiting = await backlog(deps.db)
  const cursor = await getMeta(deps.db, 'cursor')
  const ops = await beginBatch(deps.db, ids)
  const sent = sending(deps.clock)
  const answer = await deps.transport.push({
    schema: SCHEMA,
    device: { ...deps.device, unsent: waiting.ops + waiting.uploads, oldest_unsent_at: waiting.oldest_at },
    ops,
  })
  const timed = await measure(deps, cycle, JSON.stringify(ops).length, sent)
  const next = afterPush(timed, ids, answer.results)
  const unmarked = await settle(deps.db, next.marks, cursor)
  return { cycle: holding(next.cycle, unmarked), end: next.foreign ? strangerEnd(next.cycle) : null }
}

async function measure({ db, clock }: CycleDeps, cycle: Cycle, bytes: number, sent: Sent): Promise<Cycle> {
  if (bytes < MEASURED_FROM_BYTES) return cycle
  const next = afterTransfer(cycle, bytes, clock.monotonic() - sent.monotonic_ms)
  await ifRoom(() => setMeta(db, 'push_rate', next.bytes_per_s))
  return next.cycle
}

/** Remember whether the server still serves this app, for the screens. */
async function noteSchema(db: Db, refused: boolean): Promise<void> {
  const before = await getMeta(db, 'refused_schema')
  if (refused && before !== SCHEMA) await ifRoom(() => setMeta(db, 'refused_schema', SCHEMA))
  if (!refused && before !== null) await dropMeta(db, 'refused_schema')
}

async function upload(deps: CycleDeps, cycle: Cycle, sha256: string): Promise<Cycle> {
  const { db } = deps
  const row = await beginUpload(db, sha256)
  if (!row) return cycle
  const bytes = await bytesOf(db, row)
  // Without them: freed in a run that found no room to write down that the server has them, or lost.
  const end: UploadEnd = bytes instanceof Blob
    ? await sendFile(deps.transport, sha256, bytes, (sent) => noteProgress(db, sha256, sent))
    : { ...bytes, complete: (await deps.transport.uploadStatus(sha256)).complete }
  if (end.complete) await noteProgress(db, sha256, row.bytes_total)
  else if (end.problem) await failUpload(db, sha256, end.problem)
  else await releaseUpload(db, sha256)
  return afterUpload(cycle, sha256, end.complete)
}

/** Uploads are confirmed. Those that could not be marked so rest: they look as if they were still to be sent. */
async function finish(db: Db, { cycle, confirmed }: { cycle: Cycle; confirmed: readonly string[] }): Promise<Cycle> {
  const unmarked = confirmed.length > 0 ? await finishUploads(db, confirmed) : []
  return unmarked.reduce((next, sha256) => afterUpload(next, sha256, false), cycle)
}

async function fail(deps: CycleDeps, cycle: Cycle, step: Step, error: ApiError): Promise<Taken> {
  if (step.do === 'push') await releaseBatch(deps.db, step.op_ids)
  if (step.do === 'upload') await releaseUpload(deps.db, step.sha256)
  const next = afterFailure(cycle, step, error)
  if (next.then === 'end') return { cycle: next.cycle, end: next.end }
  if (next.cycle.too_old && !cycle.too_old) await noteSchema(deps.db, true)
  const { park } = next
  const unmarked = park ? await settle(deps.db, [{ op_id: park.op_id, to: 'rejected', problem: park.problem }]) : []
  if (!next.reset_cursor) return { cycle: holding(next.cycle, unmarked), end: null }
  // The cursor is refused when the server was set up anew, and when it takes us for another person.
  const met = await introduce(deps, next.cycle)
  if (!met.end) await forgetCursor(deps.db)
  return met
}

/** Uploads that no pull has confirmed are looked at again in the next run. */
async function release(deps: CycleDeps, cycle: Cycle, end: CycleEnd): Promise<CycleEnd> {
  for (const sha256 of cycle.unconfirmed) await releaseUpload(deps.db, sha256)
  return end
}

function asApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error
  throw error
}
