import { describe, expect, it } from 'vitest'
import { counted, drag, everyDay, keyed, length, move, placesOf, resize, spanAt, spanFromQuery, spanToQuery } from './days'

const RANGE = { from: '2026-02-25', to: '2026-03-06' }
const DAYS = 10

describe('the days of a range', () => {
  it('are all there, those without check-ins too', () => {
    const every = everyDay(RANGE, [{ day: '2026-03-01', count: 3, by_verdict: { on_site: 2, off_site: 1 } }])
    expect(every).toHaveLength(DAYS)
    expect(every.map((one) => one.day).slice(3, 5)).toEqual(['2026-02-28', '2026-03-01'])
    expect(every.map((one) => one.count)).toEqual([0, 0, 0, 0, 3, 0, 0, 0, 0, 0])
    expect(counted(every, { first: 4, last: 4 })).toBe(3)
    expect(counted(every, { first: 5, last: 9 })).toBe(0)
  })

  it('one day is a range', () => {
    expect(length({ from: '2026-03-01', to: '2026-03-01' })).toBe(1)
  })
})

describe('the span in the address', () => {
  it('comes back as it went', () => {
    const span = { from: '2026-02-27', to: '2026-03-01' }
    expect(spanFromQuery({ span: spanToQuery(span).span ?? '' }, RANGE)).toEqual(span)
    expect(spanAt(placesOf(span, RANGE), RANGE)).toEqual(span)
    expect(spanToQuery(null)).toEqual({ span: undefined })
  })

  it.each([
    '', 'x', '2026-02-27', '2026-02-27,2026-02-30', '2026-03-01,2026-02-27', '2026-02-24,2026-03-01',
    '2026-03-01,2026-03-07', '2026-02-27,2026-03-01,', '2026-02-25,2026-03-06',
  ])('%j is the whole range', (span) => {
    expect(spanFromQuery({ span }, RANGE)).toBeNull()
  })
})

describe('the span by hand', () => {
  const places = { first: 3, last: 5 }

  it('moves as it is, and stops at the ends', () => {
    expect(move(places, 2, DAYS)).toEqual({ first: 5, last: 7 })
    expect(move(places, 9, DAYS)).toEqual({ first: 7, last: 9 })
    expect(move(places, -9, DAYS)).toEqual({ first: 0, last: 2 })
  })

  it('keeps one day at least', () => {
    expect(resize(places, -9, DAYS)).toEqual({ first: 3, last: 3 })
    expect(resize(places, 9, DAYS)).toEqual({ first: 3, last: 9 })
  })

  it.each([
    ['move', 4, 6, { first: 5, last: 7 }],
    ['first', 3, 1, { first: 1, last: 5 }],
    ['first', 3, 8, { first: 5, last: 8 }],
    ['last', 5, 0, { first: 0, last: 3 }],
    ['new', 8, 6, { first: 6, last: 8 }],
  ] as const)('dragged: %s from %i to %i', (kind, from, to, wanted) => {
    expect(drag(kind, places, from, to, DAYS)).toEqual(wanted)
  })

  it.each([
    ['ArrowRight', false, { first: 4, last: 6 }],
    ['ArrowLeft', true, { first: 3, last: 4 }],
    ['PageUp', true, { first: 3, last: 9 }],
    ['Home', false, { first: 0, last: 2 }],
    ['End', false, { first: 7, last: 9 }],
    ['Escape', false, { first: 0, last: 9 }],
    ['a', false, null],
  ] as const)('by the key %s (shift: %s)', (key, shift, wanted) => {
    expect(keyed(key, shift, places, DAYS)).toEqual(wanted)
  })
})
