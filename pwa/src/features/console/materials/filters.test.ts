import { expect, it } from 'vitest'
import { filtersOf, queryOf } from './filters'

it('an address and its filters say the same', () => {
  const query = { rep: 'r', kind: 'issue', from: '2026-11-01', to: '2026-11-30' }
  expect(queryOf(filtersOf(query))).toEqual(query)
})

it('a broken day is dropped', () => {
  expect(filtersOf({ from: 'yesterday', rep: ['a', 'b'] })).toMatchObject({ from: null, rep: null })
})

it('the default state is left out, and none at all is said', () => {
  const open = filtersOf({}, 'open')
  expect(open.state).toBe('open')
  expect(queryOf(open, 'open')).toEqual({})
  expect(queryOf({ ...open, state: null }, 'open')).toEqual({ state: 'all' })
  expect(filtersOf({ state: 'all' }, 'open').state).toBeNull()
})
