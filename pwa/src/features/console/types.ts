// What the console reads from the API: the parts of the answers that its screens use.
import type { Exif } from './visits/photoEvidence'

export type Role = 'rep' | 'supervisor' | 'office'
export type Verdict = 'on_site' | 'uncertain' | 'off_site' | 'unverifiable'
export type VisitState = 'planned' | 'in_progress' | 'completed' | 'cancelled' | 'abandoned'
export type WeekState = 'done' | 'late' | 'made_up' | 'exempt' | 'doubtful' | 'open' | 'missed' | 'before'
export type MapCrs = 'wgs84' | 'gcj02'

/** A list answer; `next` is the cursor of the following page, null or absent on the last. */
export interface Page<T> { items: T[]; next?: string | null; total: number }

export interface Person {
  id: string; username: string; name: string; role: Role; region_id: string; region_name: string
  phone: string; locale: string; active: boolean; rev: number
}

export interface Region {
  id: string; parent_id: string | null; code: string; name: string; active: boolean; rev: number
}

/** Where tiles come from; with neither address the map is drawn without tiles. */
export interface MapConfig {
  tiles_url: string | null; pmtiles_url: string | null; crs: MapCrs; attribution: string; max_zoom: number
}

export interface Organisation {
  name: string; time_zone: string; radius_m: number; office_radius_m: number
}

export interface Me {
  user: Person; regions: Region[]; organisation: Organisation; map: MapConfig; server_time: string
}

/** A position reading, WGS-84 degrees, metres, seconds. */
export interface Fix {
  lat: number; lon: number; accuracy_m: number | null; age_s: number | null; source: string
}

/** Sentences by language code. */
export type Words = Record<string, string>

export interface Explanation { code: string; numbers: Record<string, number | null>; words: Words }
export interface Flag { code: string; words: Words; numbers: Record<string, number | null> }

export interface Visit {
  id: string; store_id: string; author_id: string; region_id: string; state: VisitState; planned: boolean
  checked_in_at: string; checked_out_at: string | null; dwell_s: number | null
  fix: Fix | null; out_fix: Fix | null; reason: string | null; cancel_reason: string | null
  verdict: Verdict; distance_m: number | null; explanation: Explanation; flags: Flag[]
  received_at: string; device_at: string; clock_offset_ms: number | null
  photos_total: number; photos_arrived: number; rev: number
}

export interface VisitRow extends Visit {
  store_name: string; store_code: string; author_name: string; region_name: string
  store_lat: number | null; store_lon: number | null; thumb: string | null
}

export interface Store {
  id: string; code: string; name: string; address: string; city: string; chain: string; region_id: string
  lat: number; lon: number; pin_quality_m: number; pin_source: string; radius_m: number | null
  contact: string; phone: string; active: boolean; rev: number
  region_name: string; reps: { id: string; name: string }[]
}

export interface Photo {
  id: string; kind: string; state: 'awaiting_bytes' | 'stored' | 'complete' | 'unreadable'
  problem: string | null; width: number; height: number; bytes: number; taken_at: string
  exif: Exif | null
}

/** The photo that a handout names; it is shown where it is here and of that visit. */
export interface HandoutPhoto {
  photo_id: string | null; photo_state: 'here' | 'awaited' | 'elsewhere' | 'unreadable' | null
}

export interface Handout extends HandoutPhoto {
  id: string; material_id: string; material_name: string; unit: string; quantity: number; recipient: string
  signature_sha256: string | null; signature_url: string | null; at: string; flags: Flag[]
  /** It was a mistake: it counts for nothing. */
  reversed_at: string | null
}

export interface Note { id: string; at: string; text: string }

/** A judgement that a newer one has replaced; `cause` is what led to the newer one. */
export interface Judgement {
  at: string; verdict: Verdict; distance_m: number | null; explanation: Explanation; cause: string
}

export interface JournalEntry {
  at: string; event: string; actor_id: string | null; actor_name: string | null
}

export interface VisitPage extends VisitRow {
  /** The pin as it is now; radius_m is the fence that counts. Null when the store is gone. */
  store: { id: string; code: string; name: string; address: string; lat: number; lon: number; pin_quality_m: number; radius_m: number } | null
  author: Pick<Person, 'id' | 'name' | 'username' | 'role' | 'region_id'> | null
  notes: Note[]; photos: Photo[]; handouts: Handout[]; judgements: Judgement[]; journal: JournalEntry[]
}

export type Bounds = [west: number, south: number, east: number, north: number]

export interface Cluster {
  lat: number; lon: number; count: number; by_verdict: Partial<Record<Verdict, number>>
  id?: string | null; bounds: Bounds
  /** Of a single check-in; the names only where they were asked for. */
  checked_in_at?: string; store_name?: string; author_name?: string
}

export interface Place { name: string; lat: number; lon: number; weight: number }

export interface Office {
  id: string; code: string; name: string; address: string; region_id: string
  lat: number; lon: number; radius_m: number; hours: OfficeSpan[] | null; active: boolean; rev: number
}

/** Open on a weekday, 1 is Monday, from opens to closes: 09:00. */
export interface OfficeSpan { day: number; opens: string; closes: string }

export interface OfficeCheckIn {
  id: string; author_id: string; office_id: string | null; week: string; at: string; fix: Fix | null
  verdict: Verdict; distance_m: number | null; explanation: Explanation; flags: Flag[]
  accepted: boolean; reason: string | null
  summary: { visits: number; successful: number; handouts: number; tasks_open?: number; tasks_done?: number; text: string | null } | null
  review: { accepted: boolean; note: string | null; at: string } | null
}

export interface WeekColumn { week: string; holiday: boolean; calendar_missing: boolean }

/** A rep; states are those of the weeks, oldest first. */
export interface WeekRow {
  id: string; name: string; username: string; region_name: string
  states: WeekState[]; due: boolean; streak: number; streak_more: boolean
}

export interface WeekBoard {
  week: string; this_week: string; start: string; end: string; weeks: WeekColumn[]; rows: WeekRow[]
  counts: Record<WeekState, number>; due: number
}

export type RequestState = 'pending' | 'approved' | 'declined'

export interface Exemption {
  id: string; person_id: string; kind: 'leave' | 'trip'; first_day: string; last_day: string; reason: string
  state: RequestState; asked_at: string; decided_at: string | null; note: string | null
}

export interface MakeUp {
  id: string; person_id: string; week: string; reason: string
  state: RequestState; asked_at: string; decided_at: string | null; note: string | null
}

export interface WeekPerson { id: string; name: string; username: string; region_name: string }

/** What one cell of the board rests on. */
export interface PersonWeek {
  person: WeekPerson; week: string; state: WeekState; office_id: string | null; calendar_missing: boolean
  check_ins: (OfficeCheckIn & { counted_for: string | null })[]
  exemptions: Exemption[]; make_ups: MakeUp[]; notices: { id: string; week: string; at: string }[]
}

export type WeekRequest = { person: WeekPerson } & (
  | { what: 'exemption'; exemption: Exemption; make_up: null }
  | { what: 'make_up'; exemption: null; make_up: MakeUp }
)

export interface WeekRule { from_week: string; need: number; days: number[]; grace_hours: number }

export interface CalendarYear {
  year: number; source: 'builtin' | 'upload' | null; known: boolean; days: { date: string; name: string; off: boolean }[]
}

export interface CalendarReport {
  year: number; days: CalendarYear['days']; errors: ImportRemark[]; added: number; removed: number; saved: boolean
}

export interface Material {
  id: string; code: string; name: string; kind: 'posm' | 'giveaway' | 'sample'; unit: string
  barcode: string | null; active: boolean; rev: number
  value_cents: number | null; tracks_batches: boolean; photo_url: string | null
}

export type HealthProblem = 'parked' | 'unsent_old' | 'silent'

/** An op that the server does not take as it is; it waits on the phone for its author. */
export interface ParkedOp {
  op_id: string; kind: string; record_id: string; state: 'rejected' | 'conflict'; code: string; field?: string | null
  made_at: string; words: Words | null; remedy: Words | null
}

/** Bytes; null where the browser does not say. */
export interface DeviceStorage { usage?: number | null; quota?: number | null; persisted?: boolean | null }

/** A phone as it last told of itself; device_id is null for a rep who has none yet. */
export interface HealthRow {
  person: { id: string; name: string; region_id: string; region_name: string }
  device_id: string | null; app_version: string | null; schema: number | null; too_old: boolean
  last_contact_at: string | null; reported_at: string | null; unsent: number; oldest_unsent_at: string | null
  parked: ParkedOp[]; storage: DeviceStorage | null; standalone: boolean | null; problems: HealthProblem[]
}

export interface HealthPage extends Page<HealthRow> { totals: Record<'devices' | HealthProblem, number> }

export type OpStatus = 'applied' | 'replayed' | 'rejected' | 'conflict' | 'deferred'
export type FileStatus = 'stored' | 'known' | 'bad'

/** What became of one op of a rescue file; its problem is in the reader's language. */
export interface RescueOp {
  op_id: string | null; kind: string | null; record_id: string | null; status: OpStatus
  problem: { title: string; detail: string } | null
}

export interface RescueFile { sha256: string; status: FileStatus; problem: { title: string; detail: string } | null }

export interface RescueReport {
  author: Pick<Person, 'id' | 'name' | 'username'>; made_at: string | null; device_id: string; dry_run: boolean
  counts: Record<OpStatus | `files_${FileStatus}`, number>; ops: RescueOp[]; files: RescueFile[]
}

/** A pin learned from check-ins, beside the store's present one (store_lat, store_lon). */
export interface PinProposal {
  id: string; store_id: string; store_name: string; store_code: string; store_address: string; region_id: string
  lat: number; lon: number; quality_m: number; distance_m: number; fixes: number; left_out: number; reps: number; days: number
  store_lat: number; store_lon: number; pin_quality_m: number; pin_source: string; radius_m: number | null; made_at: string; rev: number
}

/** What another pin would change in how a store's visits are judged. */
export interface PinPreview {
  visits: number; changed: number; reworded: number
  verdicts: { before: Verdict; after: Verdict; count: number }[]
  raised: Record<string, number>; cleared: Record<string, number>
  fixes: { lat: number; lon: number; accuracy_m: number }[]
}

/** The organisation's rules of judging; metres and seconds. */
export interface Rules {
  radius_m: number; office_radius_m: number; max_accuracy_m: number; cached_fix_max_age_s: number; max_pin_quality_m: number
  short_visit_s: number; photos_min: number; clock_tolerance_s: number; travel_kmh: number; travel_min_m: number
  identical_apart_m: number; photo_old_s: number; pin_off_min_m: number
}

export interface RulesPage { rules: Rules; defaults: Rules; ranges: Record<keyof Rules, [number, number]>; rev: number }

export interface RetentionPage { days: Record<'positions' | 'photos' | 'replies' | 'views', number>; rev: number }

export interface ImportRemark { row: number; field: string; code: string; message: string }

/** What every import tells of itself. */
export interface ImportOutcome { dry_run: boolean; truncated: boolean; ignored_columns: string[] }
export interface ImportReport extends ImportOutcome {
  rows: number; created: number; updated: number; unchanged: number; refused: number
  errors: ImportRemark[]; doubtful: ImportRemark[]
}
