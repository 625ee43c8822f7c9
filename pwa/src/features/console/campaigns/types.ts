// What the campaign screens read from the API.
export type CampaignState = 'draft' | 'running' | 'ended' | 'closed'
export type Done = 'planned' | 'handed_out' | 'photographed' | 'missing'

export const CAMPAIGN_STATES: readonly CampaignState[] = ['draft', 'running', 'ended', 'closed']
export const DONE: readonly Done[] = ['planned', 'handed_out', 'photographed', 'missing']
export const TARGET_KINDS = ['per_store', 'total'] as const
export type TargetKind = (typeof TARGET_KINDS)[number]

/** Days are 2026-11-23, both included; stores are those that the reader sees. */
export interface Campaign {
  id: string; code: string; name: string; first_day: string; last_day: string; state: CampaignState
  photo_kinds: string[]; target_kind: TargetKind | null; target: number | null; note: string; rev: number; stores: number
}

export interface PlanLine { material_id: string; material_code: string; material_name: string; unit: string; per_store: number }
export interface CampaignPage extends Campaign { materials: PlanLine[] }

export interface ChosenStores { added: number; removed: number; total: number; unmatched: string[] }

/** A store held against the plan. */
export interface BoardRow {
  store_id: string; store_name: string; store_code: string; region_name: string; reps: string[]; state: Done; complete: boolean
  materials: { material_id: string; name: string; unit: string; planned: number; handed: number; seen: SeenState | null; seen_quantity: number | null }[]
  photos: string[]; lacking_photos: string[]; seen: Look | null
}

export type SeenState = 'present' | 'missing'
/** The newest look of a rep at a store; photo_kinds could not be taken. */
export interface Look { at: string; rep_name: string; photo_kinds: string[]; note: string }

/** What a rep saw of a campaign in a visit. */
export interface Seen {
  id: string; campaign_id: string; campaign_name: string; at: string; photo_kinds: string[]; note: string
  materials: { material_id: string; name: string; state: SeenState; quantity: number | null }[]
}

export type DoneCounts = Record<Done | 'stores' | 'complete', number>
export interface Board { items: BoardRow[]; next: string | null; total: number; counts: DoneCounts }

/** How much of the giving out holds; share is 0 to 1, null where nothing was handed out. */
export interface Effect {
  handouts: number; effective: number; share: number | null; units: number; effective_units: number
  unsigned: number; no_photo: number; not_on_site: number
}
export interface EffectGroup extends Effect { id: string; name: string }

export interface Numbers {
  execution: DoneCounts; effectiveness: Effect; definition: Record<string, string>
  materials: { id: string; name: string; planned: number; handed: number; missing_stores: number }[]
  target: { kind: 'plan' | TargetKind; number: number | null; reached: number; share: number | null }
  by_region: EffectGroup[]; by_rep: EffectGroup[]; by_material: EffectGroup[]
}

export interface Summary {
  id: string; version: number; region_id: string; region_name: string; text: string; language: string
  author_name: string; at: string; share: number | null
}
export interface Summaries { items: Summary[]; version: number; draft: string }
