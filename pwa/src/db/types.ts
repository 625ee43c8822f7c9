// What the phone holds. Records have the shape of the API; local rows add how far they have travelled.
import type { BatchStock, CountRecord, MovementRecord } from './types-stock'
import type { TaskRecord } from './types-tasks'
import type { ExemptionRecord, MakeUpRecord, WeekSummary } from './types-weeks'

export type * from './types-stock'
export type * from './types-tasks'
export type * from './types-weeks'

import type { Problem } from '../kernel/problem'

/** Lower-case UUID text. */
export type Id = string
/** `2026-11-23T09:15:00.000Z` */
export type IsoTime = string
/** `2026-W48` */
export type IsoWeek = string

export type Language = 'zh-CN' | 'en'
export type Verdict = 'on_site' | 'uncertain' | 'off_site' | 'unverifiable'
export type VisitState = 'planned' | 'in_progress' | 'completed' | 'cancelled' | 'abandoned'
export type PhotoKind =
  | 'storefront' | 'shelf' | 'pile' | 'endcap' | 'checkout' | 'posm'
  | 'price_tag' | 'outdoor' | 'competitor' | 'licence' | 'other'
export type PhotoState = 'awaiting_bytes' | 'stored' | 'complete' | 'unreadable'
export type MaterialKind = 'posm' | 'giveaway' | 'sample'
export type Role = 'rep' | 'supervisor' | 'office'

/** A position reading: WGS-84 degrees, metres, seconds. */
export interface Fix {
  lat: number
  lon: number
  accuracy_m: number | null
  age_s: number
  source: string
}

/** A judgement in words and numbers. */
export interface Explanation {
  code: string
  numbers: Record<string, number | null>
  words: Partial<Record<Language, string>>
}

export interface Flag {
  code: string
  words: Partial<Record<Language, string>>
  numbers: Record<string, number | null>
}

export interface StoreRecord {
  id: Id
  code: string
  name: string
  address: string
  city: string
  chain: string
  region_id: Id
  lat: number
  lon: number
  /** How far off the pin may be, metres. */
  pin_quality_m: number
  pin_source: string
  /** Null: the organisation's radius. */
  radius_m: number | null
  /** First letters of the name's pinyin. */
  initials: string
  contact: string
  phone: string
  active: boolean
  rev: number
}

export interface MaterialRecord {
  id: Id
  code: string
  name: string
  kind: MaterialKind
  unit: string
  barcode: string | null
  active: boolean
  rev: number
  tracks_batches?: boolean
  photo_url?: string | null
}

export interface OfficeRecord {
  id: Id
  code: string
  name: string
  address: string
  region_id: Id
  lat: number
  lon: number
  radius_m: number
  /** Opening hours by weekday, 1 is Monday; null: none have been said. Older servers send none. */
  hours?: { day: number; opens: string; closes: string }[] | null
  active: boolean
  rev: number
}

export interface PersonRecord {
  id: Id
  name: string
  username: string
  role: Role
  region_id: Id
  region_name: string
  /** When the account was made; told of oneself only. */
  since?: IsoTime | null
}

export interface StockRecord {
  /** The material's id. */
  id: Id
  material_id: Id
  balance: number
  /** Sent to the rep, not confirmed yet. Not told by servers of the first release, like the batches. */
  in_transit?: number
  batches?: BatchStock[]
}

/** A promotion at some of the rep's stores. Days are `2026-11-23`, both included. */
export interface CampaignRecord {
  id: Id
  code: string
  name: string
  first_day: string
  last_day: string
  state: 'running' | 'ended'
  note: string
  /** Photos that each store owes. */
  photo_kinds: PhotoKind[]
  materials: { material_id: Id; per_store: number }[]
  /** The rep's own stores only, with what the server knows to be done there by anybody. */
  stores: CampaignStore[]
  rev: number
}

export interface CampaignStore {
  store_id: Id
  handed: { material_id: Id; quantity: number }[]
  photos: PhotoKind[]
}

export type SeenState = 'present' | 'missing'

/** How a material of a campaign was found at a store: so many units are there, or missing; null: not counted. */
export interface SeenLine { material_id: Id; state: SeenState; quantity: number | null }

/** What a rep saw of a campaign in a visit. It is never changed; the newest counts. */
export interface SeenRecord {
  id: Id
  campaign_id: Id
  store_id: Id
  visit_id: Id
  at: IsoTime
  /** Null until the server has it. */
  received_at: IsoTime | null
  materials: SeenLine[]
  /** Photos that could not be taken. */
  photo_kinds: PhotoKind[]
  note: string
}

export interface VisitRecord {
  id: Id
  store_id: Id
  author_id: Id
  region_id: Id
  state: VisitState
  planned: boolean
  checked_in_at: IsoTime
  checked_out_at: IsoTime | null
  dwell_s: number | null
  fix: Fix | null
  out_fix: Fix | null
  reason: string | null
  cancel_reason: string | null
  /** Null until the server has judged. */
  verdict: Verdict | null
  distance_m: number | null
  explanation: Explanation | null
  flags: Flag[]
  received_at: IsoTime | null
  device_at: IsoTime | null
  clock_offset_ms: number | null
  photos_total: number
  photos_arrived: number
  rev: number
}

export interface NoteRecord {
  id: Id
  visit_id: Id
  at: IsoTime
  text: string
}

export interface PhotoRecord {
  id: Id
  visit_id: Id | null
  office_check_in_id: Id | null
  kind: PhotoKind
  sha256: string
  bytes: number
  width: number
  height: number
  mime: string
  taken_at: IsoTime
  source: 'camera' | 'file'
  state: PhotoState
  problem: string | null
  uploaded_at: IsoTime | null
}

export interface HandoutRecord {
  id: Id
  visit_id: Id
  store_id: Id
  material_id: Id
  quantity: number
  recipient: string
  signature_sha256: string | null
  at: IsoTime
  flags: Flag[]
  batch_id?: Id | null
  photo_id?: Id | null
  campaign_id?: Id | null
  /** The office has reversed it: it stays in sight, and counts for nothing. */
  reversed_at?: IsoTime | null
}

export interface OfficeCheckInRecord {
  id: Id
  author_id: Id
  office_id: Id | null
  week: IsoWeek
  at: IsoTime
  fix: Fix | null
  verdict: Verdict | null
  distance_m: number | null
  explanation: Explanation | null
  flags: Flag[]
  /** Null until the server has judged. */
  accepted: boolean | null
  reason: string | null
  summary?: WeekSummary | null
  /** A supervisor's word, which counts before the verdict's. */
  review?: { accepted: boolean; note: string | null; at: IsoTime } | null
}

export type ReviewState = 'pending' | 'accepted' | 'rejected' | 'asked'

/** What the rep answered to the flags of a visit. */
export interface ReplyRecord {
  id: Id
  visit_id: Id
  at: IsoTime
  /** Null until the server has it. */
  received_at: IsoTime | null
  text: string
  photo_id: Id | null
  /** When its words were erased, their time being over. */
  erased_at: IsoTime | null
}

/** What a supervisor decided about a visit, or asks. */
export interface ReviewRecord {
  id: Id
  visit_id: Id
  state: ReviewState
  /** It was rejected for flags of which none is left; state says accepted then. Older servers do not tell. */
  cleared?: boolean
  question: string | null
  at: IsoTime
}

/** `local`: some of it is only on this phone. `sent`: the server has acknowledged all of it. */
export type SyncMark = 'local' | 'sent'
export type UploadMark = 'waiting' | 'sending' | 'done' | 'failed'

export type LocalVisit = VisitRecord & { sync: SyncMark }
export type LocalNote = NoteRecord & { sync: SyncMark }
export type LocalPhoto = PhotoRecord & { sync: SyncMark; upload: UploadMark }
export type LocalHandout = HandoutRecord & { sync: SyncMark }
export type LocalMovement = MovementRecord & { sync: SyncMark }
export type LocalCount = CountRecord & { sync: SyncMark }
export type LocalSeen = SeenRecord & { sync: SyncMark }
export type LocalReply = ReplyRecord & { sync: SyncMark }
export type LocalOfficeCheckIn = OfficeCheckInRecord & { sync: SyncMark }

export type LocalExemption = ExemptionRecord & { sync: SyncMark }
export type LocalMakeUp = MakeUpRecord & { sync: SyncMark }
export type LocalTask = TaskRecord & { sync: SyncMark }

export type OpKind =
  | 'visit.check_in' | 'visit.check_out' | 'visit.cancel' | 'visit.note' | 'visit.reply'
  | 'photo.add' | 'handout.add' | 'office.check_in'
  | 'office.exemption_request' | 'office.make_up'
  | 'campaign.seen'
  | 'stock.transfer' | 'stock.return' | 'stock.confirm' | 'stock.count'
  | 'task.done'

/**
 * `waiting` to be sent; `sending` in a batch on its way; `deferred`: what it belongs to has not arrived;
 * `rejected` and `conflict`: parked with its problem until a person decides. Acknowledged ops are gone.
 */
export type OpState = 'waiting' | 'sending' | 'deferred' | 'rejected' | 'conflict'

/** An op as it waits. All but state, problem and attempts is what the server gets, unchanged at every try. */
export interface OutboxOp {
  op_id: Id
  /** The phone's own count of its ops: the order in which they were made. */
  seq: number
  kind: OpKind
  record_id: Id
  author: Id
  payload: Record<string, unknown>
  depends_on: Id[]
  device_at: IsoTime
  clock_offset_ms: number | null
  monotonic_ms: number | null
  /** The server's time at the contact that the offset comes from. Ops made before 0.3 lack it, and stay as they are. */
  contact_at?: IsoTime | null
  state: OpState
  problem: Problem | null
  attempts: number
  created_at: IsoTime
  /** Size of the op on the wire, roughly. */
  bytes: number
}

/** The way of one file's bytes to the server. */
export interface Upload {
  sha256: string
  what: 'photo' | 'signature'
  /** The ops that announce it: bytes travel once the server knows what they belong to. */
  op_ids: Id[]
  bytes_total: number
  bytes_sent: number
  state: UploadMark
  problem: Problem | null
  attempts: number
  created_at: IsoTime
}

/** Bytes as the browser lets us keep them: a Blob, or an ArrayBuffer where Blobs are refused. */
export type Bytes = Blob | ArrayBuffer

export interface StoredBlob { sha256: string; mime: string; bytes: Bytes }
export interface StoredThumb { sha256: string; mime: string; bytes: Bytes }

export interface Draft {
  id: string
  kind: string
  data: unknown
  updated_at: IsoTime
}

export interface MetaRow { key: string; value: unknown }

/** Names of the change feed's entities. */
export type Entity =
  | 'store' | 'material' | 'office' | 'person' | 'stock'
  | 'visit' | 'note' | 'photo' | 'handout' | 'office_check_in'
  | 'office_rule' | 'office_calendar' | 'office_duty' | 'office_exemption' | 'office_make_up' | 'office_notice'
  | 'stock_movement' | 'stock_count' | 'warehouse'
  | 'visit_reply' | 'review' | 'campaign' | 'campaign_seen' | 'task'
