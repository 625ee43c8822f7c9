import { describe, expect, it } from 'vitest'
import { arrowTo, byDay, comparable, daysApart, pairFromQuery, partnerOf, united, type WallPhoto } from './wall'

const photo = (id: string, day: string, more: Partial<WallPhoto> = {}): WallPhoto => ({
  id, day, taken_at: `${day}T0${id.length}:00:00.000Z`, store_id: 's1', kind: 'shelf', visit_id: 'v', store_name: '', store_code: '',
  author_id: '', author_name: '', region_id: '', region_name: '', source: 'camera', ...more,
})

describe('the wall', () => {
  it('is hung by day, in its order', () => {
    const days = byDay([photo('c', '2026-11-22'), photo('b', '2026-11-22'), photo('a', '2026-11-20')])
    expect(days.map(({ day, photos }) => [day, photos.map((one) => one.id)])).toEqual([
      ['2026-11-22', ['c', 'b']], ['2026-11-20', ['a']],
    ])
  })

  // Two rows of one day, one of another with an odd width:
  //   0 1 2
  //   3
  //   4 5
  const corners = [[0, 0], [100, 0], [200, 0], [0, 90], [0, 220], [90, 220]].map(([x, y]) => ({ x: x!, y: y! }))
  it.each([
    ['ArrowRight', 2, 3], ['ArrowLeft', 3, 2], ['ArrowLeft', 0, 0], ['ArrowRight', 5, 5],
    ['ArrowDown', 2, 3], ['ArrowDown', 3, 4], ['ArrowUp', 5, 3], ['ArrowUp', 3, 0], ['ArrowUp', 1, 1], ['ArrowDown', 4, 4],
    ['Home', 4, 0], ['End', 1, 5], ['Enter', 1, null],
  ])('%s leads from %i to %s', (key, from, to) => {
    expect(arrowTo(key, from, corners)).toBe(to)
  })

  it('a key on an empty wall leads nowhere', () => {
    expect(arrowTo('ArrowDown', 0, [])).toBe(0)
  })
})

describe('before and after', () => {
  const day1 = photo('a', '2026-11-01')
  const day5 = photo('bb', '2026-11-05')
  const day9 = photo('ccc', '2026-11-09')

  it('are of one store, one kind and different days', () => {
    expect(comparable(day1, day5)).toBe(true)
    expect(comparable(day1, photo('x', '2026-11-01'))).toBe(false)
    expect(comparable(day1, photo('x', '2026-11-05', { kind: 'pile' }))).toBe(false)
    expect(comparable(day1, photo('x', '2026-11-05', { store_id: 's2' }))).toBe(false)
    const nowhere = { store_id: null }
    expect(comparable(photo('x', '2026-11-01', nowhere), photo('y', '2026-11-05', nowhere))).toBe(false)
    expect(daysApart(day9, day1)).toBe(8)
  })

  it('the last one before is the partner, else the first one after', () => {
    const all = [day9, day5, day1]
    expect(partnerOf(day9, all)).toBe(day5)
    expect(partnerOf(day1, all)).toBe(day5)
    expect(partnerOf(day1, [day1, photo('x', '2026-11-03', { kind: 'pile' })])).toBeNull()
  })

  it('a list holds each once, the newest first', () => {
    expect(united([day5, day1], [day9, day5]).map((one) => one.id)).toEqual(['ccc', 'bb', 'a'])
  })

  it.each([
    ['a,b', ['a', 'b']], ['a', ['a']], ['a,a', ['a']], ['a,b,c', ['a', 'b']], ['', []], ['<x>,b', ['b']],
  ])('the address %j names %j', (compare, ids) => {
    expect(pairFromQuery({ compare })).toEqual(ids)
  })
})
