// What the screens of reviews read from the API.
import type { Verdict, VisitPage, VisitRow } from '../types'

export const FLAGS = [
  'off_site', 'impossible_travel', 'identical_fix', 'photo_reused', 'clock_moved', 'photo_old', 'unverifiable',
  'uncertain', 'no_photo', 'short_visit', 'over_issued', 'low_accuracy',
] as const
export type FlagCode = (typeof FLAGS)[number]

export const REVIEW_STATES = ['pending', 'explained', 'asked', 'accepted', 'rejected'] as const
/** cleared: rejected for flags of which none is left. It is in no queue, and nothing to filter by. */
export type ReviewState = (typeof REVIEW_STATES)[number] | 'cleared'

export type Decision = 'accept' | 'reject' | 'ask'

/** Where a review stands; state null means that the reader is to re-audit it, unseen. */
export interface Review {
  state: ReviewState | null; question: string | null; at: string | null; entry_id: string | null
  mine: boolean; rev: number; blind: boolean
}

/** Points, and what they are for: a flag, the distance (far), earlier rejections (repeat). */
export interface Risk { points: number; parts: { code: string; points: number }[] }

export interface QueueItem extends VisitRow { review: Review; risk: Risk }

/** A visit of the day; speed_kmh only where nobody can have gone so fast. Metres, seconds. */
export interface Stop {
  id: string; store_name: string; checked_in_at: string; checked_out_at: string | null; state: string
  verdict: Verdict; flags: string[]; lat: number | null; lon: number | null
  distance_m: number | null; travel_s: number | null; speed_kmh: number | null
}

export interface EarlierItem {
  id: string; checked_in_at: string; store_name: string; author_name: string; verdict: Verdict
  flags: string[]; state: ReviewState | null
}

export interface Earlier { doubtful: number; rejected: number; items: EarlierItem[] }

export interface Reply { id: string; at: string; text: string; photo_id: string | null }

export interface HistoryEntry {
  id: string; at: string; actor_id: string; actor_name: string; action: Decision | 'undo'
  text: string | null; undoes: string | null; bulk_id: string | null
}

/** What a decision rests on. */
export interface EvidencePage {
  visit: Omit<VisitPage, 'journal'>; day: Stop[]; earlier: { store: Earlier; rep: Earlier }; replies: Reply[]
}

export interface ReviewPage extends EvidencePage { review: Review; risk: Risk; history: HistoryEntry[] }
export interface CasePage extends EvidencePage { case_id: string }
export interface Standing { review: Review; history: HistoryEntry[] }

export interface BulkPreview {
  total: number; limit: number; by_flag: Record<string, number>; by_verdict: Partial<Record<Verdict, number>>
  oldest: string | null; newest: string | null; sample: QueueItem[]; digest: string | null
}

export interface Bulk {
  id: string; actor_id: string; at: string; visits: number; by_flag: Record<string, number>
  undone_at: string | null; kept: number | null
}

export interface Agreement {
  cases: number; agreed: number; percent: number | null; kappa: number | null
  accepted_rejected: number; rejected_accepted: number
}

export interface Agreements {
  regions: (Agreement & { region_id: string; region_name: string })[]; all: Agreement; open: number
}

export interface Sample {
  id: string; actor_id: string; actor_name?: string; at: string; share: number; seed: number
  region_id: string | null; from: string; to: string; population: number; drawn: number
}
