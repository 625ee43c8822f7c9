// @vitest-environment node
// What the server really answers (tests/contract/*.json), read by the app: what becomes of the phone's records.
import 'fake-indexeddb/auto'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { getMeta } from '../db/meta'
import { Db } from '../db/schema'
import type { Id, LocalVisit, OpKind, OutboxOp, StockRecord } from '../db/types'
import { send } from '../kernel/http'
import { isProblem } from '../kernel/problem'
import { answerWith, exchange, storiesOf, type Exchange } from './contract-files'
import { payloadByScreen } from './contract-screens'
import { afterPush, newCycle, type OpResult } from './engine'
import { beginBatch, settle } from './outbox'
import { pullPage } from './pull'
import { createTransport, SCHEMA, type WireOp } from './transport'

const ALL_KINDS = [
  'visit.check_in', 'visit.check_out', 'visit.cancel', 'visit.note', 'visit.reply', 'photo.add', 'handout.add',
  'campaign.seen', 'office.check_in', 'stock.transfer', 'stock.return', 'stock.confirm', 'stock.count', 'task.done',
] as const satisfies readonly OpKind[]

const transport = createTransport(authorOf('visit.check_in'))
let db: Db

beforeEach(() => {
  db = new Db(authorOf('visit.check_in'), `contract-${Math.random()}`)
})
afterEach(() => {
  vi.unstubAllGlobals()
})

function storyOf(kind: OpKind): Exchange[] {
  return storiesOf(`push_${kind.replace('.', '_')}`)[kind] ?? []
}

function opsOf(one: Exchange): WireOp[] {
  return one.request.json?.ops ?? []
}

function authorOf(kind: OpKind): Id {
  return opsOf(exchange(storyOf(kind), 'applied'))[0]?.author ?? ''
}

/** The op as it waits on the phone. */
function waiting(op: WireOp): OutboxOp {
  const { device_seq, ...said } = op
  return { ...said, seq: device_seq, state: 'waiting', problem: null, attempts: 0, created_at: op.device_at, bytes: 400 }
}

const TABLE_OF = {
  'visit.check_in': 'visits', 'visit.check_out': 'visits', 'visit.cancel': 'visits', 'visit.note': 'notes',
  'visit.reply': 'visit_replies', 'campaign.seen': 'campaign_seen',
  'photo.add': 'photos', 'handout.add': 'handouts', 'office.check_in': 'office_check_ins',
  'office.exemption_request': 'office_exemptions', 'office.make_up': 'office_make_ups',
  'stock.transfer': 'stock_movements', 'stock.return': 'stock_movements', 'stock.confirm': 'stock_movements',
  'stock.count': 'stock_counts', 'task.done': 'tasks',
} as const satisfies Record<OpKind, keyof Db>

function recordOf(op: WireOp): Promise<object | undefined> {
  return db.table(TABLE_OF[op.kind]).get(op.record_id) as Promise<object | undefined>
}

/** The record as the phone made it with the op: not judged, not sent. */
async function keepLocally(op: WireOp): Promise<void> {
  const local = { ...op.payload, id: op.record_id, author_id: op.author, flags: [], sync: 'local' }
  const visit: Partial<LocalVisit> = { state: 'in_progress', verdict: null, rev: 0, checked_in_at: op.device_at }
  if (op.kind === 'visit.check_in') await db.visits.put({ ...local, ...visit } as unknown as LocalVisit)
  else if (op.kind === 'photo.add') await db.table('photos').put({ ...local, state: 'awaiting_bytes', upload: 'waiting' })
  // A confirmation is about a movement that the feed has brought.
  else if (op.kind === 'stock.confirm') await db.table('stock_movements').put({ ...local, material_id: 'm1', batch_id: null })
  else if (TABLE_OF[op.kind] !== 'visits') await db.table(TABLE_OF[op.kind]).put(local)
}

/** Make the exchange's ops wait, send them, and take in the answer; the batch must look as it was recorded. */
async function sendAs(one: Exchange): Promise<{ ops: WireOp[]; results: OpResult[]; foreign: boolean }> {
  const ops = opsOf(one)
  for (const op of ops) if (!(await recordOf(op))) await keepLocally(op)
  await db.outbox.bulkPut(ops.map(waiting))
  const asked = answerWith(one)
  const ids = ops.map((op) => op.op_id)
  const device = one.request.json?.device
  if (!device) throw new Error(`${one.name} is no push`)
  const answer = await transport.push({ schema: SCHEMA, device, ops: await beginBatch(db, ids) })
  expect(asked).toMatchObject([{ method: 'POST', path: one.request.path }])
  expect(byId(JSON.parse(asked[0]?.body as string))).toEqual(byId(one.request.json))
  const next = afterPush(newCycle(), ids, answer.results)
  await settle(db, next.marks)
  return { ops, results: answer.results, foreign: next.foreign }
}

/** A batch goes out by id; the order in it means nothing to the server. */
function byId(body: unknown): unknown {
  const batch = body as { ops: WireOp[] }
  return { ...batch, ops: [...batch.ops].sort((a, b) => a.op_id.localeCompare(b.op_id)) }
}

describe.each(ALL_KINDS)('%s', (kind) => {
  it('becomes what the server answered, exchange by exchange', async () => {
    const seen = new Set<string>()
    for (const one of storyOf(kind)) {
      if (one.request.as !== 'rep') continue
      const before = new Map<Id, object | undefined>()
      for (const op of opsOf(one)) before.set(op.op_id, await recordOf(op))
      const { ops, results } = await sendAs(one)
      for (const [at, result] of results.entries()) {
        const op = ops[at]
        if (!op) throw new Error('an answer without an op')
        await expectOutcome(op, result, before.get(op.op_id))
        seen.add(result.status)
      }
      // What was parked is looked at above; the next exchange is a matter of its own.
      await db.outbox.clear()
    }
    expect([...seen].sort()).toEqual(['applied', 'conflict', 'deferred', 'rejected', 'replayed'])
  })

  it('is written by the screens as the server was tested with it', async () => {
    const [wanted] = opsOf(exchange(storyOf(kind), 'applied'))
    expect(Object.keys(await payloadByScreen(kind)).sort()).toEqual(Object.keys(wanted?.payload ?? {}).sort())
  })
})

async function expectOutcome(op: WireOp, result: OpResult, before: object | undefined): Promise<void> {
  const row = await db.outbox.get(op.op_id)
  const record = await recordOf(op)
  if (result.status === 'applied' || result.status === 'replayed') {
    expect(row).toBeUndefined()
    expect(record).toMatchObject({ ...(result.result as object), sync: 'sent' })
    return
  }
  expect(isProblem(result.problem)).toBe(true)
  if (result.problem?.code === 'author_mismatch') {
    // It waits for its author to log in; nobody else is told.
    expect(row).toMatchObject({ state: 'waiting', problem: null })
  } else {
    expect(row).toMatchObject({ state: result.status, problem: result.problem })
    expect(row?.payload).toEqual(op.payload)
  }
  if (before) expect(record).toMatchObject(before)
}

describe('what a rep then reads', () => {
  async function run(kind: OpKind, ...names: string[]): Promise<void> {
    for (const name of names) await sendAs(exchange(storyOf(kind), name))
  }

  it('the verdicts, in words of both languages', async () => {
    await run('visit.check_in', 'applied', 'applied: every verdict')
    const visits = await db.visits.orderBy('id').toArray()
    expect(visits.map((one) => one.verdict)).toEqual(['on_site', 'off_site', 'uncertain', 'unverifiable'])
    for (const one of visits) {
      expect(one.explanation?.words['zh-CN']).toMatch(/\p{Script=Han}/u)
      expect(one.explanation?.words.en).toMatch(/[a-z]/)
    }
    expect(visits[1]?.flags.map((flag) => flag.code)).toContain('off_site')
  })

  it('the end of a visit', async () => {
    await run('visit.check_out', 'parent', 'applied')
    expect(await db.visits.toArray()).toMatchObject([{ state: 'completed', dwell_s: 1200, sync: 'sent' }])
  })

  it('a visit called off, with its reason', async () => {
    await run('visit.cancel', 'parent', 'applied')
    expect(await db.visits.toArray()).toMatchObject([{ state: 'cancelled', cancel_reason: '店门关着' }])
  })

  it('a photo that is known, and whose bytes are still to go', async () => {
    await run('photo.add', 'parent', 'applied')
    expect(await db.photos.toArray()).toMatchObject([{ state: 'awaiting_bytes', upload: 'waiting', sync: 'sent' }])
  })

  it('the stock after a handout, taken once however often the answer comes', async () => {
    await run('handout.add', 'parent')
    const [op] = opsOf(exchange(storyOf('handout.add'), 'applied'))
    const material = String(op?.payload['material_id'])
    await db.stock.put({ id: material, material_id: material, balance: 5 } satisfies StockRecord)
    await run('handout.add', 'applied', 'replayed')
    expect(await db.stock.toArray()).toMatchObject([{ balance: 2 }])
    await run('handout.add', 'applied: more than the books hold')
    const flags = (await db.handouts.toArray()).flatMap((one) => one.flags.map((flag) => flag.code))
    expect(flags).toEqual(['over_issued'])
  })

  it('whether a report at the office counts', async () => {
    await run('office.check_in', 'applied', 'applied: far away and without a position')
    const reports = await db.office_check_ins.orderBy('id').toArray()
    expect(reports.map((one) => one.accepted)).toEqual([true, false, false])
  })

  it('nothing of a session that is somebody else’s', async () => {
    const { foreign } = await sendAs(exchange(storyOf('visit.check_in'), 'rejected'))
    expect(foreign).toBe(true)
  })
})

it('an op that the server cannot read is parked, and the good one beside it is not', () => {
  const one = exchange(storiesOf('push_unreadable')['unreadable'], 'rejected')
  const ids = [...new Set(opsOf(one).map((op) => op.op_id).filter((id) => id?.length === 36))]
  const { marks } = afterPush(newCycle(), ids, one.answer.json?.results ?? [])
  const became = marks.map((mark) => [mark.to, 'problem' in mark ? mark.problem?.code : null])
  expect(became).toEqual([['rejected', 'op_kind_unknown'], ['rejected', 'op_malformed'], ['done', null]])
})

describe('the feed', () => {
  const story = storiesOf('pull')['pull']

  async function pull(name: string): Promise<boolean> {
    const one = exchange(story, name)
    const asked = answerWith(one)
    const { more } = await pullPage(db, transport, async () => true)
    expect(asked[0]).toMatchObject({ method: 'GET', path: one.request.path })
    expect(asked[0]?.query.get('cursor')).toBe(one.request.query?.['cursor'] ?? null)
    expect(asked[0]?.query.get('schema')).toBe(String(SCHEMA))
    expect(await getMeta(db, 'cursor')).toBe(one.answer.json?.cursor)
    return more
  }

  async function all(): Promise<Record<string, object[]>> {
    const tables = [
      'stores', 'materials', 'offices', 'people', 'stock', 'visits', 'notes', 'photos', 'handouts', 'office_check_ins',
      'office_rules', 'office_calendars', 'office_duties', 'office_exemptions', 'office_make_ups', 'office_notices',
      'stock_movements', 'stock_counts', 'warehouses', 'visit_replies', 'reviews', 'campaigns', 'campaign_seen', 'tasks',
    ]
    const rows = tables.map(async (name) => [name, (await db.table(name).toArray()) as object[]] as const)
    return Object.fromEntries(await Promise.all(rows))
  }

  it('fills the phone, follows the day, forgets what is gone, and is quiet when nothing changed', async () => {
    expect(await pull('first page')).toBe(true)
    expect(await pull('last page')).toBe(false)
    const first = await all()
    expect(first).toMatchObject({ visits: [], stock: [{ balance: 5 }] })
    expect(Object.values(first).map((rows) => rows.length)).toEqual([2, 1, 1, 3, 1, 0, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0, 1, 0, 0, 1, 0, 3])

    await pull('what the day added')
    const day = await all()
    expect(day).toMatchObject({
      visits: [{ state: 'completed', verdict: 'on_site', photos_total: 1, photos_arrived: 0, sync: 'sent' }],
      notes: [{ text: '缺货两种 🥤', sync: 'sent' }],
      photos: [{ state: 'awaiting_bytes', sync: 'sent' }],
      handouts: [{ quantity: 3, sync: 'sent' }],
      office_check_ins: [{ accepted: true, sync: 'sent' }],
      office_duties: [{ since: '2026-09-01' }],
      office_exemptions: [{ kind: 'leave', state: 'pending', sync: 'sent' }],
      office_make_ups: [{ week: '2026-W47', state: 'pending', sync: 'sent' }],
      office_notices: [{ week: '2026-W48' }],
      campaign_seen: [{ materials: [{ state: 'missing', quantity: 2 }], photo_kinds: ['pile'], sync: 'sent' }],
      stock: [{ balance: 2 }],
      tasks: expect.arrayContaining([expect.objectContaining({ title: '更换冰柜价签', state: 'done', sync: 'sent' })]),
    })

    await pull('tombstone')
    const after = await all()
    expect(after['stores']).toMatchObject([{ code: 'T001' }])
    await pull('nothing new')
    expect(await all()).toEqual(after)
  })

  it('keeps every field that the server sent', async () => {
    for (const name of ['first page', 'last page', 'what the day added']) {
      await pull(name)
      const kept = Object.values(await all()).flat()
      for (const { record } of exchange(story, name).answer.json?.changes ?? []) {
        expect(kept).toContainEqual(expect.objectContaining(record ?? {}))
      }
    }
  })
})

describe('a refusal', () => {
  const kinds: Record<string, string> = { unauthenticated: 'auth', wrong_credentials: 'auth' }

  it.each(['zh-CN', 'en'])('is understood, and said in %s', async (language) => {
    const story = storiesOf('problems')[language] ?? []
    expect(story.length).toBeGreaterThan(10)
    for (const one of story) {
      answerWith(one)
      const code = one.answer.json?.code ?? ''
      const error: unknown = await send(one.request.method, one.request.path).catch((caught: unknown) => caught)
      expect(error).toMatchObject({ kind: kinds[code] ?? 'refused', status: one.answer.status, retryAfterS: null, problem: { code } })
      expect(/\p{Script=Han}/u.test(`${one.answer.json?.title}`)).toBe(language === 'zh-CN')
      expect(one.answer.json?.detail).toBeTruthy()
    }
  })

  it('of a cursor names the cursor, so that the feed is read anew', () => {
    const one = exchange(storiesOf('problems')['en'], 'a cursor of somebody else')
    expect(one.answer.json).toMatchObject({ code: 'validation_failed', field: 'cursor' })
  })
})

it('the server says who is logged in', async () => {
  const story = storiesOf('session')['session']
  answerWith(exchange(story, 'me'))
  const me = await transport.me()
  expect(me.user.id).toBe(authorOf('visit.check_in'))
  expect(me.organisation).toMatchObject({ time_zone: 'Asia/Shanghai', radius_m: 200, fix_countdown_s: 20 })
  expect(exchange(story, 'log in').answer.json?.user).toEqual(me.user)
})
