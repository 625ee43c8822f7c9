import { describe, expect, it } from 'vitest'
import { overlap, textWidth, thin, type Label } from './thin'

/** A small generator of its own, so that a failure can be repeated (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let value = Math.imul(state ^ (state >>> 15), 1 | state)
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value
    return ((value ^ (value >>> 14)) >>> 0) / 4294967296
  }
}

describe('names on the plain map', () => {
  it('never lie upon one another, whatever the input', () => {
    for (let seed = 0; seed < 50; seed += 1) {
      const random = seeded(seed)
      const labels: Label[] = Array.from({ length: 120 }, (_, index) => ({
        text: index % 2 ? `门店${index}号园区店` : `Store ${index}`, x: random() * 600, y: random() * 400, weight: Math.floor(random() * 5),
      }))
      const placed = thin(labels)
      expect(placed.length).toBeGreaterThan(0)
      for (const [index, label] of placed.entries()) {
        for (const other of placed.slice(index + 1)) expect(overlap(label, other)).toBe(false)
      }
    }
  })

  it('the heaviest stands right below its point, the next one moves aside', () => {
    const placed = thin([{ text: '小店', x: 10, y: 10, weight: 1 }, { text: '大店', x: 12, y: 12, weight: 9 }])
    expect(placed.map(({ text, dx, dy }) => [text, dx === 0 && dy === 0])).toEqual([['大店', true], ['小店', false]])
  })

  it('are the same whatever order the server answers in', () => {
    const labels: Label[] = [
      { text: 'a', x: 0, y: 0, weight: 1 }, { text: 'b', x: 3, y: 0, weight: 1 }, { text: 'c', x: 200, y: 0, weight: 1 },
    ]
    expect(thin(labels)).toEqual(thin([...labels].reverse()))
  })

  it('are no more than asked for', () => {
    const labels = Array.from({ length: 50 }, (_, index) => ({ text: 'x', x: index * 100, y: 0, weight: 1 }))
    expect(thin(labels, 20).length).toBe(20)
  })

  it('a Chinese character is as wide as it is high', () => {
    expect(textWidth('门店')).toBe(25)
    expect(textWidth('ab')).toBe(15)
  })

  it('leave the room of a bubble free', () => {
    const bubble = { x: 10, y: 10, width: 44, height: 44 }
    const [moved] = thin([{ text: '小店', x: 12, y: 12, weight: 1 }], 80, [bubble])
    expect(moved && overlap(moved, bubble)).toBe(false)
    expect(thin([{ text: '小店', x: 12, y: 60, weight: 1 }], 80, [bubble])).toHaveLength(1)
  })
})
