// @vitest-environment node
// What the phone tells of itself, when, and what becomes of a phone that is too old for its server.
import 'fake-indexeddb/auto'
import { beforeEach, describe, expect, it } from 'vitest'
import { getMeta } from '../db/meta'
import type { Db } from '../db/schema'
import { aPhoto, freshDb, HandClock, REP } from '../db/testing'
import { addPhoto } from '../features/photos/actions'
import { addNote, checkIn } from '../features/visits/actions'
import { ApiError, localProblem } from '../kernel/problem'
import { runCycle } from './cycle'
import type { Phone } from './device'
import type { CycleEnd } from './engine'
import { ModelServer } from './model-server'
import { backlog } from './outbox'
import { SCHEMA, type DeviceReport, type Transport } from './transport'

const MIB = 1024 * 1024
const ANSWER = { server_time: '2026-11-23T01:00:00.000Z', schema: { oldest: 1, newest: 1 } }
let db: Db
let clock: HandClock
let server: ModelServer
let reports: DeviceReport[]
let usage: number

beforeEach(() => {
  db = freshDb()
  clock = new HandClock()
  server = new ModelServer(['s1'], () => clock.now())
  server.session = REP
  reports = []
  usage = 100 * MIB
})

const phone: Phone = {
  condition: async () => ({ storage: { usage, quota: 1000 * MIB, persisted: true }, standalone: false }),
  link: () => null,
}

async function report(body: DeviceReport): Promise<typeof ANSWER> {
  reports.push(structuredClone(body))
  return ANSWER
}

function run(changed: Partial<Transport> = {}): Promise<CycleEnd> {
  const transport = { ...server.transport(), report, ...changed }
  return runCycle({ db, transport, clock, device: { id: 'phone', app_version: '1' }, phone, onMe: () => undefined, stopped: () => false })
}

function visit(storeId = 's1'): Promise<string> {
  return checkIn(db, { store_id: storeId, fix: null, reason: null, planned: false }, clock)
}

describe('the report at the end of a run', () => {
  it('says what waits, what is stuck and how the phone is', async () => {
    const lost = await visit('unknown')
    await addNote(db, { visit_id: lost, text: 'x' }, clock)
    expect((await run()).state).toBe('done')
    const op = (await db.outbox.orderBy('seq').toArray())[0]!
    expect(reports).toEqual([{
      id: 'phone', app_version: '1', schema: SCHEMA, unsent: 2, oldest_unsent_at: clock.at, standalone: false,
      parked: [{ op_id: op.op_id, kind: 'visit.check_in', record_id: lost, state: 'rejected', code: 'store_unknown', field: null, made_at: clock.at }],
      storage: { usage: 100 * MIB, quota: 1000 * MIB, persisted: true },
    }])
  })

  it('is sent again only when there is news, or after half an hour', async () => {
    await run()
    usage += MIB
    await run()
    expect(reports).toHaveLength(1)
    usage += 64 * MIB
    await run()
    expect(reports).toHaveLength(2)
    clock.advance(29 * 60)
    await run()
    expect(reports).toHaveLength(2)
    clock.advance(2 * 60)
    await run()
    expect(reports).toHaveLength(3)
    await visit('unknown')
    await run()
    expect(reports).toHaveLength(4)
  })

  it('is tried in every run until it has got through', async () => {
    const fail = (error: ApiError) => ({ report: async (body: DeviceReport) => { await report(body); throw error } })
    expect((await run(fail(new ApiError('offline')))).state).toBe('done')
    expect((await run(fail(new ApiError('transient', 503)))).state).toBe('done')
    expect(reports).toHaveLength(2)
    // An older server: asked again after half an hour, like one that has taken it.
    const older = fail(new ApiError('refused', 404, localProblem('not_found')))
    expect((await run(older)).state).toBe('done')
    expect((await run(older)).state).toBe('done')
    expect(reports).toHaveLength(3)
  })

  it('is left out where there is no session or no network', async () => {
    server.session = null
    await run()
    await run({ me: async () => { throw new ApiError('offline') } })
    expect(reports).toEqual([])
  })
})

describe('an app that its server no longer serves', () => {
  const refused: Partial<Transport> = {
    pull: async () => { throw new ApiError('refused', 426, localProblem('app_too_old')) },
  }

  it('sends everything, files as well, and says that it is too old', async () => {
    await addPhoto(db, await aPhoto(await visit()), clock)
    const end = await run(refused)
    expect(end).toMatchObject({ state: 'done', problem: { code: 'app_too_old' } })
    expect(await backlog(db)).toMatchObject({ ops: 0, uploads: 0 })
    expect(server.of('photo', REP)).toMatchObject([{ state: 'stored' }])
    expect(await db.blobs.count()).toBe(0)
    expect(await getMeta(db, 'refused_schema')).toBe(SCHEMA)
    expect(reports).toHaveLength(1)
  })

  it('frees no file while the session may be somebody else\'s', async () => {
    await addPhoto(db, await aPhoto(await visit()), clock)
    const real = server.transport()
    const end = await run({
      ...refused,
      uploadFrom: async (...said) => {
        server.session = 'somebody-else'
        return real.uploadFrom(...said)
      },
    })
    expect(end).toMatchObject({ state: 'auth', problem: { code: 'other_person' } })
    expect(await db.blobs.count()).toBe(1)
    server.session = REP
    expect((await run(refused)).state).toBe('done')
    expect(await db.blobs.count()).toBe(0)
  })

  it('is told so at every run, and no longer after the update', async () => {
    await run(refused)
    expect(await getMeta(db, 'last_success_at')).toBeNull()
    expect((await run()).problem).toBeNull()
    expect(await getMeta(db, 'refused_schema')).toBeNull()
    expect(await getMeta(db, 'last_success_at')).not.toBeNull()
  })
})

it('what the last push took sizes the next one', async () => {
  const id = await visit()
  for (let at = 0; at < 60; at += 1) await addNote(db, { visit_id: id, text: `note ${at} ${'x'.repeat(500)}` }, clock)
  const real = server.transport()
  const sizes: number[] = []
  const slow: Partial<Transport> = {
    push: (body) => {
      sizes.push(body.ops.length)
      clock.mono += 60_000
      return real.push(body)
    },
  }
  await run(slow)
  expect(sizes[0]).toBe(61)
  expect(await getMeta(db, 'push_rate')).toBeLessThan(2_000)
  for (let at = 0; at < 60; at += 1) await addNote(db, { visit_id: id, text: `more ${at} ${'x'.repeat(500)}` }, clock)
  await run(slow)
  expect(sizes[1]).toBeLessThan(30)
  expect(await db.outbox.count()).toBe(0)
})
