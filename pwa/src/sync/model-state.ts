// What the model server has on its disk. A transaction works on a copy, which takes the old one's place at the
// commit: until then nobody sees it, and a server that dies has never had it.
import type { Entity, Id } from '../db/types'

export type Row = Record<string, unknown> & { id: Id; author_id: Id }
export interface Receipt { author: Id; digest: string; result: unknown }
export interface LogRow { seq: number; scope: string; entity: Entity; id: Id }

export interface State {
  receipts: Map<Id, Receipt>
  /** How often each op changed something. More than once must never be. */
  applied: Map<Id, number>
  /** By entity and id. */
  records: Map<string, Row>
  /** What was said under each op kind and record id, so that the same thing said again changes nothing. */
  said: Map<string, string>
  /** By person and material. */
  stock: Map<string, number>
  log: LogRow[]
  seq: number
  /** Cursors of another one say nothing. */
  generation: number
}

export function emptyState(): State {
  return {
    receipts: new Map(), applied: new Map(), records: new Map(), said: new Map(), stock: new Map(), log: [], seq: 0, generation: 1,
  }
}

/** The writes of one request, on a copy of the state. */
export class Tx {
  readonly state: State
  /** What the feed has to tell of it; numbered at the commit. */
  readonly touched: Omit<LogRow, 'seq'>[] = []
  /** Uploads that are complete with it. */
  readonly complete: (() => void)[] = []

  /** arrived: when the request came in, milliseconds. */
  constructor(before: State, readonly arrived: number) {
    this.state = {
      receipts: new Map(before.receipts), applied: new Map(before.applied), records: new Map(before.records),
      said: new Map(before.said), stock: new Map(before.stock), log: before.log, seq: before.seq,
      generation: before.generation,
    }
  }

  put<T extends Row>(entity: Entity, row: T): T {
    this.state.records.set(`${entity} ${row.id}`, { ...row })
    this.touch(row.author_id, entity, row.id)
    return row
  }

  handOut(user: Id, material: Id, quantity: number): void {
    const key = `${user} ${material}`
    this.state.stock.set(key, (this.state.stock.get(key) ?? 0) - quantity)
    this.touch(user, 'stock', material)
  }

  touch(scope: string, entity: Entity, id: Id): void {
    this.touched.push({ scope, entity, id })
  }

  /** The state after it; `number` gives each row of the feed its place. */
  sealed(number: (tx: Tx, next: number) => number): State {
    for (const { scope, entity, id } of this.touched) {
      this.state.log = this.state.log.filter((row) => row.scope !== scope || row.entity !== entity || row.id !== id)
      const seq = number(this, this.state.seq + 1)
      this.state.log.push({ seq, scope, entity, id })
      this.state.seq = Math.max(this.state.seq, seq)
    }
    return this.state
  }
}
