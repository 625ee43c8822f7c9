// Numbers, times and sentences as the reader's language writes them.
import { language, t } from '../i18n'
import { timeZone } from '../session'
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
