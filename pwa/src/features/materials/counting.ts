// What there is to count in the bag: each batch by itself, where a material is kept by batch.
import type { Id, MaterialRecord } from '../../db/types'
import type { StockRow } from './queries'

export interface CountLine {
  key: string
  material: MaterialRecord
  batch_id: Id | null
  /** The batch's code and expiry; null where the line is of the whole material. */
  batch: { code: string; expires_on: string | null } | null
  /** True for the line of the whole material that stands under its batches. */
  inAll: boolean
  /** What the phone says of it. */
  seen: number
}

/**
 * The lines of a count, in the order of the stock. A material with batches gets a line a batch, and one for all
 * of it only where the books hold units of no batch, or where a batch has gone below zero.
 */
export function countLines(rows: readonly StockRow[]): CountLine[] {
  return rows.flatMap(({ material, balance, batches }) => {
    const whole: CountLine = { key: material.id, material, batch_id: null, batch: null, inAll: batches.length > 0, seen: balance }
    const lots = batches.map((one): CountLine => ({
      key: `${material.id} ${one.id}`, material, batch_id: one.id, batch: one, inAll: false, seen: one.balance,
    }))
    const rest = batches.reduce((left, one) => left - one.balance, balance)
    return rest === 0 && lots.length > 0 ? lots : [...lots, whole]
  })
}
