// What the phone tells the office of itself at the end of a run: what it still holds, what is stuck, how it is.
import { getMeta, setMeta } from '../db/meta'
import { ifRoom } from '../db/room'
import type { Db } from '../db/schema'
import type { OutboxOp } from '../db/types'
import { nowIso, type Clock } from '../kernel/clock'
import { ApiError } from '../kernel/problem'
import { isParked } from './engine'
import { backlog } from './outbox'
import { SCHEMA, type DeviceReport, type ParkedOp, type Transport } from './transport'

/** What only the browser knows. */
export interface Phone {
  condition(): Promise<Pick<DeviceReport, 'storage' | 'standalone'>>
  /** The browser's word for its network (`4g`, `2g` ...), or null where it says nothing. */
  link(): string | null
}

export interface ReportDeps {
  db: Db
  transport: Transport
  clock: Clock
  device: { id: string; app_version: string }
  phone?: Phone
}

const AGAIN_MS = 30 * 60 * 1000
const PARKED_MAX = 50
const CODE_MAX = 60
const FIELD_MAX = 120
/** Use of storage moves with every request; only steps of this many bytes are news. */
const STORAGE_STEP = 16 * 1024 * 1024

/**
 * Tell the server, where what there is to tell has changed since it last heard, or that is half an hour ago.
 * Never raises for what the server does: a report is no work, and no run fails for it.
 */
export async function reportDevice(deps: ReportDeps): Promise<void> {
  const { db, transport, clock } = deps
  if (!transport.report || !deps.phone) return
  const body = await deviceReport(deps, deps.phone)
  const said = essence(body)
  const last = await getMeta(db, 'device_reported')
  if (last?.said === said && Math.abs(clock.now().getTime() - Date.parse(last.at)) < AGAIN_MS) return
  try {
    await transport.report(body)
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    // An older server knows no reports: it is asked again as seldom as a newer one is told the same.
    if (error.kind !== 'refused' && error.kind !== 'too_large') return
  }
  await ifRoom(() => setMeta(db, 'device_reported', { said, at: nowIso(clock) }))
}

/** The report as it stands now. */
async function deviceReport({ db, device }: ReportDeps, phone: Phone): Promise<DeviceReport> {
  const [waiting, ops, condition] = await Promise.all([backlog(db), db.outbox.orderBy('seq').toArray(), phone.condition()])
  return {
    ...device,
    schema: SCHEMA,
    unsent: waiting.ops + waiting.uploads,
    oldest_unsent_at: waiting.oldest_at,
    parked: ops.flatMap(parkedOp).slice(0, PARKED_MAX),
    ...condition,
  }
}

function parkedOp(op: OutboxOp): ParkedOp[] {
  const { op_id, kind, record_id, state, problem, created_at } = op
  if (!isParked(state)) return []
  const code = (problem?.code || 'unknown').slice(0, CODE_MAX)
  return [{ op_id, kind, record_id, state, code, field: problem?.field?.slice(0, FIELD_MAX) ?? null, made_at: created_at }]
}

function essence(body: DeviceReport): string {
  const rough = (bytes: number | null) => (bytes === null ? null : Math.round(bytes / STORAGE_STEP))
  const { usage, quota, persisted } = body.storage
  return JSON.stringify({ ...body, storage: [rough(usage), rough(quota), persisted] })
}
