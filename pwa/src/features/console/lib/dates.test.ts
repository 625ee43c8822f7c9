import { describe, expect, it } from 'vitest'
import { addDays, addWeeks, dayOf, isDay, isWeek, mondayOf, weekOf } from './dates'

describe('days', () => {
  it('a day is that of the organisation, not of the browser', () => {
    expect(dayOf(new Date('2026-11-22T16:00:00Z'), 'Asia/Shanghai')).toBe('2026-11-23')
    expect(dayOf(new Date('2026-11-22T15:59:59Z'), 'Asia/Shanghai')).toBe('2026-11-22')
  })

  it('adds over months, years and leap days', () => {
    expect(addDays('2026-12-31', 1)).toBe('2027-01-01')
    expect(addDays('2028-02-28', 1)).toBe('2028-02-29')
    expect(addDays('2026-03-01', -1)).toBe('2026-02-28')
  })

  it('knows which days exist', () => {
    expect(['2026-11-23', '2028-02-29'].every(isDay)).toBe(true)
    expect(['2026-02-29', '2026-11-31', '2026-1-1', '', null, 20261123].some(isDay)).toBe(false)
  })
})

describe('ISO weeks', () => {
  it.each([
    ['2026-11-23', '2026-W48'],
    ['2026-01-01', '2026-W01'], // a Thursday
    ['2027-01-01', '2026-W53'], // a Friday: still the old year's
    ['2027-01-03', '2026-W53'],
    ['2027-01-04', '2027-W01'],
    ['2024-12-30', '2025-W01'], // a Monday: already the new year's
  ])('%s lies in %s', (day, week) => {
    expect(weekOf(day)).toBe(week)
  })

  it('begins on Monday', () => {
    expect(mondayOf('2026-W48')).toBe('2026-11-23')
    expect(mondayOf('2027-W01')).toBe('2027-01-04')
  })

  it('steps over the end of a year with 53 weeks', () => {
    expect(addWeeks('2026-W53', 1)).toBe('2027-W01')
    expect(addWeeks('2027-W01', -1)).toBe('2026-W53')
  })

  it('knows which weeks exist', () => {
    expect(['2026-W53', '2026-W01'].every(isWeek)).toBe(true)
    expect(['2025-W53', '2026-W00', '2026-W54', '2026-48', undefined].some(isWeek)).toBe(false)
  })
})
