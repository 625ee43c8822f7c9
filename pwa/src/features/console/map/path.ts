// A rep's day as the check-ins tell it: stops in their order, and what lies between two of them.
// Nobody is followed between visits, so a leg is a straight line, never a way that was taken.
import { distanceM } from '@/kernel/geo'
import type { VisitRow } from '../types'
import type { Position } from './shown'

export interface Stop { /** From 1. */ number: number; visit: VisitRow; at: Position | null }

/** Between a stop and the one before. */
export interface Leg {
  /** Seconds from leaving the one to arriving at the other; less than 0 where the visits overlap. */
  seconds: number
  /** The one before was never checked out of: the seconds count from its check-in. */
  fromCheckIn: boolean
  /** As the crow flies; null where one of them has no position. */
  metres: number | null
}

/** The stops of a day's visits, the earliest first. */
export function stopsOf(visits: readonly VisitRow[]): Stop[] {
  return [...visits]
    .sort((a, b) => (a.checked_in_at < b.checked_in_at ? -1 : a.checked_in_at > b.checked_in_at ? 1 : 0))
    .map((visit, place) => ({
      number: place + 1, visit, at: visit.fix ? { lat: visit.fix.lat, lon: visit.fix.lon } : null,
    }))
}

export function legBetween(before: Stop, after: Stop): Leg {
  const left = before.visit.checked_out_at
  return {
    seconds: (Date.parse(after.visit.checked_in_at) - Date.parse(left ?? before.visit.checked_in_at)) / 1000,
    fromCheckIn: left === null,
    metres: before.at && after.at ? distanceM(before.at.lat, before.at.lon, after.at.lat, after.at.lon) : null,
  }
}

/** Neighbouring stops of which both have a position: what is drawn as a line. */
export function drawnLegs(stops: readonly Stop[]): { before: Stop; after: Stop; leg: Leg }[] {
  return stops.slice(1).flatMap((after, place) => {
    const before = stops[place] as Stop
    return before.at && after.at ? [{ before, after, leg: legBetween(before, after) }] : []
  })
}

export interface Spot { x: number; y: number; stops: Stop[] }

/** Stops so close on screen that their numbers would cover one another share one mark. */
export function spotsOf(stops: readonly Stop[], pixel: (at: Position) => { x: number; y: number }, apart = 24): Spot[] {
  const spots: Spot[] = []
  for (const stop of stops) {
    if (!stop.at) continue
    const { x, y } = pixel(stop.at)
    const near = spots.find((spot) => Math.hypot(spot.x - x, spot.y - y) < apart)
    if (near) near.stops.push(stop)
    else spots.push({ x, y, stops: [stop] })
  }
  return spots
}

/** The numbers of a mark: 3, 3·7, 3–5, 3·7… */
export function numbersOf(stops: readonly Stop[]): string {
  const numbers = stops.map((stop) => stop.number)
  const [first, last] = [numbers[0] as number, numbers[numbers.length - 1] as number]
  if (numbers.length > 2 && last - first === numbers.length - 1) return `${first}–${last}`
  return numbers.length > 2 ? `${first}·${numbers[1]}…` : numbers.join('·')
}
