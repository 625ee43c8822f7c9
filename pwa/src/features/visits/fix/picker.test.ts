import { describe, expect, it } from 'vitest'
import { better, fixOf, needsReason, outlook, qualityOf, readingOf, savesItself, type Reading } from './picker'

const RULES = { max_accuracy_m: 150, cached_fix_max_age_s: 120 }
const reading = (accuracy_m: number, at = 0): Reading => ({ lat: 31.3, lon: 120.6, accuracy_m, at })
const position = (latitude: number, longitude: number, accuracy = 12): GeolocationPosition =>
  ({ coords: { latitude, longitude, accuracy }, timestamp: 5 }) as GeolocationPosition

describe('readingOf', () => {
  it('takes a place', () => {
    expect(readingOf(position(31.3, 120.6))).toEqual({ lat: 31.3, lon: 120.6, accuracy_m: 12, at: 5 })
  })
  it.each([[0, 0, 12], [Number.NaN, 120, 12], [91, 0.1, 12], [1, 181, 12], [1, 1, -1], [1, 1, Number.NaN]])(
    'refuses %d, %d ± %d', (lat, lon, accuracy) => {
      expect(readingOf(position(lat, lon, accuracy))).toBeNull()
    },
  )
})

describe('better', () => {
  const table: [Reading | null, Reading, number, string][] = [
    // kept, next, chosen accuracy, why
    [null, reading(900), 900, 'the first one'],
    [reading(50), reading(20, 1000), 20, 'more exact'],
    [reading(20), reading(50, 1000), 20, 'less exact'],
    [reading(20), reading(20, 1000), 20, 'as exact'],
    [reading(20), reading(80, 60_000), 80, 'the kept one is old'],
  ]
  it.each(table)('%o then %o: %d (%s)', (kept, next, accuracy) => {
    expect(better(kept, next).accuracy_m).toBe(accuracy)
  })
  it('takes the newer of two equals', () => {
    expect(better(reading(20), reading(20, 1000)).at).toBe(1000)
  })
})

it.each([[5, 'good'], [30, 'good'], [31, 'fair'], [100, 'fair'], [101, 'poor'], [3000, 'poor']])(
  'an accuracy of %d m is %s', (accuracy, quality) => {
    expect(qualityOf(accuracy)).toBe(quality)
  },
)

describe('fixOf', () => {
  it('carries the age in seconds', () => {
    expect(fixOf(reading(12.34, 1000), 3500)).toEqual({ lat: 31.3, lon: 120.6, accuracy_m: 12.3, age_s: 2.5, source: 'gps' })
  })
  it('names an old reading a remembered one', () => {
    expect(fixOf(reading(12, 0), 11_000)).toMatchObject({ age_s: 11, source: 'cached' })
  })
  it('never has a negative age', () => {
    expect(fixOf(reading(12, 9000), 1000).age_s).toBe(0)
  })
})

describe('outlook', () => {
  it.each([
    // distance, accuracy, fence: the rule of the server
    [150, 50, 200, 'inside'],
    [150, 51, 200, 'edge'],
    [250, 50, 200, 'edge'],
    [251, 50, 200, 'outside'],
    [null, 50, 200, 'unknown'],
  ])('%d m ± %d in %d m: %s', (distance, accuracy, fence, said) => {
    expect(outlook(distance, accuracy, fence)).toBe(said)
  })
})

describe('savesItself', () => {
  it.each([
    [50, 'inside', true],
    [51, 'inside', false],
    [10, 'edge', true],
    [10, 'outside', false], // perhaps the wrong store was pressed
    [10, 'unknown', true],
  ] as const)('± %d m, %s: %s', (accuracy, seen, saves) => {
    expect(savesItself(accuracy, seen)).toBe(saves)
  })
})

describe('needsReason', () => {
  it.each([
    [null, true],
    [fixOf(reading(150), 0), false],
    [fixOf(reading(151), 0), true],
    [fixOf(reading(10), 120_000), false],
    [fixOf(reading(10), 121_000), true],
  ])('%o: %s', (fix, needed) => {
    expect(needsReason(fix, RULES)).toBe(needed)
  })
})
