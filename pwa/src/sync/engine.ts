// What to do next. Pure decisions over what waits, what was answered and what failed; no clock, no disk,
// no network, so that every case can stand in a table.
import { localProblem, type ApiError, type Problem } from '../kernel/problem'
import type { Id, OpState, UploadMark } from '../db/types'

export const BATCH_MAX = 100
/** Well below the server's 4 MiB. */
export const BATCH_BYTES = 1024 * 1024
/** A batch should be on its way no longer than this, by what the last one took. */
const BATCH_TARGET_S = 10
const BATCH_BYTES_LEAST = 16 * 1024
/** Ops of the first batch where the browser says how slow its network is and nothing has been measured. */
const FIRST_BATCH: Readonly<Record<string, number>> = { 'slow-2g': 5, '2g': 10, '3g': 40 }
/** Uploads are confirmed by a pull at least this often. */
const UNCONFIRMED_MAX = 5
/** Uploads that the server stumbled over, one after another, until a run takes it for all of them. */
const STUMBLES_MAX = 4
/** Single ops that something on the way refused, one after another, until a run takes it for all of them. */
const REFUSALS_MAX = 20
/** A file goes behind others once for so many tries: what breaks off each time must not keep the rest waiting. */
const TIRING_TRIES = 8
/** Changes of the feed in one page, at most and at least. */
export const PAGE_MAX = 500
const PAGE_LEAST = 20
export const IDLE_S = 300
/** The problem of a pull whose schema the server no longer speaks. */
export const TOO_OLD = 'app_too_old'
const BACKOFF_FIRST_S = 2
const BACKOFF_MAX_S = 300

/** What a decision needs to know of an op. */
export interface OpView { op_id: Id; seq: number; state: OpState; depends_on: readonly Id[]; bytes: number }

/** What a decision needs to know of an upload. */
export interface UploadView { sha256: string; op_ids: readonly Id[]; state: UploadMark; attempts: number }

/** What one run of the sync has learnt so far. */
export interface Cycle {
  /** Ops a batch may hold now. */
  limit: number
  /** Bytes of ops a batch may hold now. */
  bytes: number
  /** Ops the server put off in this run; they rest until something else was applied. */
  held: ReadonlySet<Id>
  /** Ops that something between phone and server refused, each alone; they rest until the next run. */
  refused: ReadonlySet<Id>
  /** So many in a row. */
  refusals: number
  /** The last run failed as well: what fails without a word of the server is looked for in the batch. */
  insists: boolean
  /** Uploads that rest until the next run. */
  resting: ReadonlySet<string>
  /** Uploads in a row that the server has stumbled over. */
  stumbles: number
  /** Uploads complete, but not yet confirmed: see afterPull. */
  unconfirmed: ReadonlySet<string>
  pull_due: boolean
  /** Changes that a page of the feed may hold now. */
  page: number
  /** Pulling has failed in this run for a reason that says nothing against sending. */
  unpulled: { problem: Problem | null; retry_after_s: number | null } | null
  cursor_reset: boolean
  /** The server takes what this app sends, and no longer answers its pulls: it has to be updated. */
  too_old: boolean
  /** Something reached the server. */
  progressed: boolean
  /** The server answers who we are, and takes what is pushed. */
  reached: boolean
}

export type Step =
  | { do: 'push'; op_ids: Id[] }
  | { do: 'pull' }
  | { do: 'confirm' }
  | { do: 'upload'; sha256: string }
  | { do: 'end'; end: CycleEnd }

/** How a run ended. `waiting`: the server answered, but something has to be sent again later. */
export interface CycleEnd {
  state: 'done' | 'waiting' | 'offline' | 'backoff' | 'auth'
  problem: Problem | null
  retry_after_s: number | null
  progressed: boolean
  /** The server answered, and no push failed as a whole: new work would get through. */
  reached: boolean
}

/** The answer to one op. */
export interface OpResult {
  op_id: Id | null
  status: 'applied' | 'replayed' | 'conflict' | 'rejected' | 'deferred'
  result: unknown
  problem: Problem | null
}

/** What becomes of one op. */
export type Mark =
  | { op_id: Id; to: 'done'; replayed: boolean; result: unknown }
  | { op_id: Id; to: 'rejected' | 'conflict'; problem: Problem }
  | { op_id: Id; to: 'deferred'; problem: Problem | null }
  | { op_id: Id; to: 'waiting' }

/** What is known of the link before a run: ops and bytes a second of earlier batches, the browser's word for it. */
export interface Link { limit: number | null; page?: number | null; bytes_per_s: number | null; kind: string | null }

/** The beginning of a run. */
export function newCycle(limit: number = BATCH_MAX, bytesPerS: number | null = null): Cycle {
  return {
    limit: Math.min(BATCH_MAX, Math.max(1, limit)),
    bytes: batchBytes(bytesPerS),
    held: new Set(), refused: new Set(), refusals: 0, insists: false, resting: new Set(), stumbles: 0, unconfirmed: new Set(),
    pull_due: true, page: PAGE_MAX, unpulled: null, cursor_reset: false, too_old: false, progressed: false, reached: false,
  }
}

/** The beginning of a run over a link: a slow one starts with small batches, which grow as they come through. */
export function newCycleOver({ limit, page, bytes_per_s, kind }: Link): Cycle {
  const most = limit ?? BATCH_MAX
  const first = bytes_per_s === null && kind !== null ? FIRST_BATCH[kind] : undefined
  const cycle = newCycle(first === undefined ? most : Math.min(most, first), bytes_per_s)
  return { ...cycle, page: Math.min(PAGE_MAX, Math.max(PAGE_LEAST, page ?? PAGE_MAX)) }
}

/** Bytes of ops that a link carries in good time. */
function batchBytes(bytesPerS: number | null): number {
  if (bytesPerS === null) return BATCH_BYTES
  return Math.min(BATCH_BYTES, Math.max(BATCH_BYTES_LEAST, Math.round(bytesPerS * BATCH_TARGET_S)))
}

/** A batch came through in so many milliseconds: the next ones are as large as that link carries. */
export function afterTransfer(cycle: Cycle, bytes: number, ms: number): { cycle: Cycle; bytes_per_s: number } {
  const bytes_per_s = Math.round((bytes * 1000) / Math.max(1, ms))
  return { cycle: { ...cycle, bytes: batchBytes(bytes_per_s) }, bytes_per_s }
}

/** True for an op that waits for a person. */
export function isParked(state: OpState): state is 'rejected' | 'conflict' {
  return state === 'rejected' || state === 'conflict'
}

/** The ops that wait for a parked one, directly or through others. They are shown, and go on with it. */
export function blockedOps(ops: readonly OpView[]): Set<Id> {
  return dependentsOf(ops, new Set(ops.filter((op) => isParked(op.state)).map((op) => op.op_id)))
}

/** The ops that depend on one of `roots`. An op never depends on a later one, so one pass is enough. */
export function dependentsOf(ops: readonly OpView[], roots: ReadonlySet<Id>): Set<Id> {
  const found = new Set<Id>()
  for (const op of bySeq(ops)) {
    if (!roots.has(op.op_id) && op.depends_on.some((id) => roots.has(id) || found.has(id))) found.add(op.op_id)
  }
  return found
}

function bySeq(ops: readonly OpView[]): OpView[] {
  return [...ops].sort((a, b) => a.seq - b.seq)
}

/** The next batch: in the order of making, so that what others depend on goes first. */
export function nextBatch(cycle: Cycle, ops: readonly OpView[]): Id[] {
  const blocked = blockedOps(ops)
  const off = putOff(cycle)
  const resting = dependentsOf(ops, off)
  const batch: Id[] = []
  let bytes = 0
  for (const op of bySeq(ops)) {
    if (isParked(op.state) || blocked.has(op.op_id) || off.has(op.op_id) || resting.has(op.op_id)) continue
    if (batch.length === cycle.limit || (batch.length > 0 && bytes + op.bytes > cycle.bytes)) break
    batch.push(op.op_id)
    bytes += op.bytes
  }
  return batch
}

function putOff({ held, refused }: Cycle): ReadonlySet<Id> {
  return refused.size === 0 ? held : new Set([...held, ...refused])
}

/** Records first, then what the server has to tell, then the heavy bytes; a pull confirms those. */
export function nextStep(cycle: Cycle, ops: readonly OpView[], uploads: readonly UploadView[]): Step {
  const op_ids = nextBatch(cycle, ops)
  if (op_ids.length > 0) return { do: 'push', op_ids }
  // Both tell whether the session is still this person's, which is what confirms an upload.
  const deaf = cycle.too_old || cycle.unpulled !== null
  const ask: Step = deaf ? { do: 'confirm' } : { do: 'pull' }
  if (cycle.unconfirmed.size >= UNCONFIRMED_MAX || (cycle.pull_due && !deaf)) return ask
  const unsent = new Set(ops.map((op) => op.op_id))
  const next = leastTired(uploads.filter((one) => isReady(cycle, one, unsent)))
  // What may end the run comes after the word that confirms the others.
  if (cycle.unconfirmed.size > 0 && (!next || roundsOf(next) > 0)) return ask
  if (next) return { do: 'upload', sha256: next.sha256 }
  if (cycle.unpulled) return { do: 'end', end: endOf(cycle, 'backoff', cycle.unpulled.problem, cycle.unpulled.retry_after_s) }
  // What waits for a parked one waits for a person: there is no use in trying again soon.
  const blocked = blockedOps(ops)
  const off = putOff(cycle)
  const waits = ops.some((op) => off.has(op.op_id) && !blocked.has(op.op_id))
  const state = waits || cycle.resting.size > 0 ? 'waiting' : 'done'
  const problem = cycle.too_old ? localProblem(TOO_OLD) : null
  return { do: 'end', end: endOf(cycle, state, problem) }
}

/** The end of a run that has come so far. */
export function endOf(
  { progressed, reached }: Cycle, state: CycleEnd['state'], problem: Problem | null, retry_after_s: number | null = null,
): CycleEnd {
  return { state, problem, retry_after_s, progressed, reached }
}

/** Bytes go once the server knows a record that they belong to. */
function isReady(cycle: Cycle, upload: UploadView, unsent: ReadonlySet<Id>): boolean {
  if (upload.state === 'done' || upload.state === 'failed') return false
  if (cycle.resting.has(upload.sha256) || cycle.unconfirmed.has(upload.sha256)) return false
  return upload.op_ids.some((id) => !unsent.has(id))
}

/** The first of those with the fewest rounds of tries behind them. */
function leastTired(uploads: readonly UploadView[]): UploadView | undefined {
  return [...uploads].sort((a, b) => roundsOf(a) - roundsOf(b))[0]
}

function roundsOf({ attempts }: UploadView): number {
  return Math.floor(attempts / TIRING_TRIES)
}

/**
 * A batch was answered. An op without an answer waits like one that was put off. `foreign` is true when the
 * session belongs to another person: then nothing is parked, and nothing more may be sent.
 */
export function afterPush(
  cycle: Cycle, sent: readonly Id[], results: readonly OpResult[],
): { cycle: Cycle; marks: Mark[]; foreign: boolean } {
  const answers = new Map(results.map((one) => [one.op_id, one]))
  const marks = sent.map((op_id) => markOf(op_id, answers.get(op_id)))
  const foreign = results.some((one) => one.problem?.code === 'author_mismatch')
  const applied = marks.some((mark) => mark.to === 'done')
  const parked = marks.some((mark) => mark.to === 'rejected' || mark.to === 'conflict')
  // What was put off may have waited for what has now been applied.
  const held = new Set(applied ? [] : cycle.held)
  for (const mark of marks) if (mark.to === 'deferred') held.add(mark.op_id)
  const full = sent.length >= cycle.limit
  return {
    marks,
    foreign,
    cycle: {
      ...cycle,
      held,
      limit: full ? Math.min(BATCH_MAX, cycle.limit * 2) : cycle.limit,
      pull_due: cycle.pull_due || applied,
      progressed: cycle.progressed || applied || parked,
      reached: true,
      refusals: 0,
    },
  }
}

function markOf(op_id: Id, answer: OpResult | undefined): Mark {
  if (!answer) return { op_id, to: 'deferred', problem: null }
  switch (answer.status) {
    case 'applied':
    case 'replayed':
      return { op_id, to: 'done', replayed: answer.status === 'replayed', result: answer.result }
    case 'rejected':
    case 'conflict':
      if (answer.problem?.code === 'author_mismatch') return { op_id, to: 'waiting' }
      return answer.problem
        ? { op_id, to: answer.status, problem: answer.problem }
        : { op_id, to: 'deferred', problem: null }
    case 'deferred':
      return { op_id, to: 'deferred', problem: answer.problem }
    default:
      // A status of a later server: to wait is the one thing that loses nothing.
      return { op_id, to: 'deferred', problem: answer.problem }
  }
}

/**
 * A page was pulled. `hadCursor`: the request named the person's own cursor, which the server refuses to
 * anybody else. So it confirms that what was uploaded before came in under this person's name; the cookie
 * may have become another person's in between, in another tab.
 */
export function afterPull(cycle: Cycle, more: boolean, hadCursor: boolean): { cycle: Cycle; confirmed: string[] } {
  const page = more ? Math.min(PAGE_MAX, cycle.page * 2) : cycle.page
  return {
    cycle: { ...cycle, pull_due: more, page, unconfirmed: hadCursor ? new Set() : cycle.unconfirmed },
    confirmed: hadCursor ? [...cycle.unconfirmed] : [],
  }
}

/** The server has said that the session is still this person's: what was uploaded came in under their name. */
export function afterConfirm(cycle: Cycle): { cycle: Cycle; confirmed: string[] } {
  return { cycle: { ...cycle, unconfirmed: new Set() }, confirmed: [...cycle.unconfirmed] }
}

/** An upload ended: complete on the server, or it can only rest until the next run (or for good). */
export function afterUpload(cycle: Cycle, sha256: string, complete: boolean): Cycle {
  return complete
    ? { ...cycle, unconfirmed: new Set([...cycle.unconfirmed, sha256]), stumbles: 0, progressed: true }
    : { ...cycle, resting: new Set([...cycle.resting, sha256]) }
}

/** These ops rest until the next run, or until something else was applied. */
export function holding(cycle: Cycle, ids: readonly Id[]): Cycle {
  return ids.length === 0 ? cycle : { ...cycle, held: new Set([...cycle.held, ...ids]) }
}

/** Pulling rests until the next run, for a reason that says nothing against sending. */
export function unpulled(cycle: Cycle, problem: Problem | null, retry_after_s: number | null = null): Cycle {
  return { ...cycle, unpulled: { problem, retry_after_s }, pull_due: false }
}

export type AfterFailure =
  | { then: 'go_on'; cycle: Cycle; park: { op_id: Id; problem: Problem } | null; reset_cursor: boolean }
  | { then: 'end'; cycle: Cycle; end: CycleEnd }

/** A request failed as a whole. Nothing of it counts as sent. */
export function afterFailure(cycle: Cycle, step: Step, error: ApiError): AfterFailure {
  const ended = { ...cycle, reached: cycle.reached && step.do !== 'push' }
  const end = (state: CycleEnd['state']): AfterFailure & { then: 'end' } => ({
    then: 'end', cycle: ended, end: endOf(ended, state, error.problem, error.retryAfterS),
  })
  if (error.kind === 'auth') return end('auth')
  if (error.kind === 'offline') return end('offline')
  if (step.do === 'push') {
    const half = { ...cycle, limit: Math.max(1, Math.floor(step.op_ids.length / 2)) }
    if (error.kind === 'timeout') return { ...end('backoff'), cycle: half }
    // 413, and 400 for a batch that cannot even be read: one op is the cause. Halving finds it, alone it is parked.
    if (error.kind === 'too_large' || (error.kind === 'refused' && error.status === 400)) {
      const [only] = step.op_ids
      if (step.op_ids.length > 1) return { then: 'go_on', cycle: half, park: null, reset_cursor: false }
      if (only !== undefined && error.problem) {
        return { then: 'go_on', cycle, park: { op_id: only, problem: error.problem }, reset_cursor: false }
      }
    }
    // A filter on the way has taken offence at one op, or finds it too large: halving finds it, alone it rests.
    if (isRefusedOnTheWay(cycle, error) && cycle.refusals + 1 < REFUSALS_MAX) {
      const next = step.op_ids.length > 1 ? half : refusedAlone(cycle, step.op_ids)
      return { then: 'go_on', cycle: next, park: null, reset_cursor: false }
    }
  }
  // Pulling ends, sending goes on: what waits here must reach the office whatever the age of the app.
  if (step.do === 'pull' && error.problem?.code === TOO_OLD) {
    return { then: 'go_on', cycle: { ...cycle, too_old: true, pull_due: false }, park: null, reset_cursor: false }
  }
  const cursorRefused = step.do === 'pull' && error.kind === 'refused' && error.problem?.field === 'cursor'
  if (cursorRefused && !cycle.cursor_reset) {
    return { then: 'go_on', cycle: { ...cycle, cursor_reset: true }, park: null, reset_cursor: true }
  }
  // Too slow for a page, or a record that the server stumbles over: photos must not wait for that. A server that
  // is down as a whole gets no further request.
  if (step.do === 'pull' && (error.kind === 'timeout' || error.kind === 'refused' || error.status === 500)) {
    const page = error.kind === 'timeout' ? Math.max(PAGE_LEAST, Math.floor(cycle.page / 2)) : cycle.page
    const next = unpulled({ ...cycle, page }, error.problem, error.retryAfterS)
    return { then: 'go_on', cycle: next, park: null, reset_cursor: false }
  }
  // One file that the server stumbles over rests; so many in a row are no matter of single files.
  if (step.do === 'upload' && error.status === 500 && cycle.stumbles + 1 < STUMBLES_MAX) {
    const next = { ...afterUpload(cycle, step.sha256, false), stumbles: cycle.stumbles + 1 }
    return { then: 'go_on', cycle: next, park: null, reset_cursor: false }
  }
  return end('backoff')
}

/** True for an error page that is not our server's, while our server answers: not once, for that may pass. */
function isRefusedOnTheWay({ insists, reached }: Cycle, { kind, status, problem, retryAfterS }: ApiError): boolean {
  if (problem !== null) return false
  return kind === 'too_large' || (insists && reached && status >= 400 && status !== 429 && retryAfterS === null)
}

function refusedAlone(cycle: Cycle, ids: readonly Id[]): Cycle {
  return { ...cycle, refused: new Set([...cycle.refused, ...ids]), refusals: cycle.refusals + 1 }
}

/** Seconds until the next run, or null where only a person (or a new log-in) can help. random: 0..1. */
export function nextDelayS(end: CycleEnd, failures: number, random: number): number | null {
  if (end.state === 'auth') return null
  if (end.state === 'done') return IDLE_S
  const base = Math.min(BACKOFF_MAX_S, BACKOFF_FIRST_S * 2 ** Math.min(failures, 20))
  // Two thousand phones that lost the same server must not come back in the same second.
  const delay = base * (0.5 + random / 2)
  return Math.max(delay, Math.min(end.retry_after_s ?? 0, BACKOFF_MAX_S))
}

/** Failures in a row after a run: progress starts the count anew. */
export function countFailures(failures: number, end: CycleEnd): number {
  if (end.state === 'done') return 0
  return end.progressed ? 1 : failures + 1
}
