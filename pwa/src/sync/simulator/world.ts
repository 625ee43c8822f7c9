// Phones and their server, playing a script.
import type { Db } from '../../db/schema'
import type { Id } from '../../db/types'
import { ModelServer, type Backup } from '../model-server'
import { OFFICE } from '../model-stock'
import type { Transport } from '../transport'
import { brokenSoFar } from './invariants'
import type { Late } from './link'
import { Phone, type Around } from './phone'
import { MATERIAL, POISON, press, STORES, tryAgain, WAREHOUSE } from './press'
import { Scheduler } from './scheduler'
import { OTHER, REP, type Act, type Event, type Script, type Step, type Syncs } from './script'

export const STOCK = 100
/** What the office sends at once. */
const SENT = 10
/** Only the other rep has any of it. */
export const OTHERS_MATERIAL = 'material-2'
const MONDAY = Date.parse('2026-11-23T01:00:00.000Z')
const HOUR = 3_600_000
/** Syncs of each phone after which all must be quiet. */
const ROUNDS = 8

/** Where a defect can be put in. */
export interface Seams {
  server?(stores: readonly Id[], now: () => Date): ModelServer
  transport?(real: Transport, db: Db): Transport
}

let worlds = 0

export class World {
  readonly server: ModelServer
  readonly phones: Phone[]
  /** How often each thing happened. */
  readonly counts = new Map<string, number>()
  readonly wrong: string[] = []
  /** Ops and files that the server had, and lost when it was restored from a backup; what the office had sent as well. */
  readonly lostOps = new Set<Id>()
  readonly lostFiles = new Set<string>()
  /** When it was last restored without anybody saying so to the phones: from then on only what is new is told. */
  untoldSince = 0
  private readonly scheduler = new Scheduler()
  private readonly late: Late[] = []
  private backup: Backup | null = null
  private time = 0

  constructor(script: Script, private readonly seams: Seams = {}) {
    const now = () => new Date(MONDAY + this.time)
    this.server = seams.server?.(STORES, now) ?? new ModelServer(STORES, now)
    this.server.poison = POISON
    for (const rep of [REP, OTHER]) {
      this.server.issue(rep, MATERIAL, STOCK)
      this.server.send(rep, MATERIAL, SENT)
      this.server.tell('person', { id: rep, name: rep, username: rep, role: 'rep', region_id: 'r', region_name: 'R' })
    }
    this.server.tell('warehouse', { id: WAREHOUSE, code: 'M', name: 'Main', region_id: null, active: true, rev: 1 })
    this.server.issue(OTHER, OTHERS_MATERIAL, 5)
    for (const rep of [REP, OTHER]) for (const n of [1, 2, 3]) this.server.giveTask(rep, `task-${n}-${rep}`)
    worlds += 1
    this.phones = script.owners.map((owner, at) => new Phone(at, owner, `world-${worlds}-${at}`, this.around(owner)))
  }

  /** Play all steps, stopping where something is wrong. */
  async play(steps: readonly Step[]): Promise<void> {
    for (const step of steps) {
      this.time += 1_000 + 60_000 * ('n' in step ? step.n : 0.5)
      if (step.do === 'sync') await this.syncs(step)
      else await this.perform(step)
      this.wrong.push(...(await brokenSoFar(this)))
      if (this.wrong.length > 0) return
    }
  }

  /** People look after it: log in, keep the network on, try again, sync until all is quiet. */
  async settle(): Promise<void> {
    this.server.max_ops = 500
    for (const phone of this.phones) {
      phone.session.of = phone.owner
      await tryAgain(phone)
    }
    this.deliverLate()
    await this.drain()
    for (let round = 0; round < ROUNDS; round += 1) {
      const names: string[] = []
      for (const phone of this.phones) await this.syncOf(phone, names)
      const silent = names.every((name) => name === 'me' || name === 'pull') && names.length === 2 * this.phones.length
      if (silent) return
    }
    if (this.lostOps.size === 0) this.wrong.push('never quiet: each sync goes on having something to send')
  }

  /** One run without any fault. `names` takes its requests down. */
  async syncOf(phone: Phone, names: string[] = []): Promise<void> {
    const own: string[] = []
    phone.run(this.scheduler, [], own)
    await this.drain()
    names.push(...own)
  }

  async close(): Promise<void> {
    for (const phone of this.phones) await phone.close()
  }

  private async syncs({ runs, order, meanwhile }: Syncs): Promise<void> {
    for (const { phone, faults } of runs) this.phones[phone]?.run(this.scheduler, faults, [])
    await this.drain(order, async (tick) => {
      for (const { at, step } of meanwhile) if (at === tick) await this.perform(step)
    })
  }

  private drain(order: readonly number[] = [], before: (tick: number) => Promise<void> = async () => undefined): Promise<void> {
    return this.scheduler.drain(order, (tick) => {
      this.time += 100
      return before(tick)
    })
  }

  private async perform(step: Act | Event): Promise<void> {
    const phone = this.phones[step.phone]
    if (!phone) return
    if (step.do === 'event') return this.happen(phone, step)
    this.happened(`act: ${step.what}`)
    this.wrong.push(...(await press(phone, step)))
  }

  private happen(phone: Phone, { what, n }: Event): void {
    this.happened(`event: ${what}`)
    switch (what) {
      case 'clock':
        phone.shift = n < 0.2 ? (n - 0.1) * 10_000 * HOUR : (n - 0.6) * 10 * HOUR
        return
      case 'log_out':
        phone.session.of = null
        return
      case 'other_person':
        phone.session.of = otherThan(phone.owner)
        return
      case 'log_in':
        phone.session.of = phone.owner
        return
      case 'small_batches':
        this.server.max_ops = [1, 3, 500][Math.floor(n * 3)]!
        return
      case 'restart':
        return this.server.restart(n)
      case 'sweep':
        return this.server.sweep()
      case 'late':
        return this.deliverLate()
      case 'page':
        return phone.powerOff()
      case 'issue':
        return this.server.send(phone.owner, MATERIAL, 1 + Math.floor(n * SENT))
      case 'backup':
        this.backup = this.server.backup()
        return
      case 'restore':
        if (this.backup) this.restore(this.backup, n < 0.5)
    }
  }

  private restore(backup: Backup, told: boolean): void {
    for (const id of this.server.receipts.keys()) if (!backup.state.receipts.has(id)) this.lostOps.add(id)
    for (const row of this.server.of('stock_movement', OFFICE)) if (!backup.state.records.has(`stock_movement ${row.id}`)) this.lostOps.add(row.id)
    for (const [key, file] of this.server.files) if (file.complete && !backup.files.get(key)?.complete) this.lostFiles.add(key)
    // A file may be in the backup and the word that it arrived not: nobody sends it again.
    for (const [key, row] of this.server.records) {
      const then = backup.state.records.get(key)
      if (key.startsWith('photo ') && row['state'] === 'stored' && then?.['state'] !== 'stored') {
        this.lostFiles.add(`${row.author_id} ${String(row['sha256'])}`)
      }
    }
    this.server.restore(backup, told)
    this.untoldSince = told ? 0 : this.server.now().getTime()
  }

  /** Copies of old requests arrive. */
  private deliverLate(): void {
    for (const copy of this.late.splice(0)) {
      this.scheduler.spawn('late copy', async (actor) => {
        await copy(() => actor.pause()).catch(() => undefined)
      })
    }
  }

  private readonly happened = (what: string): void => {
    this.counts.set(what, (this.counts.get(what) ?? 0) + 1)
  }

  private around(owner: string): Around {
    return {
      server: this.server, scheduler: this.scheduler, late: this.late, visitor: otherThan(owner), happened: this.happened,
      elapsed: () => this.time, now: () => MONDAY + this.time,
      transport: (real, db) => this.seams.transport?.(real, db) ?? real,
    }
  }
}

function otherThan(owner: string): Id {
  return owner === REP ? OTHER : REP
}
