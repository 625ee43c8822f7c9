import { describe, expect, it } from 'vitest'
import type { Cluster, Place } from '../types'
import { inView, nearest } from './inView'

const cluster = (count: number, more: Partial<Cluster> = {}): Cluster => ({
  lat: 31, lon: 120, count, by_verdict: { on_site: count }, bounds: [120, 31, 120, 31], ...more,
})
const place = (name: string, lat: number, lon: number): Place => ({ name, lat, lon, weight: 1 })

describe('the list of what is in view', () => {
  it('reads the biggest first, then single check-ins from the newest', () => {
    const list = inView([
      cluster(1, { id: 'old', checked_in_at: '2026-11-20T01:00:00.000Z' }), cluster(3), cluster(20),
      cluster(1, { id: 'new', checked_in_at: '2026-11-21T01:00:00.000Z' }),
    ], [place('园区', 31.1, 120)])
    expect(list.map((one) => one.cluster.id ?? one.cluster.count)).toEqual([20, 3, 'new', 'old'])
    expect(list.map((one) => one.near)).toEqual(['园区', '园区', null, null])
    expect(new Set(list.map((one) => one.key)).size).toBe(4)
  })

  it('names the nearest place, with degrees of longitude as narrow as they are', () => {
    const north = { lat: 60, lon: 20 }
    expect(nearest(north, [place('above', 60.6, 20), place('beside', 60, 21)])).toBe('beside')
    expect(nearest(north, [])).toBeNull()
  })
})
