import { describe, expect, it } from 'vitest'
import { filtersFrom, filtersTo, filtersToApi, SHOWN, type TaskFilters } from './types'

const NONE: TaskFilters = { show: 'open', region: null, rep: null, q: '' }

describe('the filters of tasks', () => {
  it('an empty address shows what is open', () => {
    expect(filtersFrom({})).toEqual(NONE)
    expect(filtersTo(NONE)).toEqual({})
  })

  it.each(SHOWN)('%s comes back from the address as it went in', (show) => {
    const filters = { show, region: 'r1', rep: 'p1', q: '价签' }
    expect(filtersFrom(filtersTo(filters))).toEqual(filters)
  })

  it('what is foreign is dropped', () => {
    expect(filtersFrom({ show: 'lost', rep: ['a', 'b'], q: null })).toEqual(NONE)
  })

  it.each([
    ['open', { state: 'open', overdue: null }],
    ['overdue', { state: null, overdue: true }],
    ['all', { state: null, overdue: null }],
  ] as const)('%s is asked for as the API knows it', (show, wanted) => {
    expect(filtersToApi({ ...NONE, show })).toMatchObject(wanted)
  })
})
