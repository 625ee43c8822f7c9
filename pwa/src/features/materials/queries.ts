// Materials, the rep's stock, and what was handed out.
import type { Db } from '../../db/schema'
import type { Id, LocalHandout, MaterialRecord } from '../../db/types'
import { asBlob } from '../../db/write'

export interface StockRow {
  material: MaterialRecord
  /** What the server says less what is handed out and not sent yet. Below 0: more than was issued. */
  balance: number
}

/** Active materials by code, with what the rep has of each. */
export async function stockList(db: Db): Promise<StockRow[]> {
  const [materials, stock, ops] = await Promise.all([
    db.materials.toArray(),
    db.stock.toArray(),
    db.outbox.filter((op) => op.kind === 'handout.add').toArray(),
  ])
  const balances = new Map(stock.map((row) => [row.material_id, row.balance]))
  for (const { payload } of ops) {
    const { material_id, quantity } = payload as { material_id: Id; quantity: number }
    balances.set(material_id, (balances.get(material_id) ?? 0) - quantity)
  }
  return materials
    .filter((material) => material.active)
    .sort((a, b) => a.code.localeCompare(b.code))
    .map((material) => ({ material, balance: balances.get(material.id) ?? 0 }))
}

export interface HandoutItem {
  handout: LocalHandout
  material: MaterialRecord | null
  signature: Blob | null
}

/** The handouts of a visit, oldest first. */
export async function handoutsOfVisit(db: Db, visitId: Id): Promise<HandoutItem[]> {
  const handouts = await db.handouts.where('visit_id').equals(visitId).sortBy('at')
  const [materials, signatures] = await Promise.all([
    db.materials.bulkGet(handouts.map((one) => one.material_id)),
    db.thumbs.bulkGet(handouts.map((one) => one.signature_sha256 ?? '')),
  ])
  return handouts.map((handout, at) => {
    const signature = signatures[at]
    return {
      handout,
      material: materials[at] ?? null,
      signature: signature ? asBlob(signature.bytes, signature.mime) : null,
    }
  })
}
