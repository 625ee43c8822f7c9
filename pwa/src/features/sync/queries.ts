// Everything that waits, one line each, for the sync page and for the page of a visit.
import type { Db } from '../../db/schema'
import { reading, rowsWith, unfinishedUploads } from '../../db/tables'
import type { Id, IsoTime, OpKind, OutboxOp, Upload } from '../../db/types'
import { systemClock, type Clock } from '../../kernel/clock'
import type { Problem } from '../../kernel/problem'
import { blockedOps, dependentsOf, isParked } from '../../sync/engine'
import { missingFor, type Missing } from '../../sync/lacking'

/**
 * `blocked`: waits for another one that is parked. `rejected`, `conflict`, `failed`: parked themselves. `lacking`: has
 * waited too long for something that the server does not have.
 */
export type SyncItemState = 'waiting' | 'sending' | 'deferred' | 'blocked' | 'lacking' | 'rejected' | 'conflict' | 'failed'

export interface SyncItem {
  /** The op's id, or the file's hash. */
  key: string
  what: 'op' | 'upload'
  kind: OpKind | 'photo.bytes' | 'signature.bytes'
  state: SyncItemState
  /** What it lacks, where that is its state. */
  missing: Missing | null
  record_id: Id | null
  /** The store it happened at. */
  store_name: string | null
  /** What tells it from others of its kind: a note's text, a photo's kind, a material's name. */
  title: string | null
  problem: Problem | null
  attempts: number
  bytes: number
  bytes_sent: number
  created_at: IsoTime
}

/** All that is not on the server yet, in the order in which it was made. */
export async function syncItems(db: Db, clock: Clock = systemClock): Promise<SyncItem[]> {
  const [ops, uploads] = await Promise.all([
    db.outbox.orderBy('seq').toArray(),
    unfinishedUploads(db),
  ])
  const items = [...(await describeOps(db, ops, blockedOps(ops), clock)), ...(await describeUploads(db, uploads))]
  return items.sort((a, b) => a.created_at.localeCompare(b.created_at) || a.what.localeCompare(b.what))
}

/** A stuck record or file, with all that its fate decides. */
export interface ParkedStory {
  item: SyncItem
  /** As it waits; null for a file. */
  payload: Record<string, unknown> | null
  /** What waits for it, in the order of making. */
  dependents: SyncItem[]
  /** Files that only these records announce, and their bytes. */
  files: number
  bytes: number
}

/** The story of a stuck op (by its id) or a failed file (by its hash); null once it is stuck no more. */
export async function parkedStory(db: Db, key: string, clock: Clock = systemClock): Promise<ParkedStory | null> {
  const upload = await db.uploads.get(key)
  if (upload) {
    const [item] = upload.state === 'failed' ? await describeUploads(db, [upload]) : []
    return item ? { item, payload: null, dependents: [], files: 1, bytes: upload.bytes_total } : null
  }
  const ops = await db.outbox.orderBy('seq').toArray()
  const op = ops.find((one) => one.op_id === key && (isParked(one.state) || missingFor(one, clock) !== null))
  if (!op) return null
  const behind = dependentsOf(ops, new Set([key]))
  const all = [op, ...ops.filter((one) => behind.has(one.op_id))]
  const [item, ...dependents] = await describeOps(db, all, blockedOps(ops), clock)
  if (!item) return null
  const uploads = await unfinishedUploads(db)
  const own = uploads.filter((one) => one.op_ids.every((id) => id === key || behind.has(id)))
  const bytes = own.reduce((sum, one) => sum + one.bytes_total, 0)
  return { item, payload: op.payload, dependents, files: own.length, bytes }
}

/** What waits of some records, files left out. */
export async function itemsOfRecords(db: Db, ids: readonly Id[]): Promise<SyncItem[]> {
  const ops = (await reading(db, ['outbox'], (t) => rowsWith(t.outbox, 'record_id', ids))).sort((a, b) => a.seq - b.seq)
  // What blocks them may belong to another record, so all ops are looked at.
  return describeOps(db, ops, ops.length > 0 ? blockedOps(await db.outbox.toArray()) : new Set())
}

async function describeOps(
  db: Db, ops: readonly OutboxOp[], blocked: ReadonlySet<Id>, clock: Clock = systemClock,
): Promise<SyncItem[]> {
  const names = await namesFor(db, ops)
  return ops.map((op) => ({
    key: op.op_id,
    what: 'op',
    kind: op.kind,
    ...stateOf(op, blocked, clock),
    record_id: op.record_id,
    store_name: names.store(op),
    title: names.title(op),
    problem: op.problem,
    attempts: op.attempts,
    bytes: op.bytes,
    bytes_sent: 0,
    created_at: op.created_at,
  }))
}

function stateOf(op: OutboxOp, blocked: ReadonlySet<Id>, clock: Clock): Pick<SyncItem, 'state' | 'missing'> {
  if (blocked.has(op.op_id)) return { state: 'blocked', missing: null }
  const missing = missingFor(op, clock)
  return { state: missing ? 'lacking' : op.state, missing }
}

async function describeUploads(db: Db, uploads: readonly Upload[]): Promise<SyncItem[]> {
  const photos = await reading(db, ['photos'], (t) => rowsWith(t.photos, 'sha256', uploads.map((one) => one.sha256)))
  const byHash = new Map(photos.map((photo) => [photo.sha256, photo]))
  // Few have a signature that is still here, and no index is kept for them.
  const signed = uploads.some((one) => one.what === 'signature') ? await db.handouts.toArray() : []
  const visits = new Map<string | null, Id>(signed.map((one) => [one.signature_sha256, one.visit_id]))
  for (const { sha256, visit_id } of photos) if (visit_id) visits.set(sha256, visit_id)
  const stores = await storesOfVisits(db, uploads.map((one) => visits.get(one.sha256) ?? ''))
  return uploads.map((upload) => {
    const photo = byHash.get(upload.sha256)
    return {
      key: upload.sha256,
      what: 'upload',
      kind: upload.what === 'photo' ? 'photo.bytes' : 'signature.bytes',
      // 'done' is not asked for above.
      state: upload.state === 'done' ? 'waiting' : upload.state,
      missing: null,
      record_id: photo?.id ?? null,
      store_name: stores.get(visits.get(upload.sha256) ?? '') ?? null,
      title: photo?.kind ?? null,
      problem: upload.problem,
      attempts: upload.attempts,
      bytes: upload.bytes_total,
      bytes_sent: upload.bytes_sent,
      created_at: upload.created_at,
    }
  })
}

interface Names { store(op: OutboxOp): string | null; title(op: OutboxOp): string | null }

async function namesFor(db: Db, ops: readonly OutboxOp[]): Promise<Names> {
  const stores = await storesOfVisits(db, ops.map(visitOf))
  const materials = await db.materials.bulkGet(ops.map((op) => text(op.payload['material_id']) ?? ''))
  const campaigns = await db.campaigns.bulkGet(ops.map((op) => text(op.payload['campaign_id']) ?? ''))
  const campaignNames = new Map(campaigns.flatMap((one) => (one ? [[one.id, one.name] as const] : [])))
  const tasks = await db.tasks.bulkGet(ops.map((op) => (op.kind === 'task.done' ? op.record_id : '')))
  const taskTitles = new Map(tasks.flatMap((one) => (one ? [[one.id, one.title] as const] : [])))
  const materialNames = new Map(materials.flatMap((one) => (one ? [[one.id, one.name] as const] : [])))
  return {
    store: (op) => stores.get(visitOf(op)) ?? null,
    title(op) {
      if (op.kind === 'visit.note' || op.kind === 'visit.reply') return text(op.payload['text'])
      if (op.kind === 'campaign.seen') return campaignNames.get(text(op.payload['campaign_id']) ?? '') ?? null
      if (op.kind === 'task.done') return taskTitles.get(op.record_id) ?? null
      if (op.kind === 'photo.add') return text(op.payload['kind'])
      if (op.kind === 'handout.add' || op.kind.startsWith('stock.')) return materialNames.get(text(op.payload['material_id']) ?? '') ?? null
      return null
    },
  }
}

/** Names of the stores that ops happened at, by op id. A check-in says its store itself. */
export async function storesOfOps(db: Db, ops: readonly OutboxOp[]): Promise<Map<Id, string>> {
  const stores = await storesOfVisits(db, ops.map(visitOf))
  return new Map(ops.flatMap((op) => {
    const name = stores.get(visitOf(op))
    return name === undefined ? [] : [[op.op_id, name] as const]
  }))
}

/** The visit that an op is about, or an empty text. */
function visitOf(op: OutboxOp): Id {
  if (op.kind === 'visit.check_in' || op.kind === 'visit.check_out' || op.kind === 'visit.cancel') return op.record_id
  return text(op.payload['visit_id']) ?? ''
}

/** Store names by visit id. */
async function storesOfVisits(db: Db, visitIds: readonly Id[]): Promise<Map<Id, string>> {
  const visits = (await db.visits.bulkGet([...new Set(visitIds)])).filter((visit) => visit !== undefined)
  const stores = await db.stores.bulkGet(visits.map((visit) => visit.store_id))
  return new Map(visits.flatMap((visit, at) => (stores[at] ? [[visit.id, stores[at].name] as const] : [])))
}

function text(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}
