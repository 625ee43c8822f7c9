// Writing what the server says into the local tables, for the feed and for answers to ops alike.
import {
  mergeCount, mergeExemption, mergeHandout, mergeMakeUp, mergeMovement, mergeNote, mergeOfficeCheckIn, mergePhoto,
  mergeReply, mergeSeen, mergeTask, mergeVisit,
} from './merge'
import { putAll, rowsWith, type Tables } from './tables'
import type {
  CampaignRecord, CountRecord, Entity, ExemptionRecord, HandoutRecord, Id, MakeUpRecord, MaterialRecord, MovementRecord,
  NoteRecord, NoticeRecord, OfficeCalendarRecord, OfficeCheckInRecord, OfficeDutyRecord, OfficeRecord, OfficeRuleRecord, OpKind,
  PersonRecord, PhotoRecord, ReplyRecord, ReviewRecord, SeenRecord, StockRecord, StoreRecord, TaskRecord, VisitRecord,
  WarehouseRecord,
} from './types'

/** One record as the server has it; null: gone, or no longer this person's to see. */
export interface ServerRecord { entity: Entity; id: Id; record: object | null }

interface Batch { records: object[]; gone: Id[] }

/** Write them. Runs inside the caller's transaction over all tables. */
export async function applyRecords(t: Tables, changes: readonly ServerRecord[]): Promise<void> {
  const unsent = await unsentKinds(t)
  for (const [entity, batch] of grouped(changes)) {
    await writers[entity]?.(t, batch, unsent)
  }
}

type Unsent = ReadonlyMap<Id, ReadonlySet<OpKind>>

/** The kinds of the unsent ops about each record. */
async function unsentKinds(t: Tables): Promise<Unsent> {
  const found = new Map<Id, Set<OpKind>>()
  for (const op of await t.outbox.toArray()) {
    const kinds = found.get(op.record_id) ?? new Set<OpKind>()
    found.set(op.record_id, kinds.add(op.kind))
  }
  return found
}

/** By entity; the last word about a record counts. */
function grouped(changes: readonly ServerRecord[]): Map<Entity, Batch> {
  const last = new Map(changes.map((change) => [`${change.entity} ${change.id}`, change]))
  const found = new Map<Entity, Batch>()
  for (const { entity, id, record } of last.values()) {
    const batch = found.get(entity) ?? { records: [], gone: [] }
    if (record === null) batch.gone.push(id)
    else batch.records.push(record)
    found.set(entity, batch)
  }
  return found
}

type WriteBatch = (t: Tables, batch: Batch, unsent: Unsent) => Promise<void>

// An entity of a later server has no writer here, and is left to the version that knows it.
const writers: Partial<Record<string, WriteBatch>> = {
  async store(t, { records, gone }) {
    await putAll(t.stores, records as StoreRecord[])
    // A visit names its store for good, also after the store went to somebody else.
    const named = new Set((await rowsWith(t.visits, 'store_id', gone)).map((visit) => visit.store_id))
    await t.stores.where('id').anyOf([...named]).modify({ active: false })
    await t.stores.bulkDelete(gone.filter((id) => !named.has(id)))
  },
  async material(t, { records, gone }) {
    await putAll(t.materials, records as MaterialRecord[])
    await t.materials.bulkDelete(gone)
  },
  async office(t, { records, gone }) {
    await putAll(t.offices, records as OfficeRecord[])
    await t.offices.bulkDelete(gone)
  },
  async person(t, { records, gone }) {
    await putAll(t.people, records as PersonRecord[])
    await t.people.bulkDelete(gone)
  },
  async stock(t, { records, gone }) {
    await putAll(t.stock, records as StockRecord[])
    await t.stock.bulkDelete(gone)
  },
  async visit(t, { records, gone }, unsent) {
    const theirs = records as VisitRecord[]
    const mine = await t.visits.bulkGet(theirs.map((one) => one.id))
    await putAll(t.visits, theirs.map((one, at) => mergeVisit(mine[at], one, unsent.get(one.id))))
    await t.visits.bulkDelete(sentOnly(gone, unsent))
  },
  async note(t, { records, gone }, unsent) {
    await putAll(t.notes, (records as NoteRecord[]).map((one) => mergeNote(one)))
    await t.notes.bulkDelete(sentOnly(gone, unsent))
  },
  async visit_reply(t, { records, gone }, unsent) {
    await t.visit_replies.bulkPut((records as ReplyRecord[]).map((one) => mergeReply(one)))
    await t.visit_replies.bulkDelete(sentOnly(gone, unsent))
  },
  async review(t, { records, gone }) {
    await t.reviews.bulkPut(records as ReviewRecord[])
    await t.reviews.bulkDelete(gone)
  },
  async photo(t, { records, gone }, unsent) {
    const theirs = records as PhotoRecord[]
    const mine = await t.photos.bulkGet(theirs.map((one) => one.id))
    const uploads = await t.uploads.bulkGet(theirs.map((one) => one.sha256))
    await putAll(t.photos, theirs.map((one, at) => mergePhoto(mine[at], one, uploads[at]?.state ?? null)))
    await t.photos.bulkDelete(sentOnly(gone, unsent))
  },
  async handout(t, { records, gone }, unsent) {
    await putAll(t.handouts, (records as HandoutRecord[]).map((one) => mergeHandout(one)))
    await t.handouts.bulkDelete(sentOnly(gone, unsent))
  },
  async office_rule(t, { records, gone }) {
    await t.office_rules.bulkPut(records as OfficeRuleRecord[])
    await t.office_rules.bulkDelete(gone)
  },
  async office_calendar(t, { records, gone }) {
    await t.office_calendars.bulkPut(records as OfficeCalendarRecord[])
    await t.office_calendars.bulkDelete(gone)
  },
  async office_duty(t, { records, gone }) {
    await t.office_duties.bulkPut(records as OfficeDutyRecord[])
    await t.office_duties.bulkDelete(gone)
  },
  async office_notice(t, { records, gone }) {
    await t.office_notices.bulkPut(records as NoticeRecord[])
    await t.office_notices.bulkDelete(gone)
  },
  async office_exemption(t, { records, gone }, unsent) {
    const theirs = records as ExemptionRecord[]
    const mine = await t.office_exemptions.bulkGet(theirs.map((one) => one.id))
    await t.office_exemptions.bulkPut(theirs.map((one, at) => mergeExemption(mine[at], one)))
    await t.office_exemptions.bulkDelete(sentOnly(gone, unsent))
  },
  async office_make_up(t, { records, gone }, unsent) {
    const theirs = records as MakeUpRecord[]
    const mine = await t.office_make_ups.bulkGet(theirs.map((one) => one.id))
    await t.office_make_ups.bulkPut(theirs.map((one, at) => mergeMakeUp(mine[at], one)))
    await t.office_make_ups.bulkDelete(sentOnly(gone, unsent))
  },
  async office_check_in(t, { records, gone }, unsent) {
    await putAll(t.office_check_ins, (records as OfficeCheckInRecord[]).map((one) => mergeOfficeCheckIn(one)))
    await t.office_check_ins.bulkDelete(sentOnly(gone, unsent))
  },
  async warehouse(t, { records, gone }) {
    await t.warehouses.bulkPut(records as WarehouseRecord[])
    await t.warehouses.bulkDelete(gone)
  },
  async campaign(t, { records, gone }) {
    await t.campaigns.bulkPut(records as CampaignRecord[])
    await t.campaigns.bulkDelete(gone)
  },
  async campaign_seen(t, { records, gone }, unsent) {
    await t.campaign_seen.bulkPut((records as SeenRecord[]).map((one) => mergeSeen(one)))
    await t.campaign_seen.bulkDelete(sentOnly(gone, unsent))
  },
  async task(t, { records, gone }, unsent) {
    const theirs = records as TaskRecord[]
    const mine = await t.tasks.bulkGet(theirs.map((one) => one.id))
    await t.tasks.bulkPut(theirs.map((one, at) => mergeTask(mine[at], one, unsent.get(one.id))))
    await t.tasks.bulkDelete(sentOnly(gone, unsent))
  },
  async stock_movement(t, { records, gone }, unsent) {
    const theirs = records as MovementRecord[]
    const mine = await t.stock_movements.bulkGet(theirs.map((one) => one.id))
    await t.stock_movements.bulkPut(theirs.map((one, at) => mergeMovement(mine[at], one, unsent.get(one.id))))
    await t.stock_movements.bulkDelete(sentOnly(gone, unsent))
  },
  async stock_count(t, { records, gone }, unsent) {
    await t.stock_counts.bulkPut((records as CountRecord[]).map((one) => mergeCount(one)))
    await t.stock_counts.bulkDelete(sentOnly(gone, unsent))
  },
}

/** Work that waits to be sent stays, whatever the server says of its record. */
function sentOnly(ids: readonly Id[], unsent: Unsent): Id[] {
  return ids.filter((id) => !unsent.has(id))
}
