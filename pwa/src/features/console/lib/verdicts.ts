// How a verdict looks. Never by colour alone: each has its own shape and its own mark.
import type { Verdict, WeekState } from '../types'

export interface MarkStyle {
  /** Fill, dark enough for white marks and for text on white (contrast of at least 4.5). */
  color: string
  /** Background of a tag or cell. */
  soft: string
  /** Outline in a 24 × 24 box. */
  shape: string
  /** The mark in the shape: a stroke in the same box. */
  mark: string
  /** The mark as one character, for text. */
  letter: string
}

const CIRCLE = 'M12 2a10 10 0 1 0 0 20a10 10 0 0 0 0-20Z'
const TRIANGLE = 'M12 1.5L23.2 21.5H.8Z'
const SQUARE = 'M3.5 3.5h17v17h-17Z'
const DIAMOND = 'M12 .8L23.2 12L12 23.2L.8 12Z'
const SPECK = 'M12 8.5a3.5 3.5 0 1 0 0 7a3.5 3.5 0 0 0 0-7Z'

const TICK = 'M7.5 12.4l3.1 3.1l6-6.4'
const QUESTION = 'M9.9 12.1a2.2 2.2 0 1 1 3.3 1.9c-.8.5-1.1.8-1.1 1.7M12.1 18.6v.1'
const CROSS = 'M8 8l8 8M16 8l-8 8'
const DASH = 'M8 12h8'
const CLOCK = 'M12 7.500v5l3.200 1.900'
const PLUS = 'M12 7.500v9M7.500 12h9'
const DOTS = 'M7.5 12v.1M12 12v.1M16.5 12v.1'

export const VERDICTS: readonly Verdict[] = ['on_site', 'uncertain', 'off_site', 'unverifiable']

export const VERDICT_STYLES: Record<Verdict, MarkStyle> = {
  on_site: { color: '#137a3e', soft: '#e6f4ec', shape: CIRCLE, mark: TICK, letter: '✓' },
  uncertain: { color: '#8f5b00', soft: '#fdf3df', shape: TRIANGLE, mark: QUESTION, letter: '?' },
  off_site: { color: '#bf2329', soft: '#fdecec', shape: SQUARE, mark: CROSS, letter: '✕' },
  unverifiable: { color: '#59606b', soft: '#eef0f3', shape: DIAMOND, mark: DASH, letter: '–' },
}

export const WEEK_STATES: readonly WeekState[] = ['done', 'late', 'made_up', 'exempt', 'doubtful', 'open', 'missed', 'before']

export const WEEK_STYLES: Record<WeekState, MarkStyle> = {
  done: VERDICT_STYLES.on_site,
  late: { color: '#0f6b70', soft: '#e2f3f4', shape: CIRCLE, mark: CLOCK, letter: '◷' },
  made_up: { color: '#4c6a12', soft: '#eef4df', shape: CIRCLE, mark: PLUS, letter: '+' },
  exempt: { color: '#59606b', soft: '#eef0f3', shape: SQUARE, mark: DASH, letter: '–' },
  doubtful: VERDICT_STYLES.uncertain,
  open: { color: '#2c5f9e', soft: '#e9f1fb', shape: DIAMOND, mark: DOTS, letter: '…' },
  missed: VERDICT_STYLES.off_site,
  // Small: nothing is asked of anybody, so no eye should stop at it.
  before: { color: '#626b78', soft: '#f6f7f9', shape: SPECK, mark: '', letter: '·' },
}

/** An inline SVG of the style, `size` pixels wide. Built from our own constants only. */
export function markSvg(style: MarkStyle, size: number): string {
  return (
    `<svg width="${size}" height="${size}" viewBox="0 0 24 24" aria-hidden="true">` +
    `<path d="${style.shape}" fill="${style.color}" stroke="#fff" stroke-width="1.6" stroke-linejoin="round"/>` +
    `<path d="${style.mark}" fill="none" stroke="#fff" stroke-width="2.2" stroke-linecap="round" stroke-linejoin="round"/></svg>`
  )
}

/** The WCAG contrast of two colours #rrggbb, from 1 to 21 (WCAG 2.2, relative luminance). */
export function contrast(a: string, b: string): number {
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y) as [number, number]
  return (high + 0.05) / (low + 0.05)
}

function luminance(color: string): number {
  const part = (from: number) => {
    const value = parseInt(color.slice(from, from + 2), 16) / 255
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
  }
  return 0.2126 * part(1) + 0.7152 * part(3) + 0.0722 * part(5)
}
