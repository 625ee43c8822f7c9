// What time it is, how much that can be trusted, and which day and week it is for the organisation.
import type { IsoTime, IsoWeek } from '../db/types'

/** Tells the time. Tests hand in their own. */
export interface Clock {
  /** The phone's wall clock; its owner can set it. */
  now(): Date
  /** Milliseconds by a counter nobody can set. It starts anew with each page. */
  monotonic(): number
  /** Names the counter: two readings compare only where this is equal. */
  readonly origin: number
}

export const systemClock: Clock = {
  now: () => new Date(),
  monotonic: () => performance.now(),
  get origin() {
    return performance.timeOrigin
  },
}

/** What the last answer of the server taught about this phone's clock. */
export interface Contact {
  /** Server minus phone, milliseconds. */
  offset_ms: number
  monotonic_ms: number
  origin: number
  /** The server's own time in that answer. Apps before 0.3 did not keep it. */
  server_at?: IsoTime
}

/** Sent with each op, so that "synced late" and "clock was moved" are told apart. */
export interface TimeEvidence {
  device_at: IsoTime
  clock_offset_ms: number | null
  monotonic_ms: number | null
  /** The server's own time at the contact that the offset comes from. */
  contact_at: IsoTime | null
}

/** `2026-11-23T09:15:00.000Z` */
export function nowIso(clock: Clock = systemClock): IsoTime {
  return clock.now().toISOString()
}

/** A reading of the clock, to be handed to contactOf when the answer is there. */
export interface Sent { at: number; monotonic_ms: number }

/** Call this just before a request. */
export function sending(clock: Clock): Sent {
  return { at: clock.now().getTime(), monotonic_ms: clock.monotonic() }
}

/** The clock offset by an answer: the server wrote its time half a round trip before it arrived. */
export function contactOf(clock: Clock, sent: Sent, serverTime: IsoTime): Contact | null {
  const server = Date.parse(serverTime)
  if (Number.isNaN(server)) return null
  const monotonic = clock.monotonic()
  const middle = sent.at + (monotonic - sent.monotonic_ms) / 2
  return { offset_ms: Math.round(server - middle), monotonic_ms: monotonic, origin: clock.origin, server_at: serverTime }
}

/** The evidence for an op made now. */
export function evidence(clock: Clock, contact: Contact | null): TimeEvidence {
  const sameSession = contact !== null && contact.origin === clock.origin
  return {
    device_at: nowIso(clock),
    clock_offset_ms: contact?.offset_ms ?? null,
    monotonic_ms: sameSession ? Math.max(0, Math.round(clock.monotonic() - contact.monotonic_ms)) : null,
    contact_at: contact?.server_at ?? null,
  }
}

/** The calendar day in a zone: `2026-11-23`. */
export function dayOf(at: Date | IsoTime, zone: string): string {
  // Swedish writes dates as ISO 8601 does. An Intl formatter is slow to make and asked for often.
  let format = dayFormats.get(zone)
  if (!format) {
    format = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, year: 'numeric', month: '2-digit', day: '2-digit' })
    dayFormats.set(zone, format)
  }
  return format.format(new Date(at))
}

const dayFormats = new Map<string, Intl.DateTimeFormat>()
const DAY_MS = 86_400_000

/** The ISO 8601 week in a zone: `2026-W48`. It belongs to the year that its Thursday lies in. */
export function weekOf(at: Date | IsoTime, zone: string): IsoWeek {
  const day = new Date(`${dayOf(at, zone)}T00:00:00Z`)
  const weekday = (day.getUTCDay() + 6) % 7
  const thursday = new Date(day.getTime() + (3 - weekday) * DAY_MS)
  const newYear = Date.UTC(thursday.getUTCFullYear(), 0, 1)
  const week = Math.floor((thursday.getTime() - newYear) / DAY_MS / 7) + 1
  return `${thursday.getUTCFullYear()}-W${String(week).padStart(2, '0')}`
}
