// The server's promises in a few lines of memory, for the tests of the sync: each op is answered by itself
// and applied at most once, bytes grow per person and hash, the feed is told in the order of commits.
// It can be stopped between any two of its steps, and what was not committed by then is gone.
import type { Entity, Id } from '../db/types'
import { sha256Hex } from '../kernel/hash'
import { DEFAULT_ORGANISATION, type Me } from '../kernel/me'
import { ApiError, localProblem } from '../kernel/problem'
import type { OpResult } from './engine'
import { answerOf, apply, PHASES } from './model-ops'
import { OFFICE, send } from './model-stock'
import { emptyState, Tx, type LogRow, type Receipt, type Row, type State } from './model-state'
import type { Change, PullAnswer, PushAnswer, PushBody, Transport, UploadAnswer, UploadStatus, WireOp } from './transport'

interface File { bytes: Uint8Array; complete: boolean }

/** The scope of what everybody sees. */
export const EVERYBODY = 'org'

/** Bytes that arrive in one piece; between two pieces anything may happen. */
const PIECE = 64

/** Who calls, and how the call can be stopped on its way. */
export interface Caller {
  /** Whose work it is, where the caller says so: others are refused. */
  person: Id | null
  /** Whom the cookie belongs to; null: the session has ended. */
  who(): Id | null
  /** Awaited between any two steps of a request. */
  pause(where: string): Promise<void>
  /** Ops that the server stumbles over in this request. */
  stumbles(opId: Id): boolean
}

interface Call extends Caller { epoch: number; arrived: number }

/** What a backup holds. */
export interface Backup { state: State; files: Map<string, File> }

export class ModelServer {
  /** Whom the cookie belongs to, for callers that do not say it themselves. */
  session: Id | null = null
  /** Batches above this are refused as too large. */
  max_ops = 500
  /** Bodies with this text cannot even be read. */
  poison: string | null = null
  readonly files = new Map<string, File>()
  /** Ops that came in under a session that is not their author's. */
  foreign = 0
  protected state = emptyState()
  private epoch = 0
  private generations = 1
  private writer: object | null = null
  private sent = 0

  constructor(readonly stores: readonly Id[], readonly now: () => Date) {
    this.atOnce((tx) => stores.forEach((id) => tx.touch(EVERYBODY, 'store', id)))
  }

  get receipts(): ReadonlyMap<Id, Receipt> { return this.state.receipts }
  get applied(): ReadonlyMap<Id, number> { return this.state.applied }
  get records(): ReadonlyMap<string, Row> { return this.state.records }
  get stock(): ReadonlyMap<string, number> { return this.state.stock }
  get log(): readonly LogRow[] { return this.state.log }

  /** One connection, without any fault but those of its caller. */
  transport(caller: Partial<Caller> = {}): Transport {
    const call = (): Call => ({
      person: null, who: () => this.session, pause: async () => undefined, stumbles: () => false, ...caller,
      epoch: this.epoch, arrived: this.now().getTime(),
    })
    return {
      me: async () => this.me(call()),
      push: async (body) => this.push(call(), body),
      pull: async (cursor, limit) => this.pull(call(), cursor, limit),
      uploadStatus: async (sha256) => this.uploadStatus(call(), sha256),
      uploadFrom: async (sha256, offset, length, rest) => this.uploadFrom(call(), sha256, offset, length, rest),
    }
  }

  /** Records of one entity that a person made. */
  of(entity: Entity, author: Id): Row[] {
    return [...this.records].filter(([key, row]) => key.startsWith(`${entity} `) && row.author_id === author).map(([, row]) => row)
  }

  /** Issue material to a person, as the office does, confirmed at once. */
  issue(user: Id, material: Id, quantity: number): void {
    this.atOnce((tx) => tx.handOut(user, material, -quantity))
  }

  /** Send material to a person, who has to confirm it. */
  send(user: Id, material: Id, quantity: number): void {
    const id = `issue-${(this.sent += 1)}`
    const said = { material_id: material, batch_id: null, quantity, note: '', at: this.now().toISOString() }
    this.atOnce((tx) => send(tx, id, OFFICE, 'issue', 'warehouse:main', `rep:${user}`, said))
  }

  /** What everybody is told: a colleague, a warehouse. */
  tell(entity: Entity, row: Record<string, unknown> & { id: Id }): void {
    this.atOnce((tx) => tx.put(entity, { ...row, author_id: EVERYBODY }))
  }

  /** Give a person a task, as a supervisor does. */
  giveTask(user: Id, id: Id): void {
    const closed = { closed_at: null, done_at: null, done_note: '', done_visit_id: null }
    this.atOnce((tx) => tx.put('task', {
      id, author_id: user, rep_id: user, store_id: null, title: id, state: 'open', state_note: '', ...closed, rev: 1,
    }))
  }

  /** Keep part of an upload that broke off. */
  appendPart(sha256: string, offset: number, part: Uint8Array): void {
    const file = this.file(this.session, sha256)
    if (!file.complete && file.bytes.length === offset) file.bytes = joined(file.bytes, part)
  }

  /** Forget unfinished uploads, as the sweep of old ones does. */
  sweep(): void {
    for (const file of this.files.values()) if (!file.complete) file.bytes = new Uint8Array()
  }

  /** Die and start again. Nothing uncommitted is left; of unfinished uploads so much as had reached the disk. */
  restart(share: number): void {
    this.epoch += 1
    this.writer = null
    for (const file of this.files.values()) {
      if (!file.complete) file.bytes = file.bytes.slice(0, Math.floor(file.bytes.length * share))
    }
  }

  backup(): Backup {
    return { state: this.state, files: new Map([...this.files].map(([key, file]) => [key, { ...file }])) }
  }

  /** Back to a backup; told: whoever did it also says so, and all cursors of before are void. */
  restore({ state, files }: Backup, told: boolean): void {
    this.restart(0)
    this.state = told ? { ...state, generation: (this.generations += 1) } : state
    this.files.clear()
    for (const [key, file] of files) this.files.set(key, { ...file })
  }

  /** A row's place in the feed, handed out at the commit: the moment, or the next number where the last is later. */
  protected number(_tx: Tx, next: number): number {
    return Math.max(next, this.now().getTime())
  }

  /** The write reaches the disk, and only then the answer is given. */
  protected async seal(call: Call, tx: Tx): Promise<void> {
    await this.step(call, 'written')
    this.commit(tx)
    await this.step(call, 'committed')
  }

  protected commit(tx: Tx): void {
    this.state = tx.sealed((one, next) => this.number(one, next))
    for (const complete of tx.complete) complete()
  }

  /** Raises `offline` for a call whose server has died. */
  protected async step(call: Call, where: string): Promise<void> {
    await call.pause(where)
    if (call.epoch !== this.epoch) throw new ApiError('offline')
  }

  protected atOffset(file: File, offset: number): boolean {
    return file.bytes.length === offset
  }

  protected async fits(bytes: Uint8Array<ArrayBuffer>, sha256: string): Promise<boolean> {
    return (await sha256Hex(bytes)) === sha256
  }

  private atOnce(work: (tx: Tx) => void): void {
    const tx = new Tx(this.state, this.now().getTime())
    work(tx)
    this.commit(tx)
  }

  /** One writer at a time. */
  private async write<T>(call: Call, work: (tx: Tx) => T): Promise<T> {
    while (this.writer) await this.step(call, 'waits for another writer')
    const mine = (this.writer = {})
    try {
      const tx = new Tx(this.state, call.arrived)
      const done = work(tx)
      await this.seal(call, tx)
      return done
    } finally {
      if (this.writer === mine) this.writer = null
    }
  }

  private async known(call: Call): Promise<Id> {
    await this.step(call, 'arrived')
    const user = call.who()
    if (user === null) throw new ApiError('auth', 401, localProblem('unauthenticated'))
    if (call.person !== null && call.person !== user) throw new ApiError('auth', 401, localProblem('other_person'))
    return user
  }

  private async me(call: Call): Promise<Me> {
    const id = await this.known({ ...call, person: null })
    const user = { id, username: id, name: id, role: 'rep' as const, region_id: 'r', region_name: 'R', locale: 'zh-CN' }
    return { user, regions: [], organisation: DEFAULT_ORGANISATION, server_time: this.now().toISOString() }
  }

  private async push(call: Call, body: PushBody): Promise<PushAnswer> {
    const user = await this.known(call)
    if (body.ops.length > this.max_ops) throw new ApiError('too_large', 413, localProblem('too_large'))
    if (this.poison !== null && JSON.stringify(body).includes(this.poison)) {
      throw new ApiError('refused', 400, localProblem('malformed_json'))
    }
    const results = await this.write(call, (tx) => this.batch(tx, call, user, body.ops))
    return { server_time: this.now().toISOString(), results }
  }

  private batch(tx: Tx, call: Call, user: Id, ops: readonly WireOp[]): OpResult[] {
    const answers = new Map<Id, OpResult>()
    const failed = new Set<Id>()
    for (const kind of PHASES) {
      for (const op of ops.filter((one) => one.kind === kind)) {
        const missing = op.depends_on.some((id) => failed.has(id))
        const answer = call.stumbles(op.op_id) ? answerOf(op, 'deferred', localProblem('internal'))
          : missing ? answerOf(op, 'deferred', localProblem('dependency_missing')) : this.one(tx, user, op)
        if (answer.problem) failed.add(op.op_id)
        answers.set(op.op_id, answer)
      }
    }
    return ops.map((op) => answers.get(op.op_id) ?? answerOf(op, 'rejected', localProblem('op_kind_unknown')))
  }

  private one(tx: Tx, user: Id, op: WireOp): OpResult {
    if (op.author !== user) {
      this.foreign += 1
      return answerOf(op, 'rejected', localProblem('author_mismatch'))
    }
    const digest = JSON.stringify([op.kind, op.record_id, op.payload, op.device_at, op.device_seq])
    const known = tx.state.receipts.get(op.op_id)
    if (known) {
      return known.digest === digest && known.author === user
        ? { op_id: op.op_id, status: 'replayed', result: known.result, problem: null }
        : answerOf(op, 'conflict', localProblem('op_conflict'))
    }
    const hasFile = (owner: Id, sha256: string) => this.files.get(`${owner} ${sha256}`)?.complete ?? false
    const done = apply(tx, user, op, { stores: this.stores, hasFile })
    if ('status' in done) return answerOf(op, done.status, done.problem)
    const result = structuredClone(done.record)
    tx.state.receipts.set(op.op_id, { author: user, digest, result })
    tx.state.applied.set(op.op_id, (tx.state.applied.get(op.op_id) ?? 0) + 1)
    return { op_id: op.op_id, status: 'applied', result, problem: null }
  }

  private async pull(call: Call, cursor: string | null, limit: number): Promise<PullAnswer> {
    const user = await this.known(call)
    const { generation, seq } = this.state
    const [owner, number, told] = (cursor ?? `${user}:0:${generation}`).split(':')
    if (owner !== user) {
      throw new ApiError('refused', 422, { ...localProblem('validation_failed'), field: 'cursor' })
    }
    // Another generation, a number from the future: the server was restored from a backup, and tells all from the beginning.
    const from = Number(told) !== generation || Number(number) > seq ? 0 : Number(number)
    const rows = this.state.log.filter((row) => row.seq > from && (row.scope === EVERYBODY || row.scope === user))
    const page = rows.sort((a, b) => a.seq - b.seq).slice(0, limit)
    return {
      cursor: `${user}:${page.at(-1)?.seq ?? from}:${generation}`,
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

  private file(user: Id | null, sha256: string): File {
    const key = `${user} ${sha256}`
    const file = this.files.get(key) ?? { bytes: new Uint8Array(), complete: false }
    this.files.set(key, file)
    return file
  }

  private async uploadStatus(call: Call, sha256: string): Promise<UploadStatus> {
    const file = this.file(await this.known(call), sha256)
    return { offset: file.bytes.length, complete: file.complete }
  }

  private async uploadFrom(call: Call, sha256: string, offset: number, length: number, rest: Blob): Promise<UploadAnswer> {
    const sent = new Uint8Array(await rest.arrayBuffer())
    const user = await this.known(call)
    const file = this.file(user, sha256)
    if (file.complete) return { sha256, received: file.bytes.length, complete: true }
    let at = offset
    this.holdOffset(file, at)
    for (let from = 0; from < sent.length; from += PIECE) {
      if (from > 0) await this.step(call, 'another piece')
      this.holdOffset(file, at)
      const piece = sent.slice(from, from + PIECE)
      file.bytes = joined(file.bytes, piece)
      at += piece.length
    }
    if (file.bytes.length < length) return { sha256, received: file.bytes.length, complete: false }
    return this.finish(call, user, sha256, file)
  }

  private holdOffset(file: File, offset: number): void {
    if (!file.complete && this.atOffset(file, offset)) return
    const headers = new Headers({ 'Upload-Offset': String(file.complete ? 0 : file.bytes.length) })
    throw new ApiError('refused', 409, localProblem('offset_mismatch'), null, headers)
  }

  /** Verified, moved into its place, and then known to the database: in this order. */
  private async finish(call: Call, user: Id, sha256: string, file: File): Promise<UploadAnswer> {
    const { bytes } = file
    file.bytes = new Uint8Array()
    if (!(await this.fits(bytes as Uint8Array<ArrayBuffer>, sha256))) {
      throw new ApiError('refused', 422, localProblem('hash_mismatch'))
    }
    await this.step(call, 'moved')
    await this.write(call, (tx) => {
      tx.complete.push(() => Object.assign(file, { bytes, complete: true }))
      for (const row of tx.state.records.values()) {
        if (row.author_id === user && row['sha256'] === sha256 && row['state'] === 'awaiting_bytes') tx.put('photo', { ...row, state: 'stored' })
      }
    })
    return { sha256, received: bytes.length, complete: true }
  }
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(a.length + b.length)
  all.set(a)
  all.set(b, a.length)
  return all
}
