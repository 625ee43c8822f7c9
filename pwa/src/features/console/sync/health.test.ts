import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { i18n } from '../i18n'
import { ago, bytes } from '../lib/format'
import type { HealthRow, RescueOp } from '../types'
import { healthFromQuery, healthToQuery, kindWords, storageWords, storyOf, troubleFirst } from './health'

const ROW: HealthRow = {
  person: { id: 'p1', name: '张小明', region_id: 'r1', region_name: '园区' },
  device_id: 'phone-1', app_version: '0.2.0', schema: 1, too_old: false,
  last_contact_at: '2026-11-23T04:00:00.000Z', reported_at: '2026-11-23T04:00:00.000Z',
  unsent: 7, oldest_unsent_at: '2026-11-22T03:30:00.000Z',
  parked: [{
    op_id: 'op-1', kind: 'handout.add', record_id: 'rec-1', state: 'rejected', code: 'quantity_invalid',
    field: 'payload.quantity', made_at: '2026-11-22T03:30:00.000Z',
    words: { 'zh-CN': '数量不对', en: 'The quantity is not valid' }, remedy: { 'zh-CN': '请改。', en: 'Mend it.' },
  }],
  storage: { usage: 120_000_000, quota: 2_000_000_000, persisted: false }, standalone: true, problems: ['parked'],
}

beforeEach(() => {
  vi.useFakeTimers({ now: Date.parse('2026-11-23T04:00:00Z') })
  i18n.global.locale.value = 'en'
})
afterEach(() => {
  vi.useRealTimers()
})

describe('the filters of sync health', () => {
  it('live in the address, and an empty one means everybody', () => {
    expect(healthFromQuery({})).toEqual({ region: null, q: '', problem: null })
    const filters = { region: 'r1', q: '张', problem: 'silent' } as const
    expect(healthFromQuery(healthToQuery(filters))).toEqual(filters)
    expect(healthToQuery(healthFromQuery({}))).toEqual({})
  })

  it('drop what is foreign to them', () => {
    expect(healthFromQuery({ problem: 'rain', region: null, q: ['a', 'b'], other: '1' }))
      .toEqual({ region: null, q: 'a', problem: null })
  })
})

describe('a phone’s story', () => {
  it('says everything that a helper asks for', () => {
    expect(storyOf(ROW).split('\n')).toEqual([
      '张小明 · 园区',
      'Device: phone-1',
      'App: 0.2.0, schema 1',
      'Last contact: Nov 23, 2026, 12:00:00',
      'Unsent: 7, the oldest Nov 22, 2026, 11:30:00',
      'Needs a look: 1',
      '- Handout (Nov 22, 11:30): The quantity is not valid Mend it.',
      '  quantity_invalid · field payload.quantity · op op-1, record rec-1',
      'Storage: 120 MB of 2 GB used · The browser may clear it',
    ])
  })

  it('is short where there is no phone', () => {
    const none = { ...ROW, device_id: null, last_contact_at: null, unsent: 0, parked: [], storage: null }
    expect(storyOf(none).split('\n')).toEqual(['张小明 · 园区', 'Last contact: never', 'Unsent: none'])
  })

  it('names a code that the server has no words for, and a kind that we have none for', () => {
    const strange = { ...ROW.parked[0]!, kind: 'price.note', words: null, remedy: null, field: null }
    const story = storyOf({ ...ROW, parked: [strange], too_old: true })
    expect(story).toContain('- price.note (Nov 22, 11:30): Reason: quantity_invalid')
    expect(story).toContain('schema 1 · Too old')
  })

  it('speaks Chinese', () => {
    i18n.global.locale.value = 'zh-CN'
    expect(storyOf(ROW)).toContain('- 物料发放（11月22日 11:30）：数量不对 请改。')
    expect(kindWords(null)).toBe('未知')
  })
})

describe('words for storage', () => {
  it('say only what the browser said', () => {
    expect(storageWords(null)).toEqual([])
    expect(storageWords({ usage: null, quota: 5, persisted: null })).toEqual([])
    expect(storageWords({ usage: 0, quota: 5e9, persisted: true })).toEqual(['0 MB of 5 GB used', 'Protected'])
  })

  it('count in the unit that is read at a glance', () => {
    expect([0, 999_400_000, 1_250_000_000].map(bytes)).toEqual(['0 MB', '999 MB', '1.3 GB'])
  })
})

describe('how long ago', () => {
  it.each([
    ['2026-11-23T04:00:30Z', '0 minutes ago'], // a clock that is ahead
    ['2026-11-23T03:01:00Z', '59 minutes ago'],
    ['2026-11-23T03:00:00Z', '1 hour ago'],
    ['2026-11-21T05:00:00Z', '47 hours ago'],
    ['2026-11-21T04:00:00Z', '2 days ago'],
  ])('%s is %s', (at, words) => {
    expect(ago(at)).toBe(words)
  })
})

describe('the records of a rescue file', () => {
  it('are listed with those in trouble first, else as the file has them', () => {
    const op = (op_id: string, status: RescueOp['status']): RescueOp => ({ op_id, kind: null, record_id: null, status, problem: null })
    const ops = [op('a', 'replayed'), op('b', 'applied'), op('c', 'deferred'), op('d', 'applied'), op('e', 'conflict'), op('f', 'rejected')]
    expect(troubleFirst(ops).map((one) => one.op_id)).toEqual(['e', 'f', 'c', 'b', 'd', 'a'])
  })
})
