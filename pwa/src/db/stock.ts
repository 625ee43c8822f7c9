// What an op does to the rep's own stock, before the server's next word about it.
import type { Tables } from './tables'
import type { Id, OutboxOp } from './types'

export interface StockEffect {
  material_id: Id
  batch_id: Id | null
  /** Units that come into the bag, or leave it where negative. */
  delta: number
}

interface Moved { material_id: Id; batch_id?: Id | null; quantity: number }

/** The effect of an op on the stock, or null for one that has none. A count has none until it is approved. */
export async function stockEffect(t: Pick<Tables, 'stock_movements'>, op: OutboxOp): Promise<StockEffect | null> {
  const said = op.payload as unknown as Moved
  switch (op.kind) {
    case 'handout.add':
    case 'stock.transfer':
    case 'stock.return':
      return { material_id: said.material_id, batch_id: said.batch_id ?? null, delta: -said.quantity }
    case 'stock.confirm': {
      const movement = await t.stock_movements.get(op.record_id)
      return movement ? { material_id: movement.material_id, batch_id: movement.batch_id, delta: said.quantity } : null
    }
    default:
      return null
  }
}
