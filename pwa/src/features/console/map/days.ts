// The days of a range, and the part of them that the time slider shows. Days are text 2026-11-23.
import type { LocationQuery } from 'vue-router'
import { addDays, isDay } from '../lib/dates'
import type { Verdict } from '../types'

/** First and last day, both included. */
export interface Span { from: string; to: string }

/** A day's check-ins as GET /map/days counts them. */
export interface DayCount { day: string; count: number; by_verdict: Partial<Record<Verdict, number>> }

/** Places of a span's first and last day in its range, from 0. */
export interface Places { first: number; last: number }

export type Drag = 'move' | 'first' | 'last' | 'new'

const DAY_MS = 86_400_000

/** How many days a range has. */
export function length({ from, to }: Span): number {
  return Math.round((Date.parse(to) - Date.parse(from)) / DAY_MS) + 1
}

/** Every day of the range, those without check-ins too. */
export function everyDay(range: Span, counts: readonly DayCount[]): DayCount[] {
  const known = new Map(counts.map((one) => [one.day, one]))
  return Array.from({ length: length(range) }, (_, place) => {
    const day = addDays(range.from, place)
    return known.get(day) ?? { day, count: 0, by_verdict: {} }
  })
}

/** `span=2026-11-18,2026-11-20`; null for the whole range, or what is no part of it. */
export function spanFromQuery(query: LocationQuery, range: Span): Span | null {
  const value = query['span']
  const [from, to, more] = typeof value === 'string' ? value.split(',') : []
  if (!isDay(from) || !isDay(to) || more !== undefined) return null
  if (from > to || from < range.from || to > range.to) return null
  return from === range.from && to === range.to ? null : { from, to }
}

export function spanToQuery(span: Span | null): Record<'span', string | undefined> {
  return { span: span ? `${span.from},${span.to}` : undefined }
}

export function placesOf(span: Span | null, range: Span): Places {
  if (!span) return { first: 0, last: length(range) - 1 }
  const first = length({ from: range.from, to: span.from }) - 1
  return { first, last: first + length(span) - 1 }
}

/** The span at these places; null where it is the whole range. */
export function spanAt({ first, last }: Places, range: Span): Span | null {
  if (first <= 0 && last >= length(range) - 1) return null
  return { from: addDays(range.from, first), to: addDays(range.from, last) }
}

/** The same number of days, `by` days later (earlier when negative), as far as the range goes. */
export function move({ first, last }: Places, by: number, days: number): Places {
  const allowed = Math.max(-first, Math.min(by, days - 1 - last))
  return { first: first + allowed, last: last + allowed }
}

/** With the last day `by` days later; at least one day stays. */
export function resize({ first, last }: Places, by: number, days: number): Places {
  return { first, last: Math.max(first, Math.min(last + by, days - 1)) }
}

/** What a drag from one day to another makes of what was there when it began. */
export function drag(kind: Drag, start: Places, from: number, to: number, days: number): Places {
  if (kind === 'move') return move(start, to - from, days)
  // The end that is held may be drawn across the other one.
  const still = kind === 'first' ? start.last : kind === 'last' ? start.first : from
  return { first: Math.min(still, to), last: Math.max(still, to) }
}

/** What a key makes of the span; null for a key that means nothing here. */
export function keyed(key: string, shift: boolean, places: Places, days: number): Places | null {
  const by = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -7, PageUp: 7, Home: -days, End: days }[key]
  if (by !== undefined) return (shift ? resize : move)(places, by, days)
  return key === 'Escape' ? { first: 0, last: days - 1 } : null
}

/** How many check-ins the days of the span have. */
export function counted(every: readonly DayCount[], { first, last }: Places): number {
  return every.slice(first, last + 1).reduce((sum, one) => sum + one.count, 0)
}
