import { describe, expect, it } from 'vitest'
import type { Cluster } from '../types'
import { join, mergeClose } from './merge'

const bubble = (lon: number, count: number, off = 0): Cluster => ({
  lat: 0, lon, count, by_verdict: { on_site: count - off, ...(off && { off_site: off }) }, bounds: [lon, 0, lon, 0],
})
const pin = (lon: number, id: string): Cluster => ({ ...bubble(lon, 1), id })
/** A hundred pixels a degree. */
const at = (cluster: Cluster) => ({ x: cluster.lon * 100, y: 0 })

describe('bubbles that lie upon one another', () => {
  it('become one, with every count', () => {
    const [one, ...rest] = mergeClose([bubble(0, 30, 2), bubble(0.1, 12, 1)], at)
    expect(rest).toEqual([])
    expect(one).toMatchObject({ count: 42, by_verdict: { on_site: 39, off_site: 3 }, bounds: [0, 0, 0.1, 0], lon: 0 })
  })

  it('that stand apart stay', () => {
    expect(mergeClose([bubble(0, 30), bubble(1, 12)], at).length).toBe(2)
  })

  it('a merged one no longer opens a visit: a click goes closer', () => {
    const [one] = mergeClose([pin(0, 'a'), pin(0.05, 'b')], at)
    expect(one?.count).toBe(2)
    expect(one?.id).toBeUndefined()
  })

  it('two pins side by side stay two', () => {
    expect(mergeClose([pin(0, 'a'), pin(0.2, 'b')], at).map((one) => one.id)).toEqual(['a', 'b'])
  })

  it('never lose a check-in', () => {
    const many = Array.from({ length: 100 }, (_, index) => bubble((index % 17) / 10, (index % 9) + 1))
    const sum = (list: Cluster[]) => list.reduce((total, one) => total + one.count, 0)
    const merged = mergeClose(many, at)
    expect(sum(merged)).toBe(sum(many))
    expect(merged.length).toBeLessThan(many.length)
  })
})

it('two joined lie at their common centre', () => {
  expect(join(bubble(0, 30), bubble(4, 10)).lon).toBe(1)
})
