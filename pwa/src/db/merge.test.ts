import { describe, expect, it } from 'vitest'
import { mergePhoto, mergeVisit } from './merge'
import type { LocalPhoto, LocalVisit, OpKind, PhotoRecord, VisitRecord } from './types'

const theirs: VisitRecord = {
  id: 'v', store_id: 's', author_id: 'u', region_id: 'r', state: 'in_progress', planned: false,
  checked_in_at: '2026-11-23T01:00:00.000Z', checked_out_at: null, dwell_s: null, fix: null, out_fix: null, reason: null,
  cancel_reason: null, verdict: 'on_site', distance_m: 12, explanation: null, flags: [], received_at: null, device_at: null,
  clock_offset_ms: null, photos_total: 0, photos_arrived: 0, rev: 1,
}
const mine: LocalVisit = { ...theirs, verdict: null, distance_m: 11, rev: 0, sync: 'local' }
const out = { state: 'completed' as const, checked_out_at: '2026-11-23T01:30:00.000Z', dwell_s: 1800 }
const unsent = (...kinds: OpKind[]) => new Set(kinds)

describe('a visit', () => {
  it.each<[string, LocalVisit | undefined, VisitRecord, Set<OpKind>, Partial<LocalVisit>]>([
    ['new from the server', undefined, theirs, unsent(), { verdict: 'on_site', sync: 'sent' }],
    ['the verdict comes back', mine, theirs, unsent(), { verdict: 'on_site', distance_m: 12, sync: 'sent' }],
    ['an unsent check-out stays', { ...mine, ...out }, theirs, unsent('visit.check_out'), { ...out, verdict: 'on_site', sync: 'local' }],
    ['an unsent cancellation stays', { ...mine, state: 'cancelled', cancel_reason: 'closed' }, theirs, unsent('visit.cancel'), { state: 'cancelled', cancel_reason: 'closed', verdict: 'on_site', sync: 'local' }],
    ['an old answer undoes nothing', { ...theirs, ...out, rev: 2, sync: 'sent' }, theirs, unsent(), { ...out, rev: 2, sync: 'sent' }],
    ['a judgement made anew', { ...theirs, ...out, rev: 2, sync: 'sent' }, { ...theirs, ...out, verdict: 'off_site', rev: 3 }, unsent(), { ...out, verdict: 'off_site', rev: 3 }],
  ])('%s', (_why, local, record, kinds, merged) => {
    expect(mergeVisit(local, record, kinds)).toMatchObject(merged)
  })
})

describe('a photo', () => {
  const record: PhotoRecord = {
    id: 'p', visit_id: 'v', office_check_in_id: null, kind: 'shelf', sha256: 'a', bytes: 1, width: 1, height: 1,
    mime: 'image/jpeg', taken_at: '', source: 'camera', state: 'awaiting_bytes', problem: null, uploaded_at: null,
  }
  const local: LocalPhoto = { ...record, sync: 'local', upload: 'sending' }

  it.each<[string, LocalPhoto | undefined, PhotoRecord, Parameters<typeof mergePhoto>[2], Partial<LocalPhoto>]>([
    ['its bytes are on their way', local, record, 'sending', { sync: 'sent', upload: 'sending' }],
    ['its bytes arrived', local, { ...record, state: 'stored' }, 'sending', { state: 'stored', upload: 'done' }],
    ['a picture that the server cannot read', local, { ...record, state: 'unreadable', problem: 'photo_unreadable' }, 'done', { problem: 'photo_unreadable' }],
    ['a first answer, repeated', { ...local, sync: 'sent', state: 'complete', upload: 'done' }, record, 'done', { state: 'complete', upload: 'done' }],
    ['from another phone of the same rep', undefined, record, null, { upload: 'waiting', sync: 'sent' }],
  ])('%s', (_why, before, theirRecord, upload, merged) => {
    expect(mergePhoto(before, theirRecord, upload)).toMatchObject(merged)
  })
})
