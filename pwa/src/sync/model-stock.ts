// The stock of the model server: what is sent is on its way until its taker has said how much has come.
import type { Id, MovementKind, OpKind } from '../db/types'
import { refused, type Outcome } from './model-outcome'
import type { Row, Tx } from './model-state'
import type { WireOp } from './transport'

/** Whoever works in the office; no phone is theirs. */
export const OFFICE = 'office'

const KINDS: readonly OpKind[] = ['stock.confirm', 'stock.transfer', 'stock.return', 'stock.count']

export function isStockOp(kind: OpKind): boolean {
  return KINDS.includes(kind)
}

interface Moved { material_id: Id; batch_id: Id | null; quantity: number; note: string; at: string }

/** Send material on its way. */
export function send(tx: Tx, id: Id, author: Id, kind: MovementKind, from: string, to: string, said: Moved): Row {
  const { material_id, batch_id, quantity, note, at } = said
  const row = tx.put('stock_movement', {
    id, author_id: author, kind, state: 'in_transit', material_id, batch_id, quantity, note, at, from_place: from, to_place: to,
    confirmed: null, difference: null, confirmed_by: null, confirmed_at: null, confirm_note: '', settled_how: null,
  })
  const taker = personAt(to)
  if (taker !== null) tx.touch(taker, 'stock_movement', id)
  return row
}

/** Apply a stock op that was not said before. */
export function writeStock(tx: Tx, user: Id, op: WireOp): Outcome {
  const said = op.payload as unknown as Moved & { to_id: Id; warehouse_id: Id }
  switch (op.kind) {
    case 'stock.transfer':
    case 'stock.return': {
      const kind = op.kind === 'stock.return' ? 'return' : 'transfer'
      const to = kind === 'return' ? `warehouse:${said.warehouse_id}` : `rep:${said.to_id}`
      tx.handOut(user, said.material_id, said.quantity)
      return { record: send(tx, op.record_id, user, kind, `rep:${user}`, to, said) }
    }
    case 'stock.confirm':
      return confirm(tx, user, op)
    default: {
      const { material_id, counted } = op.payload as { material_id: Id; counted: number }
      const expected = tx.state.stock.get(`${user} ${material_id}`) ?? 0
      return {
        record: tx.put('stock_count', {
          id: op.record_id, author_id: user, ...op.payload, kind: 'count', state: counted === expected ? 'matched' : 'pending', place: `rep:${user}`,
          expected, quantity: counted - expected, reason: '', decided_by: null, decided_at: null, decision_note: '',
        }),
      }
    }
  }
}

function confirm(tx: Tx, user: Id, { record_id, payload }: WireOp): Outcome {
  const row = tx.state.records.get(`stock_movement ${record_id}`)
  if (!row) return refused('deferred', 'dependency_missing')
  if (row['to_place'] !== `rep:${user}`) return refused('rejected', 'movement_unknown')
  const { quantity, note, at } = payload as { quantity: number; note: string; at: string }
  const difference = quantity - Number(row['quantity'])
  const done = tx.put('stock_movement', {
    ...row, state: difference === 0 ? 'confirmed' : 'short', confirmed: quantity, difference, confirmed_by: user, confirmed_at: at, confirm_note: note,
  })
  tx.touch(user, 'stock_movement', record_id)
  tx.handOut(user, String(row['material_id']), -quantity)
  return { record: done }
}

/** The person behind a place, or null. */
function personAt(place: string): Id | null {
  return place.startsWith('rep:') ? place.slice('rep:'.length) : null
}
