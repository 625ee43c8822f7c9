// What the phone holds of material: what a rep has, what is on its way, what was counted.
import type { Id, IsoTime } from './types'

export interface BatchStock {
  id: Id
  code: string
  /** `2027-06-30` */
  expires_on: string | null
  balance: number
}

export interface WarehouseRecord {
  id: string
  code: string
  name: string
  region_id: Id | null
  active: boolean
  rev: number
}

export type MovementKind = 'issue' | 'transfer' | 'return'
export type MovementState = 'in_transit' | 'short' | 'confirmed' | 'cancelled'

/** Material on its way between two holders. Places are `rep:<id>` and `warehouse:<id>`. */
export interface MovementRecord {
  id: Id
  kind: MovementKind
  state: MovementState
  material_id: Id
  batch_id: Id | null
  from_place: string
  to_place: string
  quantity: number
  /** Null until the taker has confirmed. */
  confirmed: number | null
  difference: number | null
  author_id: Id
  at: IsoTime
  note: string
  confirmed_by: Id | null
  confirmed_at: IsoTime | null
  confirm_note: string
  settled_how: string | null
  /** In the feed, not in the answer to an op. */
  from_name?: string
  to_name?: string
}

export type CountState = 'pending' | 'matched' | 'approved' | 'rejected'

/** A count of the rep's own stock. */
export interface CountRecord {
  id: Id
  kind: 'count'
  state: CountState
  place: string
  material_id: Id
  batch_id: Id | null
  /** What the books say of that moment; null until the server has answered. */
  expected: number | null
  counted: number
  /** What the phone believed when it was counted. */
  seen: number | null
  /** What the correction would add. */
  quantity: number
  reason: string
  note: string
  author_id: Id
  at: IsoTime
  decided_by: Id | null
  decided_at: IsoTime | null
  decision_note: string
}
