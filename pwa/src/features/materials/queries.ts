// Materials, the rep's stock, what is on its way, and what was handed out.
import type { Db } from '../../db/schema'
import { stockEffect } from '../../db/stock'
import type {
  BatchStock, Id, LocalCount, LocalHandout, LocalMovement, MaterialRecord, PersonRecord, WarehouseRecord,
} from '../../db/types'
import { asBlob } from '../../db/write'

export interface StockRow {
  material: MaterialRecord
  /** What the server says, with what is made here and not sent yet. Below 0: more than was issued. */
  balance: number
  /** Those with anything left, first the one that expires first. */
  batches: BatchStock[]
}

/** Active materials by code, with what the rep has of each. */
export async function stockList(db: Db): Promise<StockRow[]> {
  const [materials, stock, ops] = await Promise.all([db.materials.toArray(), db.stock.toArray(), db.outbox.toArray()])
  const balances = new Map(stock.map((row) => [row.material_id, row.balance]))
  const batches = new Map(stock.map((row) => [row.material_id, (row.batches ?? []).map((one) => ({ ...one }))]))
  for (const op of ops) {
    const effect = await stockEffect(db, op)
    if (!effect) continue
    const { material_id, batch_id, delta } = effect
    balances.set(material_id, (balances.get(material_id) ?? 0) + delta)
    for (const batch of batches.get(material_id) ?? []) if (batch.id === batch_id) batch.balance += delta
  }
  return materials
    .filter((material) => material.active || (balances.get(material.id) ?? 0) !== 0)
    .sort((a, b) => a.code.localeCompare(b.code))
    .map((material) => ({
      material,
      balance: balances.get(material.id) ?? 0,
      batches: (batches.get(material.id) ?? []).filter((one) => one.balance > 0).sort(byExpiry),
    }))
}

function byExpiry(a: BatchStock, b: BatchStock): number {
  return (a.expires_on ?? '9999').localeCompare(b.expires_on ?? '9999') || a.code.localeCompare(b.code)
}

/** The batch to take from: the one that expires first; null where batches are not told apart. */
export function batchToTake(row: StockRow | null): Id | null {
  return row?.batches[0]?.id ?? null
}

export interface MovementItem {
  movement: LocalMovement
  material: MaterialRecord | null
}

export interface CountItem {
  count: LocalCount
  material: MaterialRecord | null
  /** The code of the batch that was counted; empty for the whole material. */
  batch: string
}

export interface StockPage {
  /** Waits for this rep's confirmation. */
  toConfirm: MovementItem[]
  /** Sent by this rep, or confirmed with a difference, and not settled yet. */
  underWay: MovementItem[]
  stock: StockRow[]
  /** The last counts, newest first. */
  counts: CountItem[]
}

const LAST_COUNTS = 10

/** All of the stock screen. */
export async function stockPage(db: Db): Promise<StockPage> {
  const [stock, open, counts, materials, held] = await Promise.all([
    stockList(db),
    db.stock_movements.where('state').anyOf('in_transit', 'short').toArray(),
    db.stock_counts.orderBy('at').reverse().limit(LAST_COUNTS).toArray(),
    db.materials.toArray(),
    db.stock.toArray(),
  ])
  const codes = new Map(held.flatMap((row) => row.batches ?? []).map((one) => [one.id, one.code]))
  const byId = new Map(materials.map((one) => [one.id, one]))
  const place = `rep:${db.userId}`
  const items = open
    .sort((a, b) => b.at.localeCompare(a.at))
    .map((movement) => ({ movement, material: byId.get(movement.material_id) ?? null }))
  const waits = ({ movement }: MovementItem) => movement.to_place === place && movement.confirmed === null
  return {
    toConfirm: items.filter(waits),
    underWay: items.filter((item) => !waits(item)),
    stock: stock.filter((row) => row.balance !== 0),
    counts: counts.map((count) => ({
      count, material: byId.get(count.material_id) ?? null, batch: codes.get(count.batch_id ?? '') ?? '',
    })),
  }
}

/** How many movements wait for this rep, for the tab. */
export async function waitingForMe(db: Db): Promise<number> {
  const open = await db.stock_movements.where('state').equals('in_transit').toArray()
  return open.filter((one) => one.to_place === `rep:${db.userId}` && one.confirmed === null).length
}

/** The reps to whom material can be given, by name. */
export async function colleagues(db: Db): Promise<PersonRecord[]> {
  const people = await db.people.filter((person) => person.role === 'rep' && person.id !== db.userId).toArray()
  return people.sort((a, b) => a.name.localeCompare(b.name, 'zh-CN'))
}

/** The warehouses to which material can be sent back, those of the rep's own region first. */
export async function warehouseList(db: Db): Promise<WarehouseRecord[]> {
  const own = (await db.people.get(db.userId))?.region_id
  const rows = await db.warehouses.filter((one) => one.active).toArray()
  const rank = (one: WarehouseRecord) => (one.region_id === null ? 1 : one.region_id === own ? 0 : 2)
  return rows.sort((a, b) => rank(a) - rank(b) || a.code.localeCompare(b.code))
}

export interface LastHandout { material_id: Id; quantity: number; recipient: string }

/** What was handed out last, and to whom at this store: nobody types what the phone knows. A mistake is not offered again. */
export async function lastHandout(db: Db, visitId: Id): Promise<LastHandout | null> {
  const visit = await db.visits.get(visitId)
  const handouts = (await db.handouts.filter((one) => !one.reversed_at).toArray()).sort((a, b) => b.at.localeCompare(a.at))
  const here = handouts.find((one) => one.store_id === visit?.store_id)
  const last = here ?? handouts[0]
  if (!last) return null
  const recipient = handouts.find((one) => one.store_id === visit?.store_id && one.recipient !== '')?.recipient ?? ''
  return { material_id: last.material_id, quantity: last.quantity, recipient }
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
