import { describe, expect, it } from 'vitest'
import { contrast, markSvg, VERDICT_STYLES, VERDICTS, WEEK_STATES, WEEK_STYLES, type MarkStyle } from './verdicts'

const TABLES: [string, MarkStyle[]][] = [
  ['verdicts', VERDICTS.map((verdict) => VERDICT_STYLES[verdict])],
  ['week states', WEEK_STATES.map((state) => WEEK_STYLES[state])],
]

describe.each(TABLES)('styles of %s', (_name, styles) => {
  it('differ in colour, in shape and in mark', () => {
    for (const key of ['color', 'shape', 'mark', 'letter'] as const) {
      const values = styles.map((style) => style[key])
      // Two week states may share an outline; the mark in it then tells them apart.
      if (key !== 'shape') expect(new Set(values).size).toBe(styles.length)
    }
    expect(new Set(styles.map((style) => style.shape + style.mark)).size).toBe(styles.length)
  })

  it('can be read: words on white and on their soft ground, and the white mark in the shape', () => {
    for (const style of styles) {
      expect(contrast(style.color, '#ffffff')).toBeGreaterThanOrEqual(4.5)
      expect(contrast(style.color, style.soft)).toBeGreaterThanOrEqual(4.5)
    }
  })
})

it('the four verdicts have four outlines', () => {
  expect(new Set(VERDICTS.map((verdict) => VERDICT_STYLES[verdict].shape)).size).toBe(4)
})

it('contrast follows the definition', () => {
  expect(contrast('#000000', '#ffffff')).toBeCloseTo(21, 5)
  expect(contrast('#777777', '#ffffff')).toBeCloseTo(4.48, 2)
  expect(contrast('#0b6bd3', '#0b6bd3')).toBe(1)
})

it('the mark is hidden from screen readers, which hear the words beside it', () => {
  expect(markSvg(VERDICT_STYLES.off_site, 20)).toContain('aria-hidden="true"')
})
