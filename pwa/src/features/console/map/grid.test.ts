import { describe, expect, it } from 'vitest'
import { degrees, gridLines, gridStep, gridValues, STEPS } from './grid'

describe('steps of the grid', () => {
  it('are the finest that keep the lines apart', () => {
    // Web Mercator: 360° over 256 pixels at zoom 0, half of it at each zoom further in.
    for (let zoom = 0; zoom <= 20; zoom += 1) {
      const perPixel = 360 / (256 * 2 ** zoom)
      const step = gridStep(perPixel)
      const finer = STEPS[STEPS.indexOf(step) + 1]
      const fits = step / perPixel >= 110
      expect(fits || step === STEPS[0]).toBe(true)
      if (finer !== undefined && fits) expect(finer / perPixel).toBeLessThan(110)
    }
  })

  it('fall to the coarsest where nothing fits', () => {
    expect(gridStep(10)).toBe(90)
  })
})

describe('values of the grid', () => {
  it('include both ends and are free of summed-up rounding', () => {
    expect(gridValues(31.1, 31.3, 0.1)).toEqual([31.1, 31.2, 31.3])
    expect(gridValues(-0.2, 0.2, 0.1)).toEqual([-0.2, -0.1, 0, 0.1, 0.2])
  })

  it('are none where no multiple lies within', () => {
    expect(gridValues(31.11, 31.19, 0.1)).toEqual([])
  })

  it('stay within the world', () => {
    const { lats, lons } = gridLines([-200, -100, 200, 100], 45)
    expect(lats).toEqual([-45, 0, 45])
    expect(lons).toEqual([-180, -135, -90, -45, 0, 45, 90, 135, 180])
  })
})

describe('labels of the grid', () => {
  it.each([
    [31.25, 0.05, 'lat', '31.25°N'],
    [31.2, 0.05, 'lat', '31.20°N'],
    [-33.9, 0.1, 'lat', '33.9°S'],
    [120.6, 0.1, 'lon', '120.6°E'],
    [-120, 5, 'lon', '120°W'],
    [0, 1, 'lon', '0°'],
  ] as const)('%f in steps of %f on %s is %s', (value, step, axis, words) => {
    expect(degrees(value, step, axis)).toBe(words)
  })
})
