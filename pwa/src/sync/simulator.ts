// A phone with a bad network and a habit of dying, played from a seed, so that a failure can be played again.
import Dexie from 'dexie'
import { Db } from '../db/schema'
import type { Id } from '../db/types'
import { sha256Hex } from '../kernel/hash'
import type { Clock } from '../kernel/clock'
import { ApiError, localProblem } from '../kernel/problem'
import { officeCheckIn } from '../features/office/actions'
import { addPhoto } from '../features/photos/actions'
import { handOut } from '../features/materials/actions'
import { addNote, cancelVisit, checkIn, checkOut } from '../features/visits/actions'
import { runCycle } from './cycle'
import type { CycleEnd } from './engine'
import { ModelServer } from './model-server'
import type { Transport } from './transport'

/** Numbers from 0 to 1 out of a seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

export const REP = 'rep-1'
export const OTHER = 'other-person'
export const MATERIAL = 'material-1'
export const OTHERS_MATERIAL = 'material-2'
const STORES = ['store-1', 'store-2', 'store-3']
/** Not on the server: its check-ins are rejected, and all that belongs to them waits. */
export const LOST_STORE = 'store-lost'
const FAULT_SHARE = 0.3

/** A phone, its server, and everything the rep did on it. */
export class Simulation {
  readonly server = new ModelServer(STORES, () => this.clock.now())
  readonly log: string[] = []
  readonly made = { visits: [] as Id[], notes: [] as Id[], photos: [] as { id: Id; sha256: string }[], handouts: [] as Id[], office: [] as Id[] }
  readonly rejected = new Set<Id>()
  /** Visits that were checked out or called off: they must never look open again. */
  readonly closed = new Set<Id>()
  given = 0
  faults = true
  requests: string[] = []
  readonly db: Db
  private readonly name: string
  private readonly random: () => number
  private now = Date.parse('2026-11-23T01:00:00.000Z')
  private clockShift = 0
  private origin = 1
  private late: (() => Promise<unknown>)[] = []
  private openVisits: Id[] = []

  constructor(readonly seed: number) {
    this.random = seeded(seed)
    this.name = `simulation-${seed}-${Math.round(performance.now() * 1000)}`
    this.db = new Db(REP, this.name)
    this.server.session = REP
    this.server.issue(REP, MATERIAL, 100)
    this.server.issue(OTHER, OTHERS_MATERIAL, 5)
  }

  readonly clock: Clock = (() => {
    const now = () => new Date(this.now + this.clockShift)
    const monotonic = () => this.now - Date.parse('2026-11-23T00:00:00.000Z')
    const origin = () => this.origin
    return { now, monotonic, get origin() { return origin() } }
  })()

  /** Let the rep do something, or the world go wrong. */
  async step(): Promise<void> {
    this.now += 1_000 + Math.floor(this.random() * 60_000)
    const choice = this.random()
    if (choice < 0.55) await this.act()
    else if (choice < 0.6) this.clockShift = Math.floor((this.random() - 0.5) * 7_200_000)
    else if (choice < 0.65) this.server.session = this.pick([null, OTHER])
    else if (choice < 0.75) this.server.session = REP
    else if (choice < 0.8) this.server.max_ops = this.pick([1, 3, 500])
    else await this.sync()
  }

  /** One run of the sync. Null: the phone died in it; it has been started again. */
  async sync(): Promise<CycleEnd | null> {
    let die: () => void = () => undefined
    const death = new Promise<null>((resolve) => {
      die = () => resolve(null)
    })
    // A connection of its own, which dies with the run.
    const db = new Db(REP, this.name)
    this.mayDieInTransactions(db, die)
    const end = await Promise.race([death, runCycle({
      db, clock: this.clock, device: { id: 'phone', app_version: 'test' },
      transport: this.unreliable(die), onMe: () => undefined, stopped: () => false,
    })])
    this.log.push(`sync: ${end ? end.state : 'died'}`)
    db.close()
    if (end === null) this.origin += 1
    return end
  }

  /** A person looks after it: logs in, keeps the network on, syncs until all is done. */
  async settle(): Promise<CycleEnd | null> {
    this.faults = false
    this.server.session = REP
    this.server.max_ops = 500
    for (const send of this.late.splice(0)) await send().catch(() => undefined)
    let end: CycleEnd | null = null
    for (let runs = 0; runs < 10 && end?.state !== 'done'; runs += 1) end = await this.sync()
    return end
  }

  async close(): Promise<void> {
    this.db.close()
    await Dexie.delete(this.name)
  }

  private pick<T>(from: readonly T[]): T {
    return from[Math.floor(this.random() * from.length)] as T
  }

  private async act(): Promise<void> {
    const visit = this.openVisits.length > 0 ? this.pick(this.openVisits) : null
    const choice = this.random()
    if (visit === null || choice < 0.2) return this.visit()
    if (choice < 0.5) return this.photo(visit)
    if (choice < 0.65) return this.handout(visit)
    if (choice < 0.8) {
      const note = await addNote(this.db, { visit_id: visit, text: `note ${this.made.notes.length}` }, this.clock)
      this.made.notes.push(note)
      if (this.rejected.has(visit)) this.rejected.add(note)
      return
    }
    if (choice < 0.85) {
      this.made.office.push(await officeCheckIn(this.db, { office_id: null, fix: null, reason: 'x' }, this.clock))
      return
    }
    this.openVisits = this.openVisits.filter((id) => id !== visit)
    this.closed.add(visit)
    if (choice < 0.95) await checkOut(this.db, { visit_id: visit, fix: null }, this.clock)
    else await cancelVisit(this.db, { visit_id: visit, reason: 'closed' }, this.clock)
  }

  private async visit(): Promise<void> {
    const store_id = this.random() < 0.1 ? LOST_STORE : this.pick(STORES)
    const id = await checkIn(this.db, { store_id, fix: null, reason: null, planned: false }, this.clock)
    if (this.made.visits.includes(id)) return
    this.made.visits.push(id)
    this.openVisits.push(id)
    if (store_id === LOST_STORE) this.rejected.add(id)
  }

  private async photo(visit: Id): Promise<void> {
    // Few different pictures: the same bytes come twice now and then.
    const image = new Uint8Array(200).fill(Math.floor(this.random() * 12) + 1)
    const sha256 = await sha256Hex(image)
    const id = await addPhoto(this.db, {
      visit_id: visit, office_check_in_id: null, kind: 'shelf', image: image.buffer, thumb: new ArrayBuffer(8),
      width: 10, height: 10, mime: 'image/jpeg', source: 'camera', taken_at: this.clock.now().toISOString(), sha256,
    }, this.clock)
    this.made.photos.push({ id, sha256 })
    if (this.rejected.has(visit)) this.rejected.add(id)
  }

  private async handout(visit: Id): Promise<void> {
    const signature = this.random() < 0.5 ? new Uint8Array(50).fill(Math.floor(this.random() * 200)).buffer : null
    const quantity = 1 + Math.floor(this.random() * 5)
    const id = await handOut(this.db, { visit_id: visit, material_id: MATERIAL, quantity, recipient: 'Li', signature }, this.clock)
    this.made.handouts.push(id)
    if (this.rejected.has(visit)) this.rejected.add(id)
    else this.given += quantity
  }

  /** The power goes between two writes: before one is begun, or after it is on the disk. */
  private mayDieInTransactions(db: Db, die: () => void): void {
    const real = db.transaction.bind(db) as (...args: unknown[]) => Promise<unknown>
    const dying = async (...args: unknown[]): Promise<unknown> => {
      if (this.faults && this.random() < 0.03) return this.end(die)
      const done = await real(...args)
      return this.faults && this.random() < 0.03 ? this.end(die) : done
    }
    // A transaction within another one belongs to that.
    const either = (...args: unknown[]) => (Dexie.currentTransaction ? real(...args) : dying(...args))
    Object.assign(db, { transaction: either })
  }

  private end(die: () => void): Promise<never> {
    die()
    return new Promise<never>(() => undefined)
  }

  private unreliable(die: () => void): Transport {
    const { server } = this
    const real = server.transport()
    const call = <T>(name: string, run: () => Promise<T>): Promise<T> => this.request(name, run, die)
    return {
      me: () => call('me', real.me),
      push: (body) => {
        const sent = structuredClone(body)
        return call('push', async () => {
          const answer = await real.push(sent)
          if (this.faults && this.random() < 0.3) answer.results.reverse()
          if (this.faults && this.random() < 0.1) answer.results.pop()
          return answer
        })
      },
      pull: (cursor) => call('pull', () => real.pull(cursor, 7)),
      uploadStatus: (sha256) => call('head', () => real.uploadStatus(sha256)),
      uploadFrom: (sha256, offset, length, rest) => call('patch', async () => {
        if (this.faults && this.random() < 0.3) await this.breakOff(sha256, offset, rest)
        return real.uploadFrom(sha256, offset, length, rest)
      }),
    }
  }

  /** The link breaks in the middle of a file, or what arrives is not what was sent. */
  private async breakOff(sha256: string, offset: number, rest: Blob): Promise<void> {
    const bytes = new Uint8Array(await rest.arrayBuffer())
    const part = bytes.slice(0, Math.floor(this.random() * bytes.length))
    if (this.random() < 0.2 && part.length > 0) part[0] = 255 - (part[0] ?? 0)
    if (this.random() < 0.2) this.server.dropPart(sha256)
    else this.server.appendPart(sha256, offset, part)
    throw new ApiError(this.random() < 0.5 ? 'offline' : 'timeout')
  }

  private async request<T>(name: string, run: () => Promise<T>, die: () => void): Promise<T> {
    this.requests.push(name)
    this.now += 100
    // Somebody logs in or out in another tab, in the middle of a run; the way back is through a person.
    if (this.faults && this.random() < 0.02) this.server.session = this.pick([null, OTHER])
    if (!this.faults || this.random() > FAULT_SHARE) return run()
    const fault = this.pick(['lost', 'unanswered', 'twice', 'again later', 'died before', 'died after', 'failing', 'garbled'])
    this.log.push(`${name}: ${fault}`)
    switch (fault) {
      case 'lost':
        throw new ApiError('offline')
      case 'unanswered':
        await run()
        throw new ApiError(this.pick(['offline', 'timeout'] as const))
      case 'twice':
        await run()
        return run()
      case 'again later':
        this.late.push(run)
        return run()
      case 'died before':
        return this.end(die)
      case 'died after':
        await run().catch(() => undefined)
        return this.end(die)
      case 'failing':
        throw new ApiError('transient', 503, localProblem('unavailable'), 3)
      default:
        throw new ApiError('transient', 200)
    }
  }
}
