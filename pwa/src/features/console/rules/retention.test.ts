import { describe, expect, it } from 'vitest'
import { shortened, wrongDays, type Days } from './retention'

const KEPT: Days = { positions: 0, photos: 0, replies: 0, views: 0 }

describe('the days that may be set', () => {
  it.each([
    [0, undefined], [null, undefined], [30, undefined], [36_500, undefined],
    [29, 'too_short'], [1, 'too_short'], [36_501, 'too_long'],
  ] as const)('%s: %s', (days, wrong) => {
    expect(wrongDays({ ...KEPT, photos: days }).photos).toBe(wrong)
  })

  it('speaks of each kind by itself', () => {
    expect(wrongDays({ positions: 400, photos: 5, replies: null, views: 90_000 })).toEqual({ photos: 'too_short', views: 'too_long' })
  })
})

describe('what a change shortens', () => {
  it.each([
    [0, 400, true], [400, 90, true], [null, 90, true],
    [90, 400, false], [90, 0, false], [90, null, false], [90, 90, false], [0, null, false],
  ])('%s to %s: %s', (before, after, is) => {
    expect(shortened({ ...KEPT, views: before }, { ...KEPT, views: after })).toEqual(is ? ['views'] : [])
  })
})
