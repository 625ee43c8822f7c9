import { describe, expect, it } from 'vitest'
import { HandClock } from '../db/testing'
import { contactOf, dayOf, evidence, sending, weekOf } from './clock'

describe('days and weeks of the organisation', () => {
  it.each<[string, string, string, string]>([
    // at (UTC)                    zone             day           week
    ['2026-11-22T15:59:59.999Z', 'Asia/Shanghai', '2026-11-22', '2026-W47'],
    ['2026-11-22T16:00:00.000Z', 'Asia/Shanghai', '2026-11-23', '2026-W48'],
    ['2026-12-31T12:00:00.000Z', 'Asia/Shanghai', '2026-12-31', '2026-W53'],
    ['2027-01-03T12:00:00.000Z', 'Asia/Shanghai', '2027-01-03', '2026-W53'],
    ['2027-01-03T16:00:00.000Z', 'Asia/Shanghai', '2027-01-04', '2027-W01'],
    ['2024-12-29T16:00:00.000Z', 'Asia/Shanghai', '2024-12-30', '2025-W01'],
    ['2026-03-29T00:30:00.000Z', 'Europe/Berlin', '2026-03-29', '2026-W13'],
  ])('%s in %s is %s in %s', (at, zone, day, week) => {
    expect(dayOf(at, zone)).toBe(day)
    expect(weekOf(at, zone)).toBe(week)
  })
})

describe('the offset of this phone\'s clock', () => {
  it('is the server\'s time less the middle of the round trip', () => {
    const clock = new HandClock('2026-11-23T01:00:00.000Z')
    const sent = sending(clock)
    clock.advance(2)
    expect(contactOf(clock, sent, '2026-11-23T01:00:11.000Z')).toEqual({ offset_ms: 10_000, monotonic_ms: 2000, origin: 1, server_at: '2026-11-23T01:00:11.000Z' })
  })

  it('is not confused by a clock that was set while the request was on its way', () => {
    const clock = new HandClock('2026-11-23T01:00:00.000Z')
    const sent = sending(clock)
    clock.mono += 2000
    clock.at = '2030-01-01T00:00:00.000Z'
    expect(contactOf(clock, sent, '2026-11-23T01:00:01.000Z')?.offset_ms).toBe(0)
  })

  it('is unknown when the server tells no time', () => {
    expect(contactOf(new HandClock(), sending(new HandClock()), 'soon')).toBeNull()
  })

  it('goes with each op; the counter only within the page that read it', () => {
    const clock = new HandClock('2026-11-23T01:00:00.000Z')
    const server_at = '2026-11-23T00:59:56.500Z'
    const contact = { offset_ms: -500, monotonic_ms: 1000, origin: 1, server_at }
    clock.mono = 4000
    expect(evidence(clock, contact)).toEqual({ device_at: '2026-11-23T01:00:00.000Z', clock_offset_ms: -500, monotonic_ms: 3000, contact_at: server_at })
    clock.origin = 2
    expect(evidence(clock, contact)).toMatchObject({ clock_offset_ms: -500, monotonic_ms: null, contact_at: server_at })
    expect(evidence(clock, null)).toMatchObject({ clock_offset_ms: null, monotonic_ms: null, contact_at: null })
    // A contact that an app before 0.3 kept.
    expect(evidence(clock, { offset_ms: -500, monotonic_ms: 1000, origin: 1 })).toMatchObject({ contact_at: null })
  })
})
