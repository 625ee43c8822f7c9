// What a case of the store's contract is given, in memory or in a real browser.
import type { Db } from '../schema'
import type { Id } from '../types'

export interface Harness {
  /** The database of this case; nobody else uses it. */
  readonly name: string
  /** A connection of this tab. */
  open(name?: string): Db
  /** Another tab of the same browser. */
  otherTab(): Promise<Tab>
  /** From now on there is no room for anything large. A real browser has had so little from the start. */
  fill(db: Db): void
}

/** What another tab can be told to do, on connections of its own. */
export interface Tab {
  checkIn(name: string): Promise<Id>
  addNotes(name: string, visit: Id, count: number): Promise<void>
}

/** One promise of the store. Raises where it is broken. */
export interface Case {
  name: string
  /** The browser's storage is made this small for `run`, bytes. */
  quota?: number
  run(at: Harness): Promise<void>
  /** Runs in a new page, after the first one was closed without a warning. */
  afterwards?(at: Harness): Promise<void>
}
