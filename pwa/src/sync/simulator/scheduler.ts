// Who goes on. Runs of phones and requests inside the server stop between any two of their steps; one of them
// goes on at a time, so that a script always plays the same way.

/** A new one each time: one for all would keep alive, in memory, everything that ever waited for it. */
function never(): Promise<never> {
  return new Promise<never>(() => undefined)
}

/** Something that goes step by step: a run of a phone, or a request in the server. */
export class Actor {
  ended = false
  private next: (() => void) | null
  private settled: () => void = () => undefined
  private readonly watchers: (() => void)[] = []

  constructor(readonly name: string, work: (actor: Actor) => Promise<void>) {
    this.next = () => void work(this).finally(() => this.end())
  }

  get waits(): boolean {
    return !this.ended && this.next !== null
  }

  /** Stop here until it is this one's turn again. */
  pause(): Promise<void> {
    if (this.ended) return never()
    if (this.next) throw new Error(`${this.name} does two things at once`)
    return new Promise((resolve) => {
      this.next = resolve
      this.settled()
    })
  }

  /** Stop until another one has ended. */
  until(other: Actor): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        this.next = resolve
      }
      if (other.ended) wake()
      else other.watchers.push(wake)
      this.settled()
    })
  }

  /** It ends here and now, whatever it was doing; its code never goes on. */
  die(): Promise<never> {
    this.end()
    return never()
  }

  /** One step; resolves when it has stopped again. */
  go(): Promise<void> {
    const next = this.next
    this.next = null
    return new Promise((resolve) => {
      this.settled = resolve
      next?.()
    })
  }

  private end(): void {
    if (this.ended) return
    this.ended = true
    this.next = null
    for (const wake of this.watchers) wake()
    this.settled()
  }
}

export class Scheduler {
  private actors: Actor[] = []

  spawn(name: string, work: (actor: Actor) => Promise<void>): Actor {
    const actor = new Actor(name, work)
    this.actors.push(actor)
    return actor
  }

  /** Let all of them go on to their ends; before each step `before` is told its number. */
  async drain(order: readonly number[], before: (tick: number) => Promise<void>): Promise<void> {
    let turn = 0
    for (let tick = 0; ; tick += 1) {
      await before(tick)
      this.actors = this.actors.filter((actor) => !actor.ended)
      const ready = this.actors.filter((actor) => actor.waits)
      if (ready.length === 0) break
      if (tick > 5_000) throw new Error(`nobody comes to an end: ${ready.map((actor) => actor.name).join(', ')}`)
      const choice = order[tick]
      const at = choice === undefined ? (turn += 1) % ready.length : Math.floor(choice * ready.length)
      await ready[at]!.go()
    }
    if (this.actors.length > 0) throw new Error(`everybody waits: ${this.actors.map((actor) => actor.name).join(', ')}`)
  }
}
