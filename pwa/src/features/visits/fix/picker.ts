// Choosing among position readings. Pure: which is better, how good it is, what it means for the rep.
import { isPosition } from '@/kernel/geo'

/** A reading as it is kept and sent: degrees WGS-84, metres, seconds. */
export interface Fix {
  lat: number
  lon: number
  accuracy_m: number
  age_s: number
  source: 'gps' | 'cached'
}

/** A reading with the moment it was taken (ms since 1970 by the phone's clock). */
export interface Reading {
  lat: number
  lon: number
  accuracy_m: number
  at: number
}

export type Quality = 'good' | 'fair' | 'poor'
/** What the rule of the server will most likely say; the phone only warns, it never judges. */
export type Outlook = 'inside' | 'edge' | 'outside' | 'unknown'

export const GOOD_M = 30
export const FAIR_M = 100
/** Saved without a further tap up to this accuracy. */
export const AUTO_SAVE_M = 50
/** An older reading was not taken now, but remembered by the phone. */
const FRESH_S = 10
/** A reading this much older says less about now, however exact it was. */
const REPLACES_AFTER_MS = 45_000

/** Take over what the browser gives. Null for numbers that are no place (0,0 is what broken chips say). */
export function readingOf(position: GeolocationPosition): Reading | null {
  const { latitude, longitude, accuracy } = position.coords
  if (!isPosition(latitude, longitude) || !Number.isFinite(accuracy) || accuracy < 0) return null
  return { lat: latitude, lon: longitude, accuracy_m: accuracy, at: position.timestamp }
}

/** The better of two readings: the more exact one, unless it has become old. */
export function better(kept: Reading | null, next: Reading): Reading {
  if (kept === null || next.at - kept.at > REPLACES_AFTER_MS) return next
  return next.accuracy_m <= kept.accuracy_m ? next : kept
}

/** How good a reading is, in three steps a person can act on. */
export function qualityOf(accuracyM: number): Quality {
  if (accuracyM <= GOOD_M) return 'good'
  return accuracyM <= FAIR_M ? 'fair' : 'poor'
}

/** The reading as a fix at the moment `now` (ms). */
export function fixOf(reading: Reading, now: number): Fix {
  // Some phones stamp readings with a clock of their own that runs ahead.
  const age = Math.max(0, (now - reading.at) / 1000)
  return {
    lat: reading.lat,
    lon: reading.lon,
    accuracy_m: Math.round(reading.accuracy_m * 10) / 10,
    age_s: Math.round(age * 10) / 10,
    source: age > FRESH_S ? 'cached' : 'gps',
  }
}

/** Does this fix lie inside the fence? d + a ≤ r: inside; d − a > r: outside; r is radius plus pin quality. */
export function outlook(distanceM: number | null, accuracyM: number, fenceM: number): Outlook {
  if (distanceM === null) return 'unknown'
  if (distanceM + accuracyM <= fenceM) return 'inside'
  return distanceM - accuracyM > fenceM ? 'outside' : 'edge'
}

/** May it be saved without a further tap? Not when it says another place: then a person should look first. */
export function savesItself(accuracyM: number, seen: Outlook): boolean {
  return accuracyM <= AUTO_SAVE_M && seen !== 'outside'
}

/** A reason is asked for where the position will prove nothing. */
export function needsReason(fix: Fix | null, rules: { max_accuracy_m: number; cached_fix_max_age_s: number }): boolean {
  return fix === null || fix.accuracy_m > rules.max_accuracy_m || fix.age_s > rules.cached_fix_max_age_s
}
