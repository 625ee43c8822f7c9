// Days and weeks of the organisation's zone. A day is text 2026-11-23, a week 2026-W48.

const DAY = /^\d{4}-\d{2}-\d{2}$/
const WEEK = /^(\d{4})-W(\d{2})$/
const DAY_MS = 86_400_000

/** The day on which an instant falls in a time zone. */
export function dayOf(at: Date, zone: string): string {
  const parts = new Intl.DateTimeFormat('en-CA', {
    timeZone: zone, year: 'numeric', month: '2-digit', day: '2-digit',
  }).formatToParts(at)
  const part = (type: string) => parts.find((found) => found.type === type)?.value ?? ''
  return `${part('year')}-${part('month')}-${part('day')}`
}

/** Whether the text names a day that exists. */
export function isDay(text: unknown): text is string {
  if (typeof text !== 'string' || !DAY.test(text)) return false
  const at = new Date(`${text}T00:00:00Z`)
  return !Number.isNaN(at.getTime()) && at.toISOString().startsWith(text)
}

/** The day `count` days later (earlier when negative). */
export function addDays(day: string, count: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + count * DAY_MS).toISOString().slice(0, 10)
}

/** The ISO 8601 week of a day: the week belongs to the year of its Thursday. */
export function weekOf(day: string): string {
  const thursday = addDays(day, 4 - isoWeekday(day))
  const year = thursday.slice(0, 4)
  const days = (Date.parse(`${thursday}T00:00:00Z`) - Date.parse(`${year}-01-01T00:00:00Z`)) / DAY_MS
  return `${year}-W${String(Math.floor(days / 7) + 1).padStart(2, '0')}`
}

/** Whether the text names a week that exists (2026-W53 does, 2025-W53 does not). */
export function isWeek(text: unknown): text is string {
  if (typeof text !== 'string' || !WEEK.test(text)) return false
  return weekOf(mondayOf(text)) === text
}

/** The Monday of a week. */
export function mondayOf(week: string): string {
  const match = WEEK.exec(week)
  const fourth = `${match?.[1] ?? '1970'}-01-04` // always in week 1
  return addDays(fourth, 1 - isoWeekday(fourth) + (Number(match?.[2] ?? 1) - 1) * 7)
}

/** The week `count` weeks later (earlier when negative). */
export function addWeeks(week: string, count: number): string {
  return weekOf(addDays(mondayOf(week), count * 7))
}

function isoWeekday(day: string): number {
  return new Date(`${day}T00:00:00Z`).getUTCDay() || 7
}
