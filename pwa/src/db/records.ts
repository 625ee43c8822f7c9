// Writing what the server says into the local tables, for the feed and for answers to ops alike.
import { mergeHandout, mergeNote, mergeOfficeCheckIn, mergePhoto, mergeVisit } from './merge'
import type { Db } from './schema'
import type {
  Entity, HandoutRecord, Id, MaterialRecord, NoteRecord, OfficeCheckInRecord, OfficeRecord, OpKind,
  PersonRecord, PhotoRecord, StockRecord, StoreRecord, VisitRecord,
} from './types'

/** One record as the server has it; null: gone, or no longer this person's to see. */
export interface ServerRecord { entity: Entity; id: Id; record: object | null }

interface Batch { records: object[]; gone: Id[] }

/** Write them. Runs inside the caller's transaction over all tables. */
export async function applyRecords(db: Db, changes: readonly ServerRecord[]): Promise<void> {
  const unsent = await unsentKinds(db)
  for (const [entity, batch] of grouped(changes)) {
    await writers[entity]?.(db, batch, unsent)
  }
}

type Unsent = ReadonlyMap<Id, ReadonlySet<OpKind>>

/** The kinds of the unsent ops about each record. */
async function unsentKinds(db: Db): Promise<Unsent> {
  const found = new Map<Id, Set<OpKind>>()
  await db.outbox.each((op) => {
    const kinds = found.get(op.record_id) ?? new Set<OpKind>()
    found.set(op.record_id, kinds.add(op.kind))
  })
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

type WriteBatch = (db: Db, batch: Batch, unsent: Unsent) => Promise<void>

// An entity of a later server has no writer here, and is left to the version that knows it.
const writers: Partial<Record<string, WriteBatch>> = {
  async store(db, { records, gone }) {
    await db.stores.bulkPut(records as StoreRecord[])
    // A visit names its store for good, also after the store went to somebody else.
    const named = new Set((await db.visits.where('store_id').anyOf(gone).uniqueKeys()) as unknown as Id[])
    await db.stores.where('id').anyOf([...named]).modify({ active: false })
    await db.stores.bulkDelete(gone.filter((id) => !named.has(id)))
  },
  async material(db, { records, gone }) {
    await db.materials.bulkPut(records as MaterialRecord[])
    await db.materials.bulkDelete(gone)
  },
  async office(db, { records, gone }) {
    await db.offices.bulkPut(records as OfficeRecord[])
    await db.offices.bulkDelete(gone)
  },
  async person(db, { records, gone }) {
    await db.people.bulkPut(records as PersonRecord[])
    await db.people.bulkDelete(gone)
  },
  async stock(db, { records, gone }) {
    await db.stock.bulkPut(records as StockRecord[])
    await db.stock.bulkDelete(gone)
  },
  async visit(db, { records, gone }, unsent) {
    const theirs = records as VisitRecord[]
    const mine = await db.visits.bulkGet(theirs.map((one) => one.id))
    await db.visits.bulkPut(theirs.map((one, at) => mergeVisit(mine[at], one, unsent.get(one.id))))
    await db.visits.bulkDelete(sentOnly(gone, unsent))
  },
  async note(db, { records, gone }, unsent) {
    await db.notes.bulkPut((records as NoteRecord[]).map((one) => mergeNote(one)))
    await db.notes.bulkDelete(sentOnly(gone, unsent))
  },
  async photo(db, { records, gone }, unsent) {
    const theirs = records as PhotoRecord[]
    const mine = await db.photos.bulkGet(theirs.map((one) => one.id))
    const uploads = await db.uploads.bulkGet(theirs.map((one) => one.sha256))
    await db.photos.bulkPut(theirs.map((one, at) => mergePhoto(mine[at], one, uploads[at]?.state ?? null)))
    await db.photos.bulkDelete(sentOnly(gone, unsent))
  },
  async handout(db, { records, gone }, unsent) {
    await db.handouts.bulkPut((records as HandoutRecord[]).map((one) => mergeHandout(one)))
    await db.handouts.bulkDelete(sentOnly(gone, unsent))
  },
  async office_check_in(db, { records, gone }, unsent) {
    await db.office_check_ins.bulkPut((records as OfficeCheckInRecord[]).map((one) => mergeOfficeCheckIn(one)))
    await db.office_check_ins.bulkDelete(sentOnly(gone, unsent))
  },
}

/** Work that waits to be sent stays, whatever the server says of its record. */
function sentOnly(ids: readonly Id[], unsent: Unsent): Id[] {
  return ids.filter((id) => !unsent.has(id))
}
