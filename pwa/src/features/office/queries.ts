// Offices, and how this person stands in their weeks: worked out on the phone, from what it holds.
import { organisation } from '../../app/session'
import type { Db } from '../../db/schema'
import type {
  IsoWeek, LocalExemption, LocalMakeUp, LocalOfficeCheckIn, NoticeRecord, OfficeRecord, RuleVersion, WeekSummary,
} from '../../db/types'
import { dayOf, systemClock, weekOf, type Clock } from '../../kernel/clock'
import { between, type Place } from '../../kernel/geo'
import { taskCounts } from '../tasks/queries'
import { addDays, expectedDays, mondayOf, planWeek, standingOf, USUAL, weeksBack, type Facts, type RuleState } from './rule'

export interface OfficeRow {
  office: OfficeRecord
  distance_m: number | null
  /** The office that this person is bound to. */
  own: boolean
}

/** Active offices: one's own first, then the nearest where a position is known, else by code. */
export async function officeList(db: Db, fix: Place | null = null): Promise<OfficeRow[]> {
  const bound = (await db.office_duties.get(db.userId))?.office_id ?? null
  const offices = (await db.offices.toArray()).filter((office) => office.active)
  return offices
    .map((office) => ({ office, distance_m: between(fix, office), own: office.id === bound }))
    .sort((a, b) => Number(b.own) - Number(a.own) || (a.distance_m ?? 0) - (b.distance_m ?? 0) || a.office.code.localeCompare(b.office.code))
}

/** `sending`: made, and the server has not judged yet. The others are the rule's. */
export type WeekState = RuleState | 'sending'

export interface WeekLine {
  week: IsoWeek
  monday: string
  state: WeekState
  /** The last day on which one is expected in it; null for a holiday week. */
  last_day: string | null
  calendar_missing: boolean
  /** The last request that it be counted. */
  make_up: LocalMakeUp | null
}

export interface CheckInRow {
  check_in: LocalOfficeCheckIn
  office: OfficeRecord | null
  /** The week it counts for, where it counts. */
  counts_for: IsoWeek | null
  /** Another one of its day counts already. */
  same_day: boolean
}

export interface WeekPage extends WeekLine {
  /** This week's, newest first. */
  check_ins: CheckInRow[]
  /** The week before, while Monday's grace runs and it is short. */
  last: WeekLine | null
  /** The weeks before, newest first. */
  past: WeekLine[]
  rule: RuleVersion
  exemptions: LocalExemption[]
  notice: Notice | null
}

/** A reminder, and until when its week can be filled: on that day at the latest, or before that hour of it. */
export interface Notice extends NoticeRecord {
  until: { day: string; hour: number | null }
}

const SHOWN = 13
const LEAD = 13

/** This week and those before it, as the server's board has them. */
export async function weekPage(db: Db, clock: Clock = systemClock): Promise<WeekPage> {
  const zone = organisation.value.time_zone
  const now = clock.now()
  const week = weekOf(now, zone)
  const weeks = weeksBack(week, SHOWN + LEAD)
  const [facts, rows, offices, makeUps, exemptions, notices] = await Promise.all([
    factsOf(db, weeks[0]!, now, zone),
    db.office_check_ins.where('week').between(weeks[0]!, week, true, true).toArray(),
    db.offices.toArray(),
    db.office_make_ups.toArray(),
    db.office_exemptions.toArray(),
    db.office_notices.toArray(),
  ])
  const marks = rows.map(({ id, at, accepted, review }) => ({ id, at, accepted: accepted === true ? true : review ? false : null }))
  const { states, counted } = standingOf(weeks, marks, facts, now)
  const waiting = new Set(rows.filter((row) => row.accepted === null).map((row) => row.week))
  const line = (name: IsoWeek): WeekLine => {
    const plan = planWeek(name, facts)
    const state = states.get(name) ?? 'open'
    return {
      week: name, monday: plan.monday, calendar_missing: plan.calendar_missing,
      state: state === 'doubtful' && waiting.has(name) ? 'sending' : state,
      last_day: expectedDays(plan, facts).at(-1) ?? null,
      make_up: newest(makeUps.filter((one) => one.week === name)),
    }
  }
  const past = weeks.slice(LEAD, -1).reverse().map(line)
  const own = rows.filter((row) => row.week === week).sort((a, b) => b.at.localeCompare(a.at))
  const days = new Set(own.filter((one) => counted.get(one.id) === week).map((one) => dayOf(one.at, zone)))
  const byId = new Map(offices.map((office) => [office.id, office]))
  return {
    ...line(week),
    check_ins: own.map((check_in) => ({
      check_in, office: byId.get(check_in.office_id ?? '') ?? null, counts_for: counted.get(check_in.id) ?? null,
      same_day: !counted.has(check_in.id) && days.has(dayOf(check_in.at, zone)),
    })),
    last: past[0]?.state === 'open' ? past[0] : null,
    past: past.filter((one) => one.state !== 'before'),
    rule: [...facts.rules].reverse().find((one) => one.from_week <= week) ?? USUAL,
    exemptions: exemptions.filter((one) => one.last_day >= addDays(mondayOf(week), -28)).sort((a, b) => b.first_day.localeCompare(a.first_day)),
    notice: noticeOf(notices, weeks.slice(-2).filter((name) => states.get(name) === 'open'), facts, dayOf(now, zone)),
  }
}

/** The newest reminder of a week that is still short. */
function noticeOf(notices: readonly NoticeRecord[], short: readonly IsoWeek[], facts: Facts, today: string): Notice | null {
  const [newestOne] = notices.filter((one) => short.includes(one.week)).sort((a, b) => b.at.localeCompare(a.at))
  if (!newestOne) return null
  const plan = planWeek(newestOne.week, facts)
  const day = expectedDays(plan, facts).filter((one) => one >= today).at(-1)
  // Past the last working day there is still the weekend, and the grace after it.
  return { ...newestOne, until: day ? { day, hour: null } : { day: addDays(plan.monday, 7), hour: plan.grace_hours } }
}

function newest<T extends { asked_at: string }>(rows: readonly T[]): T | null {
  return [...rows].sort((a, b) => b.asked_at.localeCompare(a.asked_at))[0] ?? null
}

/** What the rule looks at, of this person. */
async function factsOf(db: Db, first: IsoWeek, now: Date, zone: string): Promise<Facts> {
  const [rule, calendars, duty, me, exemptions, makeUps] = await Promise.all([
    db.office_rules.get('rule'),
    db.office_calendars.toArray(),
    db.office_duties.get(db.userId),
    db.people.get(db.userId),
    db.office_exemptions.toArray(),
    db.office_make_ups.where('week').aboveOrEqual(first).toArray(),
  ])
  // Until the server has told since when, nothing is said to be missed.
  const since = duty?.since ?? (me?.since ? dayOf(me.since, zone) : mondayOf(weekOf(now, zone)))
  return {
    zone, since,
    rules: rule?.versions ?? [USUAL],
    holidays: new Map(calendars.map((one) => [one.year, new Map(one.days.map((day) => [day.date, day.off]))])),
    away: exemptions.filter((one) => one.state === 'approved').map((one) => [one.first_day, one.last_day] as const),
    made_up: new Set(makeUps.filter((one) => one.state === 'approved').map((one) => one.week)),
  }
}

/**
 * What the phone's records say of a week: visits made, those that were successful, pieces handed out, tasks
 * that are open and that were done.
 * Successful: completed, with something to show for it (a photo, a handout or a note).
 */
export async function summaryOf(db: Db, week: IsoWeek): Promise<WeekSummary> {
  const zone = organisation.value.time_zone
  const isIn = (at: string) => weekOf(at, zone) === week
  // A day more on both sides than any zone needs; the week itself decides.
  const [from, to] = [addDays(mondayOf(week), -2), addDays(mondayOf(week), 9)]
  const visits = (await db.visits.where('checked_in_at').between(from, to).toArray())
    .filter((one) => isIn(one.checked_in_at) && one.state !== 'cancelled')
  const ids = visits.map((one) => one.id)
  const [tasks, photos, handouts, notes] = await Promise.all([
    taskCounts(db, week),
    db.photos.where('visit_id').anyOf(ids).toArray(),
    db.handouts.where('visit_id').anyOf(ids).filter((one) => !one.reversed_at).toArray(),
    db.notes.where('visit_id').anyOf(ids).toArray(),
  ])
  const shown = new Set([...photos, ...handouts, ...notes].map((one) => one.visit_id))
  return {
    visits: visits.length,
    successful: visits.filter((one) => one.state === 'completed' && shown.has(one.id)).length,
    handouts: handouts.filter((one) => isIn(one.at)).reduce((sum, one) => sum + one.quantity, 0),
    ...tasks,
    text: null,
  }
}
