// The rule of the weekly check-in, as the server has it in server/office/weeks/rule.py. Both are held to
// one answer by tests/contract/rules/office_weeks.json: the phone tells the same without a network.
import type { IsoTime, IsoWeek, RuleVersion } from '../../db/types'
import { weekOf } from '../../kernel/clock'

/** `doubtful`: reported, but not surely there, and nobody has decided. `before`: not yet with the company. */
export type RuleState = 'done' | 'late' | 'made_up' | 'exempt' | 'doubtful' | 'open' | 'missed' | 'before'

/** A check-in; accepted is null where that is doubtful and nobody has decided. */
export interface Mark { id: string; at: IsoTime; accepted: boolean | null }

/** What the rule looks at. Days are calendar days of the organisation: `2026-11-23`. */
export interface Facts {
  zone: string
  rules: readonly RuleVersion[]
  /** By year, what is not as its weekday says: true is a day off, false a weekend day worked. */
  holidays: ReadonlyMap<number, ReadonlyMap<string, boolean>>
  since: string
  away: readonly (readonly [first: string, last: string])[]
  made_up: ReadonlySet<IsoWeek>
}

export interface Plan {
  name: IsoWeek
  monday: string
  /** Days; never more than the week has that count and are no holiday. */
  need: number
  grace_hours: number
  /** Working days on which one can report; none in a week that is all holiday. */
  expected: string[]
  /** Days on which a check-in counts. */
  counting: ReadonlySet<string>
  /** A year of which nothing is known: nobody is exempt for it. */
  calendar_missing: boolean
}

export interface Standing {
  states: Map<IsoWeek, RuleState>
  /** The week that each accepted check-in counts for. */
  counted: Map<string, IsoWeek>
}

export const USUAL: RuleVersion = { from_week: '2000-W01', need: 1, days: [1, 2, 3, 4, 5, 6, 7], grace_hours: 12 }
const DAY_MS = 86_400_000
const SATURDAY = 6

/** The Monday of an ISO week. */
export function mondayOf(week: IsoWeek): string {
  const [year, number] = week.split('-W').map(Number) as [number, number]
  // The fourth of January is always in week 1.
  const fourth = new Date(Date.UTC(year, 0, 4))
  const first = fourth.getTime() - ((fourth.getUTCDay() + 6) % 7) * DAY_MS
  return isoDay(first + (number - 1) * 7 * DAY_MS)
}

/** A day so many days later. */
export function addDays(day: string, count: number): string {
  return isoDay(Date.parse(`${day}T00:00:00Z`) + count * DAY_MS)
}

function isoDay(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10)
}

/** The week and those before it, `count` in all, oldest first. */
export function weeksBack(week: IsoWeek, count: number): IsoWeek[] {
  const monday = mondayOf(week)
  return Array.from({ length: count }, (_, at) => weekOf(`${addDays(monday, 7 * (at - count + 1))}T12:00:00Z`, 'UTC'))
}

const clocks = new Map<string, Intl.DateTimeFormat>()

/** Day and hour of a moment in a zone. */
export function localTime(at: Date | IsoTime, zone: string): { day: string; hour: number } {
  let format = clocks.get(zone)
  if (!format) {
    format = new Intl.DateTimeFormat('sv-SE', {
      timeZone: zone, year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', hourCycle: 'h23',
    })
    clocks.set(zone, format)
  }
  const [day = '', hour = ''] = format.format(new Date(at)).split(' ')
  return { day, hour: Number(hour.slice(0, 2)) }
}

/** Lay rule and calendar over a week. */
export function planWeek(name: IsoWeek, facts: Facts): Plan {
  const rule = [...facts.rules].reverse().find((one) => one.from_week <= name) ?? USUAL
  const monday = mondayOf(name)
  const days = Array.from({ length: 7 }, (_, at) => addDays(monday, at))
  const off = (day: string) => facts.holidays.get(Number(day.slice(0, 4)))?.get(day)
  const onWeekends = Math.min(...rule.days) >= SATURDAY
  // Who works on a weekend in exchange for a holiday can report on it, whatever the weekdays are.
  const counting = days.filter((day, at) => rule.days.includes(at + 1) || off(day) === false)
  const isWorked = (day: string) => {
    const said = off(day)
    return said === undefined ? days.indexOf(day) + 1 < SATURDAY || onWeekends : !said
  }
  return {
    name, monday, grace_hours: rule.grace_hours,
    need: Math.min(rule.need, Math.max(1, counting.filter((day) => off(day) !== true).length)),
    expected: counting.filter(isWorked),
    counting: new Set(counting),
    calendar_missing: days.some((day) => !facts.holidays.get(Number(day.slice(0, 4)))?.size),
  }
}

/** The days of a week on which this person can be expected. */
export function expectedDays(plan: Plan, facts: Facts): string[] {
  return plan.expected.filter((day) => !facts.away.some(([first, last]) => first <= day && day <= last))
}

/** Is it before the end of the week, or of its grace on the Monday after? */
function beforeGraceEnd(plan: Plan, at: Date | IsoTime, zone: string): boolean {
  const next = addDays(plan.monday, 7)
  const { day, hour } = localTime(at, zone)
  return day < next || (day === next && hour < plan.grace_hours)
}

/**
 * The states of weeks that follow each other, oldest first. A check-in counts once: on a Monday morning for the
 * week before where that is short, else for its own. A day counts once for a week, however many were made on it.
 */
export function standingOf(weeks: readonly IsoWeek[], marks: readonly Mark[], facts: Facts, now: Date): Standing {
  const byWeek = new Map<IsoWeek, Mark[]>()
  for (const mark of [...marks].sort((a, b) => a.at.localeCompare(b.at))) {
    const week = weekOf(mark.at, facts.zone)
    byWeek.set(week, [...(byWeek.get(week) ?? []), mark])
  }
  const states = new Map<IsoWeek, RuleState>()
  const counted = new Map<string, IsoWeek>()
  let before: { plan: Plan; short: number; late: boolean; doubtful: boolean; excused: RuleState | null } | null = null
  const close = () => {
    if (before) states.set(before.plan.name, stateOf(before, facts, now))
  }
  for (const name of weeks) {
    const plan = planWeek(name, facts)
    const days = new Set<string>()
    const unsure = new Set<string>()
    for (const mark of byWeek.get(name) ?? []) {
      const { day } = localTime(mark.at, facts.zone)
      if (!mark.accepted) {
        if (mark.accepted === null) unsure.add(day)
      } else if (before && before.short > 0 && !before.late && !before.excused && beforeGraceEnd(before.plan, mark.at, facts.zone)) {
        // All of the grace is one day.
        before.short -= 1
        before.late = true
        counted.set(mark.id, before.plan.name)
      } else if (plan.counting.has(day) && !days.has(day)) {
        days.add(day)
        counted.set(mark.id, name)
      }
    }
    close()
    const left = plan.need - days.size
    const doubtful = [...unsure].some((day) => !days.has(day))
    before = { plan, short: left, late: false, doubtful, excused: left > 0 ? excuse(plan, facts) : null }
  }
  close()
  return { states, counted }
}

/** The state of a week that need not be filled; null for one that must. */
function excuse(plan: Plan, facts: Facts): RuleState | null {
  if (facts.made_up.has(plan.name)) return 'made_up'
  if (expectedDays(plan, facts).length === 0) return 'exempt'
  return plan.monday < facts.since ? 'before' : null
}

function stateOf(
  week: { plan: Plan; short: number; late: boolean; doubtful: boolean; excused: RuleState | null }, facts: Facts, now: Date,
): RuleState {
  if (week.short <= 0) return week.late ? 'late' : 'done'
  const { monday } = week.plan
  const running = beforeGraceEnd(week.plan, now, facts.zone)
  // Who came in the middle of a week may report in it, and has missed nothing once it is over.
  const isFirst = monday < facts.since && facts.since < addDays(monday, 7) && running
  if (week.excused && !(week.excused === 'before' && isFirst)) return week.excused
  if (week.doubtful) return 'doubtful'
  return running ? 'open' : 'missed'
}
