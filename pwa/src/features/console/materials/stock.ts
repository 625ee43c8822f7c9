import type { StockRow } from './types'

export interface StockTable {
  materials: { id: string; name: string; unit: string }[]
  holders: { place: string; name: string; rows: Record<string, StockRow> }[]
}

/** Balances as a table: warehouses first, then reps, as the server orders them; materials by code. */
export function stockTable(rows: readonly StockRow[]): StockTable {
  const materials = new Map<string, StockRow>()
  const holders = new Map<string, StockTable['holders'][number]>()
  for (const row of rows) {
    materials.set(row.material_id, row)
    const holder = holders.get(row.place) ?? { place: row.place, name: row.holder_name, rows: {} }
    holder.rows[row.material_id] = row
    holders.set(row.place, holder)
  }
  return {
    materials: [...materials.values()]
      .sort((a, b) => (a.material_code < b.material_code ? -1 : 1))
      .map((row) => ({ id: row.material_id, name: row.material_name, unit: row.unit })),
    holders: [...holders.values()],
  }
}

/** The kind of a place outside of the house, for its words: supplier, opening or adjust; else null. */
export function outside(place: string): string | null {
  return ['supplier', 'opening', 'adjust'].includes(place) ? place : null
}
