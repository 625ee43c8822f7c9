import type { StockRow } from '../types'

export interface StockTable {
  materials: { id: string; name: string; unit: string }[]
  holders: { place: string; name: string | null; balances: Record<string, number> }[]
}

/** Balances as a table: the warehouse first, then reps by name; materials by code. */
export function stockTable(rows: readonly StockRow[], collator: (a: string, b: string) => number): StockTable {
  const materials = new Map<string, StockRow>()
  const holders = new Map<string, StockTable['holders'][number]>()
  for (const row of rows) {
    materials.set(row.material_id, row)
    const holder = holders.get(row.place) ?? { place: row.place, name: row.rep_name, balances: {} }
    holder.balances[row.material_id] = row.balance
    holders.set(row.place, holder)
  }
  return {
    materials: [...materials.values()]
      .sort((a, b) => (a.material_code < b.material_code ? -1 : 1))
      .map((row) => ({ id: row.material_id, name: row.material_name, unit: row.unit })),
    holders: [...holders.values()].sort((a, b) => {
      if (a.name === null || b.name === null) return a.name === b.name ? 0 : a.name === null ? -1 : 1
      return collator(a.name, b.name)
    }),
  }
}
