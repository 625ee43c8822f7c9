// What the stock screens read from the API.
import type { Flag, HandoutPhoto, ImportOutcome } from '../types'

export type EntryKind = 'receive' | 'issue' | 'handout' | 'return' | 'transfer' | 'adjust' | 'count'
export type MovementState = 'in_transit' | 'short' | 'confirmed' | 'cancelled'
export type AdjustmentState = 'pending' | 'matched' | 'approved' | 'rejected'

export const ENTRY_KINDS: readonly EntryKind[] = ['receive', 'issue', 'handout', 'return', 'transfer', 'adjust', 'count']
export const MOVEMENT_STATES: readonly MovementState[] = ['in_transit', 'short', 'confirmed', 'cancelled']
export const ADJUSTMENT_STATES: readonly AdjustmentState[] = ['pending', 'approved', 'rejected', 'matched']
export const REASONS = ['damaged', 'lost', 'expired', 'found', 'mistake', 'other'] as const

/** The balance of a material at one place; rep_id is null for a warehouse. */
export interface StockRow {
  place: string; holder_name: string; rep_id: string | null; warehouse_id: string | null
  material_id: string; material_code: string; material_name: string; unit: string
  balance: number; in_transit: number; batches: BatchStock[]
}

/** A lot of a material, as forms let one choose it. */
export interface Batch { id: string; code: string; expires_on: string | null }

export const batchWords = (one: Batch) => (one.expires_on ? `${one.code} · ${one.expires_on}` : one.code)

export interface BatchStock { code: string; expires_on: string | null; balance: number }

interface Named {
  material_code: string; material_name: string; unit: string
  batch_code: string | null; expires_on: string | null; author_name: string | null
}

/** One entry of the ledger. A place outside of the house has no name. */
export interface Entry extends Named, HandoutPhoto {
  id: string; kind: EntryKind; material_id: string; from_place: string; to_place: string; quantity: number; at: string
  note: string; movement_id: string | null; adjustment_id: string | null; reverses_id: string | null
  reversed_by: string | null; from_name: string | null; to_name: string | null
  visit_id: string | null; recipient: string | null; flags: Flag[]
  signature_url: string | null; evidence_sha256: string | null; booked_at: string | null
}

/** An issue, transfer or return; difference is confirmed less sent. */
export interface Movement extends Named {
  id: string; kind: 'issue' | 'transfer' | 'return'; state: MovementState; quantity: number; confirmed: number | null
  difference: number | null; at: string; note: string; confirm_note: string; confirmed_at: string | null
  from_place: string; to_place: string; from_name: string | null; to_name: string | null; confirmed_name: string | null
  settled_how: 'back' | 'lost' | null
}

/** A count or a wish to correct the books; quantity is what it adds. */
export interface Adjustment extends Named {
  id: string; kind: 'count' | 'adjust'; state: AdjustmentState; place: string; place_name: string | null
  expected: number | null; counted: number | null; seen: number | null; quantity: number; reason: string; note: string
  author_id: string; at: string; decided_name: string | null; decided_at: string | null; decision_note: string
}

export interface Warehouse { id: string; code: string; name: string; region_id: string | null; active: boolean; rev: number }

export interface Remark { row: number; field: string; code: string; words: string }

export interface ImportReport extends ImportOutcome {
  rows: number; booked: number; units: number; materials: number; unchanged: number; refused: number
  errors: Remark[]; doubtful: Remark[]
}

/** The trial balance; out_of_balance is 0 unless the books are at fault. */
export interface Trial {
  at: string; out_of_balance: number
  rows: ({ material_id: string; material_name: string; unit: string } & Record<Sort, number>)[]
}
export const SORTS = ['supplier', 'opening', 'warehouse', 'transit', 'rep', 'store', 'adjust'] as const
export type Sort = (typeof SORTS)[number]
