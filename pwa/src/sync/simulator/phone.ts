// A phone: its owner's work on the disk, its clock, its cookie, and the tabs that sync it.
import Dexie from 'dexie'
import type { Db } from '../../db/schema'
import type { Id, OpKind } from '../../db/types'
import type { Clock } from '../../kernel/clock'
import { runCycle } from '../cycle'
import type { CycleEnd } from '../engine'
import type { Transport } from '../transport'
import { openDisk, PowerCut, type Watch } from './disk'
import { linkOf, type Ends } from './link'
import type { Actor, Scheduler } from './scheduler'
import type { Act, Fault } from './script'

/** An op that a person was told is saved. */
export interface Made {
  phone: number
  op_id: Id
  kind: OpKind
  record_id: Id
  payload: Record<string, unknown>
}

/** What a run needs of the world around the phone. */
export interface Around extends Omit<Ends, 'actor' | 'owner' | 'session' | 'faultAt' | 'die'> {
  /** Milliseconds that have passed, and the true time. */
  elapsed(): number
  now(): number
  /** The phone's side of the link, with a defect where one is being looked for. */
  transport(real: Transport, db: Db): Transport
}

interface Tab { actor: Actor; db: Db }

export class Phone {
  db: Db
  readonly session: { of: Id | null }
  /** How far the owner has turned the clock, milliseconds. */
  shift = 0
  origin = 1
  /** The last op that is known to be on the disk. */
  seq = 0
  readonly made: Made[] = []
  /** Visits that were closed here: they must never look open again. */
  readonly closed = new Set<Id>()
  lastEnd: CycleEnd | null = null
  private started = 0
  private tabs: Tab[] = []
  private page: Watch = FINE

  constructor(readonly number: number, readonly owner: string, private readonly name: string, private readonly around: Around) {
    this.session = { of: owner }
    this.db = this.open()
  }

  readonly clock: Clock = (() => {
    const now = () => new Date(this.around.now() + this.shift)
    const monotonic = () => this.around.elapsed() - this.started
    const origin = () => this.origin
    return { now, monotonic, get origin() { return origin() } }
  })()

  /** Do something on the page while its disk fails as the script says. Resolves to what it raised, or null. */
  async press(work: () => Promise<unknown>, fault: Act['fault']): Promise<unknown> {
    let changes = 0
    this.page = {
      write: FINE.write,
      change: () => {
        if (!fault || fault.what === 'crash_after' || changes++ < fault.at) return null
        if (changes === fault.at + 1) this.around.happened(`page: ${fault.what}`)
        return fault.what === 'quota' ? fullDisk() : new PowerCut('in the middle of a save')
      },
    }
    const raised: unknown = await work().then(() => null, (error: unknown) => error ?? new Error('nothing'))
    this.page = FINE
    if (fault?.what === 'crash_after') this.around.happened('page: crash_after')
    if (fault && fault.what !== 'quota') this.restartPage()
    return raised
  }

  /** The page is closed and opened again; its counter of time starts anew. */
  restartPage(): void {
    this.db.close()
    this.db = this.open()
    this.origin += 1
    this.started = this.around.elapsed()
  }

  /** The phone goes off: no tab of it goes on. */
  powerOff(): void {
    for (const { actor, db } of this.tabs.splice(0)) {
      db.close()
      void actor.die()
    }
    this.restartPage()
  }

  /** One run of the sync, in a tab of its own. `names` takes its requests down. */
  run(scheduler: Scheduler, faults: readonly Fault[], names: string[]): void {
    scheduler.spawn(`phone ${this.number}`, async (actor) => {
      const die = (power: boolean): Promise<never> => {
        db.close()
        const end = actor.die()
        if (power) this.powerOff()
        return end
      }
      const db = openDisk(this.owner, this.name, this.watchOf(actor, faults, die))
      const tab = { actor, db }
      this.tabs.push(tab)
      const faultAt = (at: number) => faults.find((one) => one.on === 'request' && one.at === at)
      const real = linkOf({ ...this.around, actor, owner: this.owner, session: this.session, faultAt, die }, names)
      const end = await runCycle({
        db, clock: this.clock, device: { id: `phone-${this.number}`, app_version: 'test' },
        transport: this.around.transport(real, db), onMe: () => undefined, stopped: () => false,
      })
      this.tabs = this.tabs.filter((one) => one !== tab)
      db.close()
      this.lastEnd = end
      this.around.happened(`end: ${end.state}`)
    })
  }

  async close(): Promise<void> {
    this.db.close()
    await Dexie.delete(this.name)
  }

  private open(): Db {
    return openDisk(this.owner, this.name, {
      write: (work) => this.page.write(work),
      change: () => this.page.change(),
    })
  }

  private watchOf(actor: Actor, faults: readonly Fault[], die: (power: boolean) => Promise<never>): Watch {
    let writes = 0
    let failsIn = Infinity
    let full = false
    let cut = false
    const { happened } = this.around
    return {
      async write(work) {
        await actor.pause()
        const at = writes++
        const fault = faults.find((one) => one.on === 'write' && one.at === at)
        if (fault?.what === 'crash' || fault?.what === 'power') {
          happened(`write: ${fault.what}`)
          return die(fault.what === 'power')
        }
        if (fault?.what === 'inside' || fault?.what === 'quota') {
          failsIn = Math.floor(fault.n * 4)
          full = fault.what === 'quota'
        }
        try {
          const done = await work()
          if (fault?.what !== 'crash_after') return done
        } catch (error) {
          if (!cut) throw error
          return die(fault !== undefined && fault.n < 0.5)
        }
        happened('write: crash_after')
        return die(fault.n < 0.5)
      },
      change() {
        if (failsIn-- > 0) return null
        if (failsIn === -1) happened(`write: ${full ? 'quota' : 'inside'}`)
        if (full) return fullDisk()
        cut = true
        return new PowerCut('in the middle of a transaction')
      },
    }
  }
}

const FINE: Watch = { write: async (work) => work(), change: () => null }

function fullDisk(): Error {
  return new DOMException('full', 'QuotaExceededError')
}
