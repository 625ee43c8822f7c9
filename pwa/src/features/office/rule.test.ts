// The phone's week rule gives the server's answers: the same table, asserted from both sides.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { RuleVersion } from '../../db/types'
import { addDays, localTime, mondayOf, standingOf, weeksBack, type Facts, type Mark } from './rule'

interface Case {
  name: string
  zone: string
  rules: RuleVersion[]
  calendar: Record<string, [day: string, off: boolean][]>
  since: string
  away: [string, string][]
  made_up: string[]
  check_ins: (Omit<Mark, 'id'> & { counts_for: string | null })[]
  weeks: string[]
  now: string
  states: string[]
}

const FILE = join(import.meta.dirname, '../../../../tests/contract/rules/office_weeks.json')
const CASES = JSON.parse(readFileSync(FILE, 'utf8')) as Case[]

describe('the table that the server is held to as well', () => {
  it.each(CASES.map((one) => [one.name, one] as const))('%s', (_, one) => {
    const facts: Facts = {
      zone: one.zone,
      rules: one.rules,
      holidays: new Map(Object.entries(one.calendar).map(([year, days]) => [Number(year), new Map(days)])),
      since: one.since,
      away: one.away,
      made_up: new Set(one.made_up),
    }
    const marks = one.check_ins.map((mark, at) => ({ ...mark, id: String(at) }))
    const found = standingOf(one.weeks, marks, facts, new Date(one.now))
    expect(one.weeks.map((week) => found.states.get(week))).toEqual(one.states)
    expect(marks.map(({ id }) => found.counted.get(id) ?? null)).toEqual(one.check_ins.map((mark) => mark.counts_for))
  })

  it('is not empty', () => expect(CASES.length).toBeGreaterThan(30))
})

it('weeks go back over the years', () => {
  expect(weeksBack('2027-W02', 4)).toEqual(['2026-W52', '2026-W53', '2027-W01', '2027-W02'])
  expect(mondayOf('2026-W53')).toBe('2026-12-28')
  expect(mondayOf('2027-W01')).toBe('2027-01-04')
  expect(mondayOf('2025-W01')).toBe('2024-12-30')
  expect(addDays('2026-12-31', 1)).toBe('2027-01-01')
})

it('midnight is hour 0 of the new day', () => {
  expect(localTime('2026-11-22T16:00:00.000Z', 'Asia/Shanghai')).toEqual({ day: '2026-11-23', hour: 0 })
  expect(localTime('2026-11-22T15:59:00.000Z', 'Asia/Shanghai')).toEqual({ day: '2026-11-22', hour: 23 })
})
