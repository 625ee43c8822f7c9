// The local database: one for each person, so that nobody sees or sends another one's work.
import Dexie, { type EntityTable, type Table } from 'dexie'
import type {
  CampaignRecord, Draft, LocalCount, LocalExemption, LocalHandout, LocalMakeUp, LocalMovement, LocalNote, LocalOfficeCheckIn,
  LocalPhoto, LocalReply, LocalSeen, LocalTask, LocalVisit, MaterialRecord, MetaRow, NoticeRecord, OfficeCalendarRecord, OfficeDutyRecord,
  OfficeRecord, OfficeRuleRecord, OutboxOp, PersonRecord, ReviewRecord, StockRecord, StoreRecord, StoredBlob, StoredThumb,
  Upload, WarehouseRecord,
} from './types'

/**
 * A person's records, queue and files.
 *
 * Each version of the schema stays here for good: a phone may skip months of them, and its queue must
 * come through. Only indexed fields are named.
 */
export class Db extends Dexie {
  stores!: EntityTable<StoreRecord, 'id'>
  materials!: EntityTable<MaterialRecord, 'id'>
  offices!: EntityTable<OfficeRecord, 'id'>
  people!: EntityTable<PersonRecord, 'id'>
  stock!: EntityTable<StockRecord, 'id'>
  visits!: EntityTable<LocalVisit, 'id'>
  notes!: EntityTable<LocalNote, 'id'>
  photos!: EntityTable<LocalPhoto, 'id'>
  handouts!: EntityTable<LocalHandout, 'id'>
  office_check_ins!: EntityTable<LocalOfficeCheckIn, 'id'>
  office_rules!: EntityTable<OfficeRuleRecord, 'id'>
  office_calendars!: EntityTable<OfficeCalendarRecord, 'id'>
  office_duties!: EntityTable<OfficeDutyRecord, 'id'>
  office_exemptions!: EntityTable<LocalExemption, 'id'>
  office_make_ups!: EntityTable<LocalMakeUp, 'id'>
  office_notices!: EntityTable<NoticeRecord, 'id'>
  stock_movements!: EntityTable<LocalMovement, 'id'>
  stock_counts!: EntityTable<LocalCount, 'id'>
  warehouses!: EntityTable<WarehouseRecord, 'id'>
  visit_replies!: EntityTable<LocalReply, 'id'>
  reviews!: EntityTable<ReviewRecord, 'id'>
  campaigns!: EntityTable<CampaignRecord, 'id'>
  campaign_seen!: EntityTable<LocalSeen, 'id'>
  tasks!: EntityTable<LocalTask, 'id'>
  /** Files on their way. Apart from the thumbs, so that drawing a list never loads them. */
  blobs!: EntityTable<StoredBlob, 'sha256'>
  thumbs!: EntityTable<StoredThumb, 'sha256'>
  outbox!: EntityTable<OutboxOp, 'op_id'>
  uploads!: EntityTable<Upload, 'sha256'>
  drafts!: EntityTable<Draft, 'id'>
  meta!: Table<MetaRow, string>

  /** Set once this browser has refused to keep Blobs (some iOS versions do). */
  keepsBuffers = false

  /** userId: whose database. name: another name, for tests. */
  constructor(readonly userId: string, name: string = databaseName(userId)) {
    // An acknowledged save must outlive a phone that loses power: relaxed durability only reaches the OS.
    // No cache: it would hold pictures in memory.
    super(name, { chromeTransactionDurability: 'strict', cache: 'disabled' })
    this.version(1).stores({
      stores: 'id',
      materials: 'id',
      offices: 'id',
      people: 'id',
      stock: 'id',
      visits: 'id, store_id, state, checked_in_at',
      notes: 'id, visit_id',
      photos: 'id, visit_id, office_check_in_id, sha256',
      handouts: 'id, visit_id',
      office_check_ins: 'id, week',
      blobs: 'sha256',
      thumbs: 'sha256',
      outbox: 'op_id, seq, record_id',
      uploads: 'sha256, state',
      drafts: 'id, kind',
      meta: 'key',
    })
    this.version(2).stores({
      office_rules: 'id',
      office_calendars: 'id',
      office_duties: 'id',
      office_exemptions: 'id',
      office_make_ups: 'id, week',
      office_notices: 'id',
      stock_movements: 'id, state',
      stock_counts: 'id, at',
      warehouses: 'id',
      visit_replies: 'id, visit_id',
      reviews: 'id, visit_id',
      campaigns: 'id',
    })
    this.version(3).stores({
      campaign_seen: 'id, visit_id',
      tasks: 'id, state, store_id',
    })
  }
}

/** The name of a person's database. */
export function databaseName(userId: string): string {
  return `storewalk-${userId}`
}
