// Markers as SVG text. Only our own constants and numbers go into the text, never words from the data.
import { markSvg, VERDICT_STYLES, VERDICTS } from '../lib/verdicts'
import type { Verdict } from '../types'

export type Counts = Partial<Record<Verdict, number>>

/** Pixels of a bubble's diameter: grows slowly, so that ten and a thousand both stay readable. */
export function bubbleSize(count: number): number {
  return Math.round(Math.min(64, 36 + 8 * Math.log10(Math.max(count, 1))))
}

/** A count in at most four characters: 950, 1.2k, 34k */
export function shortCount(count: number): string {
  if (count < 1000) return String(count)
  const thousands = count / 1000
  return thousands < 9.95 ? `${thousands.toFixed(1)}k` : thousands < 999.5 ? `${Math.round(thousands)}k` : `${(count / 1e6).toFixed(1)}M`
}

/** The ring's arcs: start and length in percent of the circle, doubtful verdicts never thinner than 4 %. */
export function arcs(counts: Counts): { verdict: Verdict; start: number; length: number }[] {
  const present = VERDICTS.filter((verdict) => (counts[verdict] ?? 0) > 0)
  const total = present.reduce((sum, verdict) => sum + (counts[verdict] ?? 0), 0)
  const shares = present.map((verdict) => Math.max(4, ((counts[verdict] ?? 0) / total) * 100))
  const whole = shares.reduce((sum, share) => sum + share, 0)
  let start = 0
  return present.map((verdict, index) => {
    const length = ((shares[index] ?? 0) / whole) * 100
    const arc = { verdict, start, length }
    start += length
    return arc
  })
}

/** A bubble: the number, a ring of verdicts, and below it the doubtful ones by mark and number. */
export function bubbleSvg(count: number, counts: Counts): string {
  const size = bubbleSize(count)
  const ring = arcs(counts).map(({ verdict, start, length }) =>
    `<circle cx="21" cy="21" r="18" fill="none" stroke="${VERDICT_STYLES[verdict].color}" stroke-width="5" ` +
    `pathLength="100" stroke-dasharray="${length.toFixed(2)} 100" stroke-dashoffset="${(-start).toFixed(2)}" transform="rotate(-90 21 21)"/>`)
  const doubts = VERDICTS.filter((verdict) => verdict !== 'on_site' && (counts[verdict] ?? 0) > 0).map((verdict) =>
    `<span style="color:${VERDICT_STYLES[verdict].color}">${VERDICT_STYLES[verdict].letter}${shortCount(counts[verdict] ?? 0)}</span>`)
  return (
    `<svg width="${size}" height="${size}" viewBox="0 0 42 42" aria-hidden="true"><circle cx="21" cy="21" r="20.5" fill="#fff"/>` +
    `${ring.join('')}<text x="21" y="25" text-anchor="middle" font-size="12" font-weight="700" fill="#1d2530">${shortCount(count)}</text></svg>` +
    (doubts.length > 0 ? `<span class="doubts" aria-hidden="true">${doubts.join('')}</span>` : '')
  )
}

/** A single check-in. */
export function checkInSvg(verdict: Verdict, size = 26): string {
  return markSvg(VERDICT_STYLES[verdict], size)
}

/** The place that should have been visited: a pin whose tip is the position. */
export const PLACE_PIN =
  '<svg width="30" height="38" viewBox="0 0 30 38" aria-hidden="true">' +
  '<path d="M15 37C15 37 28 23 28 14A13 13 0 1 0 2 14C2 23 15 37 15 37Z" fill="#173d6e" stroke="#fff" stroke-width="2"/>' +
  '<path d="M8.5 12l1.3-4h10.4l1.3 4M9.5 12.5v7h11v-7M13 19.500v-4.500h4v4.500" fill="none" stroke="#fff" stroke-width="1.800" stroke-linejoin="round"/></svg>'
