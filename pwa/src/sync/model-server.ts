// The server's promises in a few lines of memory, for the tests of the sync: each op is answered by itself
// and applied at most once, bytes grow per person and hash, the feed is told in the order of commits.
import type { Entity, Id, VisitRecord } from '../db/types'
import { DEFAULT_ORGANISATION, type Me } from '../kernel/me'
import { ApiError, localProblem, type Problem } from '../kernel/problem'
import { sha256Hex } from '../kernel/hash'
import type { OpResult } from './engine'
import type { Change, PullAnswer, PushAnswer, PushBody, Transport, UploadAnswer, UploadStatus, WireOp } from './transport'

const PHASES = ['visit.check_in', 'office.check_in', 'visit.note', 'photo.add', 'handout.add', 'visit.reply', 'visit.check_out', 'visit.cancel']

interface Receipt { author: Id; digest: string; result: unknown }
interface File { bytes: Uint8Array; complete: boolean }
interface LogRow { seq: number; scope: string; entity: Entity; id: Id }

export class ModelServer {
  /** Whom the cookie belongs to; null: the session has ended. */
  session: Id | null = null
  /** Batches above this are refused as too large. */
  max_ops = 500
  readonly receipts = new Map<Id, Receipt>()
  /** How often each op changed something. More than once must never be. */
  readonly applied = new Map<Id, number>()
  readonly records = new Map<string, Record<string, unknown> & { id: Id; author_id: Id }>()
  readonly files = new Map<string, File>()
  readonly stock = new Map<string, number>()
  /** Ops that came in under a session that is not their author's. */
  foreign = 0
  private log: LogRow[] = []
  private seq = 0

  constructor(readonly stores: readonly Id[], readonly now: () => Date) {
    for (const id of stores) this.touch('org', 'store', id)
  }

  /** One connection, without any fault. */
  transport(): Transport {
    return {
      me: async () => this.me(),
      push: async (body) => this.push(body),
      pull: async (cursor, limit) => this.pull(cursor, limit),
      uploadStatus: async (sha256) => this.uploadStatus(sha256),
      uploadFrom: (sha256, offset, length, rest) => this.uploadFrom(sha256, offset, length, rest),
    }
  }

  /** Records of one entity that a person made. */
  of(entity: Entity, author: Id): (Record<string, unknown> & { id: Id })[] {
    return [...this.records].filter(([key, row]) => key.startsWith(`${entity} `) && row.author_id === author).map(([, row]) => row)
  }

  /** Keep part of an upload that broke off. */
  appendPart(sha256: string, offset: number, part: Uint8Array): void {
    const file = this.file(sha256)
    if (!file.complete && file.bytes.length === offset) file.bytes = joined(file.bytes, part)
  }

  /** Forget an unfinished upload, as the sweep of old ones does. */
  dropPart(sha256: string): void {
    const file = this.file(sha256)
    if (!file.complete) file.bytes = new Uint8Array()
  }

  private me(): Me {
    const id = this.who()
    const user = { id, username: id, name: id, role: 'rep' as const, region_id: 'r', region_name: 'R', locale: 'zh-CN' }
    return { user, regions: [], organisation: DEFAULT_ORGANISATION, server_time: this.now().toISOString() }
  }

  private who(): Id {
    if (this.session === null) throw new ApiError('auth', 401, localProblem('unauthenticated'))
    return this.session
  }

  private push(body: PushBody): PushAnswer {
    const user = this.who()
    if (body.ops.length > this.max_ops) throw new ApiError('too_large', 413, localProblem('too_large'))
    const answers = new Map<Id, OpResult>()
    const failed = new Set<Id>()
    for (const kind of PHASES) {
      for (const op of body.ops.filter((one) => one.kind === kind)) {
        const missing = op.depends_on.some((id) => failed.has(id))
        const answer = missing ? answerOf(op, 'deferred', localProblem('dependency_missing')) : this.one(user, op)
        if (answer.problem) failed.add(op.op_id)
        answers.set(op.op_id, answer)
      }
    }
    const results = body.ops.map((op) => answers.get(op.op_id) ?? answerOf(op, 'rejected', localProblem('op_kind_unknown')))
    return { server_time: this.now().toISOString(), results }
  }

  private one(user: Id, op: WireOp): OpResult {
    if (op.author !== user) {
      this.foreign += 1
      return answerOf(op, 'rejected', localProblem('author_mismatch'))
    }
    const digest = JSON.stringify([op.kind, op.record_id, op.payload, op.device_at, op.device_seq])
    const known = this.receipts.get(op.op_id)
    if (known) {
      return known.digest === digest && known.author === user
        ? { op_id: op.op_id, status: 'replayed', result: known.result, problem: null }
        : answerOf(op, 'conflict', localProblem('op_conflict'))
    }
    const done = this.apply(user, op)
    if ('status' in done) return done
    const result = structuredClone(done.record)
    this.receipts.set(op.op_id, { author: user, digest, result })
    this.applied.set(op.op_id, (this.applied.get(op.op_id) ?? 0) + 1)
    return { op_id: op.op_id, status: 'applied', result, problem: null }
  }

  private apply(user: Id, op: WireOp): OpResult | { record: object } {
    const payload = op.payload as Record<string, string & number>
    if (op.kind === 'visit.check_in') {
      if (!this.stores.includes(payload['store_id'] ?? '')) return answerOf(op, 'rejected', localProblem('store_unknown'))
      return { record: this.put('visit', newVisit(user, op)) }
    }
    if (op.kind === 'office.check_in') {
      const row = { id: op.record_id, author_id: user, week: '2026-W48', ...payload, verdict: 'on_site', accepted: true, flags: [] }
      return { record: this.put('office_check_in', row) }
    }
    const visitId = op.kind === 'visit.check_out' || op.kind === 'visit.cancel' ? op.record_id : payload['visit_id']
    const visit = this.records.get(`visit ${visitId}`) as (VisitRecord & Record<string, unknown>) | undefined
    if (!visit) return answerOf(op, 'deferred', localProblem('dependency_missing'))
    const child = { id: op.record_id, author_id: user, ...payload }
    switch (op.kind) {
      case 'visit.note':
        return { record: this.put('note', child) }
      case 'visit.reply':
        return { record: this.put('visit_reply', { ...child, received_at: this.now().toISOString(), erased_at: null }) }
      case 'photo.add': {
        const arrived = this.files.get(`${user} ${payload['sha256']}`)?.complete ?? false
        const state = arrived ? 'stored' : 'awaiting_bytes'
        return { record: this.put('photo', { ...child, state, problem: null, uploaded_at: null }) }
      }
      case 'handout.add':
        this.handOut(user, payload['material_id'] ?? '', payload['quantity'] ?? 0)
        return { record: this.put('handout', { ...child, store_id: visit.store_id, flags: [] }) }
      default: {
        const closed = op.kind === 'visit.check_out'
          ? { state: 'completed', checked_out_at: payload['at'], dwell_s: 60, out_fix: payload['fix'] }
          : { state: 'cancelled', cancel_reason: payload['reason'] }
        return { record: this.put('visit', { ...visit, ...closed, rev: visit.rev + 1 }) }
      }
    }
  }

  private put<T extends { id: Id; author_id: Id }>(entity: Entity, row: T): T {
    this.records.set(`${entity} ${row.id}`, { ...row })
    this.touch(row.author_id, entity, row.id)
    return row
  }

  private handOut(user: Id, material: Id, quantity: number): void {
    const key = `${user} ${material}`
    this.stock.set(key, (this.stock.get(key) ?? 0) - quantity)
    this.touch(user, 'stock', material)
  }

  /** Issue material to a person, as the office does. */
  issue(user: Id, material: Id, quantity: number): void {
    this.handOut(user, material, -quantity)
  }

  private touch(scope: string, entity: Entity, id: Id): void {
    this.log = this.log.filter((row) => row.scope !== scope || row.entity !== entity || row.id !== id)
    this.log.push({ seq: (this.seq += 1), scope, entity, id })
  }

  private pull(cursor: string | null, limit: number): PullAnswer {
    const user = this.who()
    const [owner, from] = (cursor ?? `${user}:0`).split(':')
    if (owner !== user) {
      throw new ApiError('refused', 422, { ...localProblem('validation_failed'), field: 'cursor' })
    }
    const rows = this.log.filter((row) => row.seq > Number(from) && (row.scope === 'org' || row.scope === user))
    const page = rows.slice(0, limit)
    return {
      cursor: `${user}:${page.at(-1)?.seq ?? from}`,
      more: rows.length > page.length,
      server_time: this.now().toISOString(),
      changes: page.map((row) => this.change(user, row)),
    }
  }

  private change(user: Id, { entity, id }: LogRow): Change {
    if (entity === 'stock') return { entity, id, record: { id, material_id: id, balance: this.stock.get(`${user} ${id}`) ?? 0 } }
    if (entity === 'store') return { entity, id, record: { id, name: `Store ${id}`, code: id, address: '', initials: '', active: true, lat: 31.3, lon: 120.6, region_id: 'r' } }
    return { entity, id, record: structuredClone(this.records.get(`${entity} ${id}`) ?? null) }
  }

  private file(sha256: string): File {
    const key = `${this.who()} ${sha256}`
    const file = this.files.get(key) ?? { bytes: new Uint8Array(), complete: false }
    this.files.set(key, file)
    return file
  }

  private uploadStatus(sha256: string): UploadStatus {
    const file = this.file(sha256)
    return { offset: file.bytes.length, complete: file.complete }
  }

  private async uploadFrom(sha256: string, offset: number, length: number, rest: Blob): Promise<UploadAnswer> {
    const file = this.file(sha256)
    const user = this.who()
    if (file.complete) return { sha256, received: file.bytes.length, complete: true }
    if (file.bytes.length !== offset) {
      const headers = new Headers({ 'Upload-Offset': String(file.bytes.length) })
      throw new ApiError('refused', 409, localProblem('offset_mismatch'), null, headers)
    }
    const bytes = joined(file.bytes, new Uint8Array(await rest.arrayBuffer()))
    if (bytes.length < length) {
      file.bytes = bytes
      return { sha256, received: bytes.length, complete: false }
    }
    if ((await sha256Hex(bytes)) !== sha256) {
      file.bytes = new Uint8Array()
      throw new ApiError('refused', 422, localProblem('hash_mismatch'))
    }
    Object.assign(file, { bytes, complete: true })
    for (const row of this.of('photo', user)) {
      if (row['sha256'] === sha256) this.put('photo', { ...row, author_id: user, state: 'stored' })
    }
    return { sha256, received: bytes.length, complete: true }
  }
}

function newVisit(user: Id, op: WireOp): Record<string, unknown> & { id: Id; author_id: Id } {
  return {
    id: op.record_id, author_id: user, region_id: 'r', store_id: op.payload['store_id'], state: 'in_progress',
    checked_in_at: op.payload['at'], checked_out_at: null, dwell_s: null, fix: op.payload['fix'], out_fix: null,
    reason: null, cancel_reason: null, verdict: 'on_site', flags: [], rev: 1,
  }
}

function answerOf(op: WireOp, status: OpResult['status'], problem: Problem): OpResult {
  return { op_id: op.op_id, status, result: null, problem }
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(a.length + b.length)
  all.set(a)
  all.set(b, a.length)
  return all
}
