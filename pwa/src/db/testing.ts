// Databases and rows for tests. The test file imports fake-indexeddb/auto first.
import type { Clock } from '../kernel/clock'
import { sha256Hex } from '../kernel/hash'
import type { PhotoInput } from '../features/photos/actions'
import { Db } from './schema'
import type { Id, LocalTask, MaterialRecord, OfficeRecord, StoreRecord } from './types'

export const REP = '0199aaaa-0000-7000-8000-000000000001'
let count = 0

/** A fresh database of the test rep. */
export function freshDb(): Db {
  count += 1
  return new Db(REP, `test-${count}-${Math.random()}`)
}

/** A clock that moves when it is told to. */
export class HandClock implements Clock {
  origin = 1
  mono = 0

  constructor(public at: string = '2026-11-23T01:00:00.000Z') {}

  now(): Date {
    return new Date(this.at)
  }

  monotonic(): number {
    return this.mono
  }

  advance(seconds: number): void {
    this.at = new Date(Date.parse(this.at) + seconds * 1000).toISOString()
    this.mono += seconds * 1000
  }
}

/** A store; the place is in Suzhou. */
export function aStore(id: Id, values: Partial<StoreRecord> = {}): StoreRecord {
  return {
    id, code: `C-${id}`, name: `Store ${id}`, address: '', city: '', chain: '', region_id: 'r', lat: 31.3, lon: 120.6,
    pin_quality_m: 0, pin_source: 'office', radius_m: null, initials: '', contact: '', phone: '', active: true, rev: 1,
    ...values,
  }
}

export function aMaterial(id: Id, values: Partial<MaterialRecord> = {}): MaterialRecord {
  return { id, code: `M-${id}`, name: `Material ${id}`, kind: 'posm', unit: 'pcs', barcode: null, active: true, rev: 1, ...values }
}

/** A task of nobody's giving in particular: open, at no store, without a day. */
export function aTask(id: Id, values: Partial<LocalTask> = {}): LocalTask {
  return {
    id, rep_id: REP, store_id: null, store_name: '', from_visit_id: null, title: `Task ${id}`, details: '', due_on: null,
    given_by: 's', given_by_name: '王主管', given_at: '2026-11-20T01:00:00.000Z', state: 'open', state_note: '', closed_at: null,
    done_at: null, done_note: '', done_visit_id: null, rev: 1, sync: 'sent',
    ...values,
  }
}

export function anOffice(id: Id, values: Partial<OfficeRecord> = {}): OfficeRecord {
  return { id, code: `O-${id}`, name: `Office ${id}`, address: '', region_id: 'r', lat: 31.3, lon: 120.6, radius_m: 300, active: true, rev: 1, ...values }
}

/** What addPhoto takes, for a picture of `fill`. */
export async function aPhoto(visitId: Id, fill = 1): Promise<PhotoInput> {
  const image = new Uint8Array(300).fill(fill)
  return {
    visit_id: visitId, office_check_in_id: null, kind: 'shelf', image: image.buffer, thumb: new Uint8Array([1, 2, 3]).buffer,
    width: 1600, height: 1200, mime: 'image/jpeg', source: 'camera', taken_at: '2026-11-23T01:00:00.000Z',
    sha256: await sha256Hex(image),
  }
}
