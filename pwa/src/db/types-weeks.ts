// What the phone holds of the weekly office check-in: the rule, its calendar, requests and reminders.
import type { Id, IsoTime, IsoWeek } from './types'

/** What the rep tells of the week with a check-in: counts of the phone's records, and own words. */
export interface WeekSummary {
  visits: number
  successful: number
  handouts: number
  /** Open when it was told, and done in the week; not told by apps that knew no tasks. */
  tasks_open?: number
  tasks_done?: number
  text: string | null
}

/** The week rule from a week on; weekdays count from 1, Monday. */
export interface RuleVersion { from_week: IsoWeek; need: number; days: number[]; grace_hours: number }
export interface OfficeRuleRecord { id: string; versions: RuleVersion[]; rev: number }

/** A year's days that are not as their weekday says. No days: nobody has announced it. */
export interface OfficeCalendarRecord {
  id: string
  year: number
  days: { date: string; name: string; off: boolean }[]
  source: string
}

/** What the office has set for this person: the office they are bound to, and since which day weeks count. */
export interface OfficeDutyRecord { id: Id; office_id: Id | null; since: string | null; rev: number }

export type RequestState = 'pending' | 'approved' | 'declined'

export interface ExemptionRecord {
  id: Id
  person_id: Id
  kind: 'leave' | 'trip'
  /** Calendar days of the organisation, both inclusive. */
  first_day: string
  last_day: string
  reason: string
  state: RequestState
  asked_at: IsoTime
  decided_at: IsoTime | null
  note: string | null
}

export interface MakeUpRecord {
  id: Id
  person_id: Id
  week: IsoWeek
  reason: string
  state: RequestState
  asked_at: IsoTime
  decided_at: IsoTime | null
  note: string | null
}

/** A reminder about a week. */
export interface NoticeRecord { id: Id; week: IsoWeek; at: IsoTime }
