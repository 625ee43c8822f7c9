import { describe, expect, it } from 'vitest'
import type { VisitRow } from '../types'
import { drawnLegs, legBetween, numbersOf, spotsOf, stopsOf, type Stop } from './path'

const visit = (id: string, at: string, out: string | null, fix: [number, number] | null = [31.3, 120.6]): VisitRow => ({
  id, checked_in_at: `2026-11-20T${at}:00.000Z`, checked_out_at: out && `2026-11-20T${out}:00.000Z`,
  fix: fix && { lat: fix[0], lon: fix[1], accuracy_m: 10, age_s: 1, source: 'gps' },
} as VisitRow)

const DAY = stopsOf([
  visit('c', '04:00', '04:10', null), visit('b', '02:30', null, [31.31, 120.6]), visit('a', '01:00', '02:00'),
  visit('d', '04:05', '05:00'), visit('e', '06:00', '06:30', [31.3, 120.61]),
])

describe("a rep's day", () => {
  it('is numbered in the order of the check-ins', () => {
    expect(DAY.map((stop) => [stop.number, stop.visit.id])).toEqual([[1, 'a'], [2, 'b'], [3, 'c'], [4, 'd'], [5, 'e']])
    expect(DAY[2]?.at).toBeNull()
  })

  it('counts the time between two visits, and says from when', () => {
    const legs = DAY.slice(1).map((stop, place) => legBetween(DAY[place] as Stop, stop))
    expect(legs.map((leg) => leg.seconds)).toEqual([1800, 5400, -300, 3600])
    expect(legs.map((leg) => leg.fromCheckIn)).toEqual([false, true, false, false])
    expect(legs[0]?.metres).toBeCloseTo(1112, -1)
    expect(legs[1]?.metres).toBeNull()
  })

  it('draws no line to or from a visit without a position, nor around it', () => {
    expect(drawnLegs(DAY).map(({ before, after }) => [before.number, after.number])).toEqual([[1, 2], [4, 5]])
    expect(drawnLegs([])).toEqual([])
  })

  it('puts the numbers of one place on one mark', () => {
    const spots = spotsOf(DAY, ({ lat, lon }) => ({ x: lon * 5000, y: lat * 5000 }))
    expect(spots.map((spot) => numbersOf(spot.stops))).toEqual(['1·4', '2', '5'])
  })

  it.each([
    [[3], '3'], [[3, 4], '3·4'], [[3, 4, 5], '3–5'], [[1, 4, 9], '1·4…'],
  ])('writes %j as %s', (numbers, wanted) => {
    expect(numbersOf(numbers.map((number) => ({ number }) as Stop))).toBe(wanted)
  })
})
