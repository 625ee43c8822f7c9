import { describe, expect, it } from 'vitest'
import type { OpState } from '../db/types'
import { ApiError, localProblem, type FailureKind } from '../kernel/problem'
import {
  afterConfirm, afterFailure, afterPull, afterPush, afterTransfer, afterUpload, BATCH_BYTES, BATCH_MAX, blockedOps, countFailures,
  IDLE_S, newCycle, newCycleOver, nextBatch, nextDelayS, nextStep, type Cycle, type CycleEnd, type OpResult, type OpView, type Step, type UploadView,
} from './engine'

function op(seq: number, state: OpState = 'waiting', depends_on: string[] = [], bytes = 100): OpView {
  return { op_id: `op${seq}`, seq, state, depends_on, bytes }
}

function upload(sha256: string, op_ids: string[], state: UploadView['state'] = 'waiting'): UploadView {
  return { sha256, op_ids, state, attempts: 0 }
}

function cycle(values: Partial<Cycle> = {}): Cycle {
  return { ...newCycle(), ...values }
}

describe('the next batch', () => {
  it.each<[string, OpView[], Partial<Cycle>, string[]]>([
    // why                                        waiting                                                cycle                         batch
    ['in the order of making', [op(3), op(1), op(2)], {}, ['op1', 'op2', 'op3']],
    ['no more than the limit', [op(1), op(2), op(3)], { limit: 2 }, ['op1', 'op2']],
    ['what an ended page left as sending', [op(1, 'sending')], {}, ['op1']],
    ['what was put off in an earlier run', [op(1, 'deferred')], {}, ['op1']],
    ['nothing that is parked', [op(1, 'rejected'), op(2, 'conflict'), op(3)], {}, ['op3']],
    ['nothing that waits for a parked one', [op(1, 'rejected'), op(2, 'waiting', ['op1']), op(3)], {}, ['op3']],
    ['nor through another one', [op(1, 'conflict'), op(2, 'waiting', ['op1']), op(3, 'waiting', ['op2'])], {}, []],
    ['nothing put off in this run', [op(1), op(2)], { held: new Set(['op1']) }, ['op2']],
    ['nor what depends on it', [op(1), op(2, 'waiting', ['op1']), op(3)], { held: new Set(['op1']) }, ['op3']],
    ['a child together with its parent', [op(1), op(2, 'waiting', ['op1'])], {}, ['op1', 'op2']],
    ['what depends on one that is long acknowledged', [op(2, 'waiting', ['op1'])], {}, ['op2']],
    ['no more bytes than a body may have', [op(1, 'waiting', [], BATCH_BYTES), op(2)], {}, ['op1']],
    ['a huge one alone', [op(1, 'waiting', [], BATCH_BYTES * 3), op(2)], {}, ['op1']],
  ])('%s', (_why, ops, values, batch) => {
    expect(nextBatch(cycle(values), ops)).toEqual(batch)
  })

  it('names the blocked ones, and not the parked one itself', () => {
    const ops = [op(1, 'rejected'), op(2, 'waiting', ['op1']), op(3)]
    expect([...blockedOps(ops)]).toEqual(['op2'])
  })
})

describe('the next step', () => {
  const done: Step = { do: 'end', end: { state: 'done', problem: null, retry_after_s: null, progressed: false, reached: false } }
  const calm = { pull_due: false }

  it.each<[string, Partial<Cycle>, OpView[], UploadView[], Step]>([
    ['records before all else', {}, [op(1)], [upload('a', ['op0'])], { do: 'push', op_ids: ['op1'] }],
    ['then the feed', {}, [], [upload('a', ['op0'])], { do: 'pull' }],
    ['then bytes', calm, [], [upload('a', ['op0'])], { do: 'upload', sha256: 'a' }],
    ['no bytes whose record waits', { ...calm }, [op(1, 'rejected')], [upload('a', ['op1'])], done],
    ['bytes that another record named', calm, [op(1, 'rejected')], [upload('a', ['op1', 'op0'])], { do: 'upload', sha256: 'a' }],
    ['not what failed for good', calm, [], [upload('a', ['op0'], 'failed')], done],
    ['not twice', { ...calm, unconfirmed: new Set(['a']) }, [], [upload('a', ['op0'], 'sending'), upload('b', ['op0'])], { do: 'upload', sha256: 'b' }],
    ['a pull confirms at the end', { ...calm, unconfirmed: new Set(['a']) }, [], [upload('a', ['op0'], 'sending')], { do: 'pull' }],
    ['and in between', { ...calm, unconfirmed: new Set(['a', 'b', 'c', 'd', 'e']) }, [], [upload('f', ['op0'])], { do: 'pull' }],
    ['then it is done', calm, [], [], done],
    ['sends on when too old for the feed', { too_old: true }, [op(1)], [], { do: 'push', op_ids: ['op1'] }],
    ['bytes, too', { too_old: true }, [], [upload('a', ['op0'])], { do: 'upload', sha256: 'a' }],
    ['which another question confirms', { too_old: true, unconfirmed: new Set(['a']) }, [], [], { do: 'confirm' }],
    ['done, too, when the rest waits for a person', { ...calm, held: new Set(['op2']) }, [op(1, 'rejected'), op(2, 'deferred', ['op1'])], [], done],
  ])('%s', (_why, values, ops, uploads, step) => {
    expect(nextStep(cycle(values), ops, uploads)).toEqual(step)
  })

  it.each<[string, Partial<Cycle>, OpView[], UploadView[]]>([
    ['something put off', { held: new Set(['op1']) }, [op(1, 'deferred')], []],
    ['an upload that rests', { resting: new Set(['a']) }, [], [upload('a', ['op0'])]],
  ])('ends waiting, not done, with %s', (_why, values, ops, uploads) => {
    expect(nextStep(cycle({ ...calm, ...values }), ops, uploads)).toMatchObject({ do: 'end', end: { state: 'waiting' } })
  })
})

describe('after a push', () => {
  const problem = localProblem('store_unknown')

  it.each<[OpResult['status'] | 'nothing', Partial<OpResult>, object]>([
    ['applied', { result: { id: 'r' } }, { to: 'done', replayed: false, result: { id: 'r' } }],
    ['replayed', { result: { id: 'r' } }, { to: 'done', replayed: true, result: { id: 'r' } }],
    ['rejected', { problem }, { to: 'rejected', problem }],
    ['conflict', { problem }, { to: 'conflict', problem }],
    ['deferred', { problem }, { to: 'deferred', problem }],
    ['rejected', { problem: localProblem('author_mismatch') }, { to: 'waiting' }],
    ['rejected', { problem: null }, { to: 'deferred', problem: null }],
    ['quarantined' as OpResult['status'], { problem }, { to: 'deferred', problem }],
    ['nothing', {}, { to: 'deferred', problem: null }],
  ])('%s %o', (status, values, mark) => {
    const results = status === 'nothing' ? [] : [{ op_id: 'op1', status, result: null, problem: null, ...values }]
    expect(afterPush(cycle(), ['op1'], results).marks).toEqual([{ op_id: 'op1', ...mark }])
  })

  const answer = (id: string, status: OpResult['status']): OpResult => ({ op_id: id, status, result: {}, problem })

  it('goes by ids, not by places', () => {
    const { marks } = afterPush(cycle(), ['op1', 'op2'], [answer('op2', 'applied'), answer('op1', 'rejected')])
    expect(marks.map((mark) => mark.to)).toEqual(['rejected', 'done'])
  })

  it('puts off what was put off until something else came through', () => {
    const first = afterPush(cycle(), ['op1'], [answer('op1', 'deferred')]).cycle
    expect([...first.held]).toEqual(['op1'])
    expect([...afterPush(first, ['op2'], [answer('op2', 'rejected')]).cycle.held]).toEqual(['op1'])
    expect([...afterPush(first, ['op2'], [answer('op2', 'applied')]).cycle.held]).toEqual([])
  })

  it('wants the feed after something was applied', () => {
    const calm = cycle({ pull_due: false })
    expect(afterPush(calm, ['op1'], [answer('op1', 'applied')]).cycle.pull_due).toBe(true)
    expect(afterPush(calm, ['op1'], [answer('op1', 'rejected')]).cycle.pull_due).toBe(false)
  })

  it('grows the batch again when a full one came through', () => {
    expect(afterPush(cycle({ limit: 1 }), ['op1'], [answer('op1', 'applied')]).cycle.limit).toBe(2)
    expect(afterPush(cycle({ limit: 8 }), ['op1'], [answer('op1', 'applied')]).cycle.limit).toBe(8)
    expect(newCycle(5000).limit).toBe(BATCH_MAX)
  })

  it('notices a session of somebody else', () => {
    const results = [{ ...answer('op1', 'rejected'), problem: localProblem('author_mismatch') }]
    expect(afterPush(cycle(), ['op1'], results).foreign).toBe(true)
  })
})

describe('over a slow link', () => {
  it.each<[string, Parameters<typeof newCycleOver>[0], { limit: number; bytes: number }]>([
    // why                               known of the link                                  the first batch
    ['nothing is known', { limit: null, bytes_per_s: null, kind: null }, { limit: BATCH_MAX, bytes: BATCH_BYTES }],
    ['the browser calls it slow', { limit: null, bytes_per_s: null, kind: '2g' }, { limit: 10, bytes: BATCH_BYTES }],
    ['the browser calls it fast', { limit: null, bytes_per_s: null, kind: '4g' }, { limit: BATCH_MAX, bytes: BATCH_BYTES }],
    ['a smaller one is remembered', { limit: 3, bytes_per_s: null, kind: '3g' }, { limit: 3, bytes: BATCH_BYTES }],
    ['measured beats what it is called', { limit: null, bytes_per_s: 50_000, kind: '2g' }, { limit: BATCH_MAX, bytes: 500_000 }],
    ['measured as very slow', { limit: null, bytes_per_s: 100, kind: '4g' }, { limit: BATCH_MAX, bytes: 16 * 1024 }],
    ['measured as very fast', { limit: null, bytes_per_s: 9e9, kind: null }, { limit: BATCH_MAX, bytes: BATCH_BYTES }],
  ])('%s', (_why, link, first) => {
    expect(newCycleOver(link)).toMatchObject(first)
  })

  it('follows what the last batch took', () => {
    expect(afterTransfer(cycle(), 60_000, 20_000)).toMatchObject({ bytes_per_s: 3_000, cycle: { bytes: 30_000 } })
    expect(nextBatch(cycle({ bytes: 250 }), [op(1), op(2), op(3)])).toEqual(['op1', 'op2'])
  })
})

describe('after a pull', () => {
  it('confirms uploads only with a cursor that is one person\'s', () => {
    const waiting = afterUpload(cycle(), 'a', true)
    expect(afterPull(waiting, false, true)).toMatchObject({ confirmed: ['a'], cycle: { unconfirmed: new Set(), pull_due: false } })
    expect(afterPull(waiting, true, false)).toMatchObject({ confirmed: [], cycle: { unconfirmed: new Set(['a']), pull_due: true } })
  })
})

it('a question who this is confirms uploads as a pull does', () => {
  const waiting = afterUpload(cycle({ too_old: true }), 'a', true)
  expect(afterConfirm(waiting)).toMatchObject({ confirmed: ['a'], cycle: { unconfirmed: new Set() } })
})

describe('after a failure', () => {
  const push = (...op_ids: string[]): Step => ({ do: 'push', op_ids })
  const failed = (kind: FailureKind, status: number, code = 'x', field?: string) =>
    new ApiError(kind, status, { ...localProblem(code), ...(field ? { field } : {}) })

  it.each<[string, Step, ApiError, object]>([
    ['no network', push('op1'), failed('offline', 0), { then: 'end', end: { state: 'offline' } }],
    ['session over', push('op1'), failed('auth', 401), { then: 'end', end: { state: 'auth' } }],
    ['session over in a pull', { do: 'pull' }, failed('auth', 401), { then: 'end', end: { state: 'auth' } }],
    ['server down', { do: 'pull' }, failed('transient', 503), { then: 'end', end: { state: 'backoff' } }],
    ['too slow: a smaller batch next time', push('op1', 'op2', 'op3'), failed('timeout', 0), { then: 'end', end: { state: 'backoff' }, cycle: { limit: 1 } }],
    ['too large: half of it at once', push('op1', 'op2', 'op3', 'op4'), failed('too_large', 413), { then: 'go_on', cycle: { limit: 2 }, park: null }],
    ['too large alone: parked', push('op1'), failed('too_large', 413, 'too_large'), { then: 'go_on', park: { op_id: 'op1', problem: { code: 'too_large' } } }],
    ['unreadable: half of it', push('op1', 'op2'), failed('refused', 400), { then: 'go_on', cycle: { limit: 1 }, park: null }],
    ['unreadable alone: parked', push('op1'), failed('refused', 400, 'malformed_json'), { then: 'go_on', park: { op_id: 'op1', problem: { code: 'malformed_json' } } }],
    ['a refusal that no op can be blamed for', push('op1'), failed('refused', 422, 'validation_failed', 'device.id'), { then: 'end', end: { state: 'backoff', problem: { code: 'validation_failed' } } }],
    ['the cursor', { do: 'pull' }, failed('refused', 422, 'validation_failed', 'cursor'), { then: 'go_on', reset_cursor: true }],
    ['too old to pull: sending goes on', { do: 'pull' }, failed('refused', 426, 'app_too_old'), { then: 'go_on', cycle: { too_old: true, pull_due: false }, reset_cursor: false }],
    ['too slow for a page of the feed: a smaller one next time, and sending goes on', { do: 'pull' }, failed('timeout', 0), { then: 'go_on', cycle: { page: 250, pull_due: false }, reset_cursor: false }],
    ['a feed that the server stumbles over', { do: 'pull' }, failed('transient', 500, 'internal'), { then: 'go_on', cycle: { page: 500, pull_due: false, unpulled: { problem: { code: 'internal' } } } }],
    ['an upload', { do: 'upload', sha256: 'a' }, failed('timeout', 0), { then: 'end', end: { state: 'backoff' } }],
    ['a file that the server stumbles over', { do: 'upload', sha256: 'a' }, failed('transient', 500), { then: 'go_on', cycle: { resting: new Set(['a']), stumbles: 1 } }],
  ])('%s', (_why, step, error, outcome) => {
    expect(afterFailure(cycle(), step, error)).toMatchObject(outcome)
  })

  it.each<[string, Step, FailureKind, boolean]>([
    ['a push: new work would fare no better', push('op1'), 'transient', false],
    ['an upload', { do: 'upload', sha256: 'a' }, 'offline', true],
    ['the feed', { do: 'pull' }, 'transient', true],
  ])('says whether new work would get through: %s', (_why, step, kind, reached) => {
    expect(afterFailure(cycle({ reached: true }), step, failed(kind, 503))).toMatchObject({ then: 'end', end: { reached } })
  })

  /** An error page, of something between the phone and the server. */
  const page = (status: number) => new ApiError(status === 413 ? 'too_large' : 'transient', status)

  it.each<[string, Partial<Cycle>, Step, ApiError, object]>([
    ['too large alone: it rests', {}, push('op1'), page(413), { then: 'go_on', cycle: { refused: new Set(['op1']) }, park: null }],
    ['a gateway that fails once: that may pass', {}, push('op1', 'op2'), page(502), { then: 'end', cycle: { limit: BATCH_MAX } }],
    ['and again, with the server answering: half of it', { insists: true, reached: true }, push('op1', 'op2'), page(403), { then: 'go_on', cycle: { limit: 1 } }],
    ['alone: it rests, and others go', { insists: true, reached: true }, push('op1'), page(403), { then: 'go_on', cycle: { refused: new Set(['op1']), refusals: 1 } }],
    ['but not for ever', { insists: true, reached: true, refusals: 19 }, push('op1'), page(403), { then: 'end', end: { state: 'backoff', reached: false } }],
    ['a server that is down as a whole', { insists: true }, push('op1', 'op2'), page(502), { then: 'end' }],
    ['what the server itself says of a batch', { insists: true, reached: true }, push('op1', 'op2'), failed('transient', 503), { then: 'end' }],
    ['a hotel\'s log-in page', { insists: true, reached: true }, push('op1', 'op2'), page(200), { then: 'end' }],
  ])('that no answer of the server explains: %s', (_why, values, step, error, outcome) => {
    expect(afterFailure(cycle(values), step, error)).toMatchObject(outcome)
  })

  it('gives the cursor up once in a run', () => {
    const error = failed('refused', 422, 'validation_failed', 'cursor')
    const after = afterFailure(cycle({ cursor_reset: true }), { do: 'pull' }, error)
    expect(after).toMatchObject({ then: 'go_on', reset_cursor: false, cycle: { unpulled: { problem: { field: 'cursor' } } } })
  })

  it('pages of the feed shrink to a least size, and grow again with full ones', () => {
    expect(afterFailure(cycle({ page: 25 }), { do: 'pull' }, failed('timeout', 0))).toMatchObject({ cycle: { page: 20 } })
    expect(afterPull(cycle({ page: 100 }), true, true).cycle.page).toBe(200)
    expect(afterPull(cycle({ page: 100 }), false, true).cycle.page).toBe(100)
    expect(afterPull(cycle({ page: 400 }), true, true).cycle.page).toBe(500)
  })
})

describe('when to try again', () => {
  const end = (state: CycleEnd['state'], retry_after_s: number | null = null, progressed = false): CycleEnd =>
    ({ state, problem: null, retry_after_s, progressed, reached: true })

  it.each<[string, CycleEnd, number, number, number | null]>([
    // why                              end                      failures  random  seconds
    ['all done: a look now and then', end('done'), 0, 0.5, IDLE_S],
    ['the first failure', end('offline'), 0, 1, 2],
    ['spread out', end('offline'), 0, 0, 1],
    ['later and later', end('backoff'), 4, 1, 32],
    ['five minutes at most', end('backoff'), 50, 1, 300],
    ['as the server asks', end('backoff', 40), 0, 1, 40],
    ['but no later than that', end('backoff', 86_400), 0, 1, 300],
    ['never by itself', end('auth'), 0, 1, null],
  ])('%s', (_why, ended, failures, random, seconds) => {
    expect(nextDelayS(ended, failures, random)).toBe(seconds)
  })

  it('counts failures in a row', () => {
    expect(countFailures(3, end('offline'))).toBe(4)
    expect(countFailures(3, end('offline', null, true))).toBe(1)
    expect(countFailures(3, end('done'))).toBe(0)
  })
})
