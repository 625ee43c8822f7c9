// @vitest-environment node
// A month without a network: what comes of the queue, the clocks and the session.
import 'fake-indexeddb/auto'
import { expect, it } from 'vitest'
import { aPhoto, freshDb, HandClock, REP } from '../db/testing'
import { addPhoto } from '../features/photos/actions'
import { addNote, checkIn, checkOut } from '../features/visits/actions'
import { runCycle } from './cycle'
import { BATCH_BYTES, BATCH_MAX, type CycleEnd } from './engine'
import { ModelServer } from './model-server'
import { backlog } from './outbox'
import type { PushBody, Transport } from './transport'

const DAYS = 30
const VISITS_A_DAY = 20
const DAY_S = 86_400
// What the server takes as time evidence: server/sync/envelope.py.
const EVIDENCE_MAX_MS = 3_660 * DAY_S * 1000

it('600 visits of 30 days come through a new log-in, once each, in batches that a link carries', async () => {
  const db = freshDb()
  const clock = new HandClock()
  const stores = Array.from({ length: VISITS_A_DAY }, (_, at) => `s${at}`)
  const server = new ModelServer(stores, () => new Date(clock.now().getTime() + 90_000))
  server.session = REP
  const bodies: PushBody[] = []
  const run = (): Promise<CycleEnd> => {
    const real = server.transport()
    const push: Transport['push'] = (body) => {
      bodies.push(body)
      return real.push(body)
    }
    return runCycle({ db, transport: { ...real, push }, clock, device: { id: 'phone', app_version: '1' }, onMe: () => undefined, stopped: () => false })
  }
  expect((await run()).state).toBe('done')

  for (let day = 0; day < DAYS; day += 1) {
    // Half the month in one page that is never closed; then the phone is restarted, and the counter begins anew.
    if (day === DAYS / 2) Object.assign(clock, { origin: 2, mono: 0 })
    for (const store_id of stores) {
      const visit_id = await checkIn(db, { store_id, fix: null, reason: null, planned: true }, clock)
      if (store_id === 's0') await addPhoto(db, await aPhoto(visit_id, day + 1), clock)
      await addNote(db, { visit_id, text: `缺货 ${day}` }, clock)
      clock.advance(600)
      await checkOut(db, { visit_id, fix: null }, clock)
    }
    clock.advance(DAY_S - VISITS_A_DAY * 600)
  }
  const ops = DAYS * VISITS_A_DAY * 3 + DAYS
  expect(await backlog(db)).toMatchObject({ ops, parked: 0, uploads: DAYS, oldest_at: '2026-11-23T01:00:00.000Z' })

  // The session has ended meanwhile: nothing is lost or parked by asking.
  server.session = null
  expect((await run()).state).toBe('auth')
  expect(bodies).toHaveLength(0)
  expect(await backlog(db)).toMatchObject({ ops, parked: 0, uploads: DAYS })

  server.session = REP
  expect(await run()).toMatchObject({ state: 'done', problem: null })
  expect(await backlog(db)).toMatchObject({ ops: 0, uploads: 0 })
  expect(server.of('visit', REP).filter((one) => one['state'] === 'completed')).toHaveLength(DAYS * VISITS_A_DAY)
  expect(server.of('note', REP)).toHaveLength(DAYS * VISITS_A_DAY)
  expect(server.of('photo', REP).filter((one) => one['state'] === 'stored')).toHaveLength(DAYS)
  expect(Math.max(...server.applied.values())).toBe(1)

  for (const { ops: sent } of bodies) {
    expect(sent.length).toBeLessThanOrEqual(BATCH_MAX)
    expect(JSON.stringify(sent).length).toBeLessThanOrEqual(BATCH_BYTES)
  }
  const sent = bodies.flatMap((body) => body.ops)
  expect(sent.map((op) => op.device_seq)).toEqual(Array.from({ length: ops }, (_, at) => at + 1))
  for (const { clock_offset_ms, monotonic_ms } of sent) {
    expect(clock_offset_ms).toBe(90_000)
    if (monotonic_ms !== null) expect(monotonic_ms).toBeLessThanOrEqual(EVIDENCE_MAX_MS)
  }
  // By a counter that was there at the last contact; after the restart it tells nothing, and says so.
  expect(sent.filter((op) => op.monotonic_ms !== null)).toHaveLength(ops / 2)
  expect(Math.max(...sent.map((op) => op.monotonic_ms ?? 0))).toBeGreaterThan((DAYS / 2 - 1) * DAY_S * 1000)

  bodies.length = 0
  expect((await run()).state).toBe('done')
  expect(bodies).toHaveLength(0)
}, 120_000)
