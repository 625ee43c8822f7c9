// The four conversations with the server. Every failure is an ApiError of one of its kinds.
import { readJson, request, send } from '../kernel/http'
import { ApiError } from '../kernel/problem'
import type { Entity, Id, IsoTime, OpKind, OpState } from '../db/types'
import type { Me, SchemaRange } from '../kernel/me'
import type { OpResult } from './engine'

export const SCHEMA: number = 4

/** An op on the wire. */
export interface WireOp {
  op_id: Id
  kind: OpKind
  record_id: Id
  author: Id
  depends_on: Id[]
  payload: Record<string, unknown>
  device_seq: number
  device_at: IsoTime
  clock_offset_ms: number | null
  monotonic_ms: number | null
  /** Left out of ops that were made before apps noted it. */
  contact_at?: IsoTime | null
}

export interface PushBody {
  schema: typeof SCHEMA
  device: { id: string; app_version: string; unsent: number; oldest_unsent_at: IsoTime | null }
  ops: WireOp[]
}

export interface PushAnswer { server_time: IsoTime; results: OpResult[] }

export interface Change { entity: Entity; id: Id; record: object | null }

export interface PullAnswer { cursor: string; more: boolean; server_time: IsoTime; changes: Change[] }

/** A record that waits for a person, as the office is told of it. */
export interface ParkedOp {
  op_id: Id
  kind: OpKind
  record_id: Id
  state: Extract<OpState, 'rejected' | 'conflict'>
  code: string
  field: string | null
  made_at: IsoTime
}

/** What the phone tells the office of itself. Bytes; null where the browser does not say. */
export interface DeviceReport {
  id: string
  app_version: string
  schema: number
  unsent: number
  oldest_unsent_at: IsoTime | null
  parked: ParkedOp[]
  storage: { usage: number | null; quota: number | null; persisted: boolean | null }
  /** Opened from the home screen. */
  standalone: boolean | null
}

export interface DeviceAnswer { server_time: IsoTime; schema: SchemaRange }

/** Where an upload stands on the server. */
export interface UploadStatus { offset: number; complete: boolean }

export interface UploadAnswer { sha256: string; received: number; complete: boolean }

/** The server as the sync sees it. Each call may raise ApiError, and does when its signal cuts it off. */
export interface Transport {
  me(signal?: AbortSignal): Promise<Me>
  push(body: PushBody, signal?: AbortSignal): Promise<PushAnswer>
  pull(cursor: string | null, limit: number, signal?: AbortSignal): Promise<PullAnswer>
  uploadStatus(sha256: string, signal?: AbortSignal): Promise<UploadStatus>
  /** Send all bytes from offset on in one body. A 409 is an ApiError whose headers tell the true offset. */
  uploadFrom(sha256: string, offset: number, length: number, rest: Blob, signal?: AbortSignal): Promise<UploadAnswer>
  /** Tell how this phone is. Servers before it answer 404. */
  report?(body: DeviceReport, signal?: AbortSignal): Promise<DeviceAnswer>
}

/** Slowest link on which an upload still gets on: what arrived counts, also when we give up waiting. */
const SLOWEST_BYTES_A_SECOND = 4_000
const UPLOAD_GRACE_MS = 20_000
const PULL_TIMEOUT_MS = 60_000
const TIMEOUT_MS = 30_000

/** Milliseconds after which a request is given up; `bytes`: how many an upload carries. */
export function longestMs(request: keyof Transport, bytes = 0): number {
  if (request === 'uploadFrom') return UPLOAD_GRACE_MS + (bytes / SLOWEST_BYTES_A_SECOND) * 1000
  return request === 'push' || request === 'pull' ? PULL_TIMEOUT_MS : TIMEOUT_MS
}

/**
 * The transport over fetch, for one person's work. The cookie is one for all tabs, and may become another person's
 * at any moment: the server refuses what names somebody else, so that nothing lands under another name.
 */
export function createTransport(person: Id): Transport {
  const named = { 'Storewalk-Person': person }
  /** How long to wait, and what ends the wait before. */
  const wait = (name: keyof Transport, signal: AbortSignal | undefined, bytes = 0) =>
    ({ timeout_ms: longestMs(name, bytes), ...(signal ? { signal } : {}) })
  return {
    async me(signal) {
      const answer = await request<Me>('GET', '/me', wait('me', signal))
      return shaped(answer, typeof answer?.user?.id === 'string' && typeof answer.server_time === 'string')
    },
    async push(body, signal) {
      const answer = await request<PushAnswer>('POST', '/sync/push', { body, headers: named, ...wait('push', signal) })
      return shaped(answer, Array.isArray(answer?.results))
    },
    async pull(cursor, limit, signal) {
      const query = { cursor: cursor ?? undefined, limit, schema: SCHEMA }
      const answer = await request<PullAnswer>('GET', '/sync/pull', { query, headers: named, ...wait('pull', signal) })
      return shaped(answer, Array.isArray(answer?.changes) && typeof answer.cursor === 'string')
    },
    async uploadStatus(sha256, signal) {
      const { headers } = await send('HEAD', `/uploads/${sha256}`, { headers: named, ...wait('uploadStatus', signal) })
      const offset = offsetOf(headers)
      if (offset === null) throw new ApiError('transient')
      return { offset, complete: headers.get('Upload-Complete') === '?1' }
    },
    async uploadFrom(sha256, offset, length, rest, signal) {
      const answer = await send('PATCH', `/uploads/${sha256}`, {
        bytes: rest,
        ...wait('uploadFrom', signal, rest.size),
        headers: {
          ...named,
          'Content-Type': 'application/offset+octet-stream',
          'Upload-Offset': String(offset),
          'Upload-Length': String(length),
        },
      })
      return readJson<UploadAnswer>(answer)
    },
    report: (body, signal) =>
      request<DeviceAnswer>('PUT', '/sync/device', { body, headers: named, ...wait('report', signal) }),
  }
}

/** The Upload-Offset of an answer, or null where there is none. */
export function offsetOf(headers: Headers | null): number | null {
  const text = headers?.get('Upload-Offset') ?? ''
  return /^\d{1,15}$/.test(text) ? Number(text) : null
}

/** An answer of another shape does not come from our server, whatever its status says. */
function shaped<T>(answer: T, fits: boolean): T {
  if (!fits) throw new ApiError('transient')
  return answer
}
