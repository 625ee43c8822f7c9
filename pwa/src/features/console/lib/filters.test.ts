import { describe, expect, it } from 'vitest'
import type { LocationQuery } from 'vue-router'
import {
  activeFilters, filtersFromQuery, filtersToApi, filtersToMapApi, filtersToQuery, filtersToWallApi, lastDays,
  viewportFromQuery, viewportToQuery, type Filters,
} from './filters'

const TODAY = '2026-11-23'
const DEFAULT = filtersFromQuery({}, TODAY)

describe('filters in the address', () => {
  it('an empty address means the last seven days and nothing else', () => {
    expect(DEFAULT).toEqual({
      from: '2026-11-17', to: TODAY, days: 7, region: null, rep: null, store: null, verdicts: [], flags: [], kind: null,
      campaign: null, state: null, q: '',
    })
    expect(filtersToQuery(DEFAULT)).toEqual({})
    expect(activeFilters(DEFAULT)).toBe(0)
  })

  const chosen: Filters[] = [
    { ...DEFAULT, ...lastDays(1, TODAY) },
    { ...DEFAULT, ...lastDays(30, TODAY) },
    { ...DEFAULT, from: '2026-10-01', to: '2026-10-08', days: null },
    { ...DEFAULT, region: 'r1', rep: 'u1', store: 's1' },
    { ...DEFAULT, flags: ['short_visit', 'photo_reused'], kind: 'shelf', campaign: 'c1' },
    { ...DEFAULT, verdicts: ['on_site', 'off_site'], state: 'abandoned', q: '大润发 & co=?' },
  ]
  it.each(chosen)('comes back as it went: %j', (filters) => {
    expect(filtersFromQuery(filtersToQuery(filters), TODAY)).toEqual(filters)
  })

  it('"the last days" is read against the reader\'s own today', () => {
    const link = filtersToQuery({ ...DEFAULT, ...lastDays(1, TODAY) })
    expect(filtersFromQuery(link, '2027-01-01')).toMatchObject({ from: '2027-01-01', to: '2027-01-01' })
  })

  const broken: [LocationQuery, string][] = [
    [{ from: '2026-13-01', to: '2026-11-01' }, 'a month that does not exist'],
    [{ from: '2026-02-30', to: '2026-03-01' }, 'a day that does not exist'],
    [{ from: '2026-11-01' }, 'one end only'],
    [{ days: '0' }, 'no days'],
    [{ days: '1e9' }, 'too many days'],
    [{ days: 'x' }, 'no number'],
    [{ verdict: 'guilty' }, 'an unknown verdict'],
    [{ flag: 'red' }, 'an unknown flag'],
    [{ kind: 'selfie' }, 'an unknown kind of photo'],
    [{ state: 'lost' }, 'an unknown state'],
    [{ region: '' }, 'an empty value'],
    [{ from: [null], to: ['2026-11-01'] }, 'a repeated key'],
  ]
  it.each(broken)('drops %j: %s', (query) => {
    expect(filtersFromQuery(query, TODAY)).toEqual(DEFAULT)
  })

  it('turns a range round that was given backwards', () => {
    expect(filtersFromQuery({ from: '2026-11-09', to: '2026-11-02' }, TODAY)).toMatchObject({
      from: '2026-11-02', to: '2026-11-09',
    })
  })

  it('counts a day range as one filter', () => {
    expect(activeFilters({ ...DEFAULT, from: '2026-10-01', to: '2026-10-08', days: null, verdicts: ['off_site'] })).toBe(2)
  })
})

describe('filters for the API', () => {
  it('always names both days, and only what is chosen besides', () => {
    expect(filtersToApi(DEFAULT)).toEqual({ from: '2026-11-17', to: TODAY })
    expect(filtersToApi({ ...DEFAULT, verdicts: ['uncertain', 'off_site'], flags: ['no_photo'], q: 'x' })).toEqual({
      from: '2026-11-17', to: TODAY, verdict: 'uncertain,off_site', flag: 'no_photo', q: 'x',
    })
  })

  it('the map is not asked what it does not know', () => {
    const all: Filters = {
      ...DEFAULT, region: 'r', rep: 'u', store: 's', state: 'completed', q: 'x', verdicts: ['on_site'], flags: ['no_photo'],
      kind: 'shelf', campaign: 'c',
    }
    expect(Object.keys(filtersToMapApi(all)).sort()).toEqual(['flag', 'from', 'region', 'rep', 'store', 'to', 'verdict'])
    expect(Object.keys(filtersToWallApi(all)).sort()).toEqual(['campaign', 'from', 'kind', 'region', 'rep', 'store', 'to'])
  })
})

describe('viewport in the address', () => {
  it('comes back to a metre', () => {
    const back = viewportFromQuery(viewportToQuery({ lat: 31.298341234, lon: -120.583191234, zoom: 12 }))
    expect(back?.lat).toBeCloseTo(31.29834, 5)
    expect(back?.lon).toBeCloseTo(-120.58319, 5)
    expect(back?.zoom).toBe(12)
  })

  it.each(['', '31,120', '31,120,', 'a,b,c', '91,0,3', '0,181,3', '0,0,99', 'NaN,0,3'])('drops %j', (at) => {
    expect(viewportFromQuery({ at })).toBeNull()
  })
})
