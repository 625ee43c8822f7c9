// The lines of latitude and longitude that stand in for a map where the operator has configured none.
import type { Bounds } from '../types'

/** Degrees between two lines, coarse to fine. */
export const STEPS: readonly number[] = [
  90, 45, 30, 15, 10, 5, 2, 1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001, 0.0005, 0.0002, 0.0001,
]

/** The finest step whose lines are at least `apart` pixels from each other. */
export function gridStep(degreesPerPixel: number, apart = 110): number {
  let step = STEPS[0] as number
  for (const finer of STEPS) if (finer >= degreesPerPixel * apart) step = finer
  return step
}

/** The multiples of `step` from `low` to `high`, both included, free of summed-up rounding. */
export function gridValues(low: number, high: number, step: number): number[] {
  const values: number[] = []
  const digits = decimals(step)
  for (let n = Math.ceil(low / step - 1e-9); n * step <= high + step * 1e-9; n += 1) {
    values.push(Number((n * step).toFixed(digits)) + 0)
  }
  return values
}

/** The lines of a box: latitudes within the world, longitudes as they come. */
export function gridLines([west, south, east, north]: Bounds, step: number): { lats: number[]; lons: number[] } {
  return {
    lats: gridValues(Math.max(south, -85), Math.min(north, 85), step),
    lons: gridValues(Math.max(west, -180), Math.min(east, 180), step),
  }
}

/** A line's label, as exact as the step: 31.25°N, 120.6°E, 0° */
export function degrees(value: number, step: number, axis: 'lat' | 'lon'): string {
  const text = `${Math.abs(value).toFixed(decimals(step))}°`
  if (value === 0) return text
  if (axis === 'lat') return text + (value > 0 ? 'N' : 'S')
  return text + (value > 0 ? 'E' : 'W')
}

function decimals(step: number): number {
  return step >= 1 ? 0 : Math.ceil(-Math.log10(step) - 1e-9)
}
