import { describe, expect, it } from 'vitest'
import { arcs, bubbleSize, bubbleSvg, shortCount } from './icons'

describe('a bubble', () => {
  it.each([[1, '1'], [999, '999'], [1000, '1.0k'], [1234, '1.2k'], [9949, '9.9k'], [9950, '10k'], [34_400, '34k'], [999_400, '999k'], [1_200_000, '1.2M']])(
    'says %d as %s', (count, words) => {
      expect(shortCount(count)).toBe(words)
    })

  it('grows with the count, within bounds', () => {
    const sizes = [1, 10, 100, 1000, 1e6, 1e9].map(bubbleSize)
    expect([...sizes].sort((a, b) => a - b)).toEqual(sizes)
    expect(Math.min(...sizes)).toBeGreaterThanOrEqual(36)
    expect(Math.max(...sizes)).toBeLessThanOrEqual(64)
  })

  it('its ring is whole, and shows even one off-site among thousands', () => {
    const ring = arcs({ on_site: 5000, off_site: 1 })
    expect(ring.reduce((sum, arc) => sum + arc.length, 0)).toBeCloseTo(100, 6)
    expect(ring.find((arc) => arc.verdict === 'off_site')?.length).toBeGreaterThan(3)
    expect(ring[1]?.start).toBeCloseTo(ring[0]?.length ?? 0, 6)
  })

  it('names the doubtful ones by mark and number, not by colour alone', () => {
    const svg = bubbleSvg(12, { on_site: 8, uncertain: 1, off_site: 3 })
    expect(svg).toContain('✕3')
    expect(svg).toContain('?1')
    expect(bubbleSvg(8, { on_site: 8 })).not.toContain('doubts')
  })
})
