import { describe, expect, it } from 'vitest'
import type { MapConfig } from '../types'
import { boundsFromShown, fromShown, shownCrs, toShown, type Position } from './shown'

/** Metres between two near positions (equirectangular: good to a per mille over a kilometre). */
function metres(a: Position, b: Position): number {
  const scale = 111_320
  return Math.hypot((a.lat - b.lat) * scale, (a.lon - b.lon) * scale * Math.cos((a.lat * Math.PI) / 180))
}

const CITIES: [string, Position][] = [
  ['Suzhou', { lat: 31.299, lon: 120.585 }],
  ['Beijing', { lat: 39.9042, lon: 116.4074 }],
  ['Kashgar', { lat: 39.4704, lon: 75.9898 }],
  ['Sanya', { lat: 18.2528, lon: 109.512 }],
]

describe('positions on GCJ-02 tiles', () => {
  it.each(CITIES)('%s is drawn where Chinese tiles show it', (_name, position) => {
    const offset = metres(position, toShown(position, 'gcj02'))
    expect(offset).toBeGreaterThan(100)
    expect(offset).toBeLessThan(1_100)
  })

  it.each(CITIES)('%s comes back within a metre', (_name, position) => {
    expect(metres(position, fromShown(toShown(position, 'gcj02'), 'gcj02'))).toBeLessThan(1)
  })

  it('outside China nothing moves', () => {
    const tokyo = { lat: 35.6762, lon: 139.6503 }
    expect(toShown(tokyo, 'gcj02')).toEqual(tokyo)
    expect(fromShown(tokyo, 'gcj02')).toEqual(tokyo)
  })
})

it('on WGS-84 tiles nothing moves', () => {
  const suzhou = { lat: 31.299, lon: 120.585 }
  expect(toShown(suzhou, 'wgs84')).toEqual(suzhou)
})

describe('the system on screen', () => {
  const config: MapConfig = { tiles_url: null, pmtiles_url: null, crs: 'gcj02', attribution: '', max_zoom: 18 }
  it('is that of the tiles', () => {
    expect(shownCrs({ ...config, tiles_url: 'https://t.example/{z}/{x}/{y}.png' })).toBe('gcj02')
    expect(shownCrs({ ...config, pmtiles_url: '/map.pmtiles' })).toBe('gcj02')
  })
  it('is WGS-84 without tiles, whatever was declared', () => {
    expect(shownCrs(config)).toBe('wgs84')
    expect(shownCrs(null)).toBe('wgs84')
  })
})

it('a box is asked for in WGS-84 and within the world', () => {
  expect(boundsFromShown([-200, -90, 200, 90], 'wgs84')).toEqual([-180, -85, 180, 85])
  const [west, south] = boundsFromShown([120.5, 31.2, 120.7, 31.4], 'gcj02')
  expect(west).toBeLessThan(120.5) // GCJ-02 lies east of WGS-84 around Suzhou
  expect(Math.abs(south - 31.2)).toBeLessThan(0.01)
})
