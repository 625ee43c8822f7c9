// Numbers, times and sentences as the reader's language writes them.
import { language, t } from '../i18n'
import { now, timeZone } from '../session'
import type { Words } from '../types'

/** Day and time of an instant in the organisation's zone: 11月23日 09:15 */
export function dayTime(at: string | null): string {
  return at ? format(at, { month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }) : ''
}

/** The same with year and seconds, for evidence. */
export function exactTime(at: string | null): string {
  return at ? format(at, { dateStyle: 'medium', timeStyle: 'medium', hourCycle: 'h23' }) : ''
}

/** Hours and minutes only. */
export function clockTime(at: string | null): string {
  return at ? format(at, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }) : ''
}

/** A day 2026-11-23 as month and day. */
export function shortDay(day: string): string {
  return new Intl.DateTimeFormat(language(), { month: 'numeric', day: 'numeric', timeZone: 'UTC' })
    .format(new Date(`${day}T00:00:00Z`))
}

/** A day 2026-11-23 in full, with its weekday. */
export function longDay(day: string): string {
  return new Intl.DateTimeFormat(language(), { dateStyle: 'full', timeZone: 'UTC' }).format(new Date(`${day}T00:00:00Z`))
}

/** Metres below a kilometre, then kilometres. */
export function distance(metres: number | null): string {
  if (metres === null) return t('common.unknown')
  const rounded = Math.round(metres)
  if (rounded < 1000) return t('common.metres', { n: rounded })
  const digits = rounded < 100_000 ? 1 : 0
  const n = new Intl.NumberFormat(language(), { maximumFractionDigits: digits }).format(rounded / 1000)
  return t('common.kilometres', { n })
}

/** Seconds as minutes, with hours where there are any. */
export function duration(seconds: number | null): string {
  if (seconds === null) return ''
  if (seconds < 60) return t('common.seconds', { n: Math.round(seconds) })
  const minutes = Math.round(seconds / 60)
  if (minutes < 60) return t('common.minutes', { n: minutes })
  return t('common.hours', { h: Math.floor(minutes / 60), m: minutes % 60 })
}

const UNITS = [['day', 86_400, 2], ['hour', 3_600, 1], ['minute', 60, 0]] as const

/** How long ago an instant was, in the largest unit that says enough: 3 days ago, 30 hours ago. */
export function ago(at: string): string {
  const seconds = Math.max(0, (now().getTime() - Date.parse(at)) / 1000)
  const [unit, size] = UNITS.find(([, length, least]) => seconds >= length * least) ?? UNITS[2]
  return new Intl.RelativeTimeFormat(language()).format(-Math.floor(seconds / size), unit)
}

/** Bytes as megabytes, or gigabytes where there are that many. */
export function bytes(number: number): string {
  const giga = number >= 1e9
  const n = new Intl.NumberFormat(language(), { maximumFractionDigits: giga ? 1 : 0 }).format(number / (giga ? 1e9 : 1e6))
  return t(giga ? 'common.gigabytes' : 'common.megabytes', { n })
}

export function count(number: number): string {
  return new Intl.NumberFormat(language()).format(number)
}

/** The sentence in the reader's language; the other one is better than none. */
export function say(words: Words | null | undefined): string {
  return words?.[language()] ?? words?.['zh-CN'] ?? ''
}

function format(at: string, options: Intl.DateTimeFormatOptions): string {
  return new Intl.DateTimeFormat(language(), { timeZone: timeZone.value, ...options }).format(new Date(at))
}
