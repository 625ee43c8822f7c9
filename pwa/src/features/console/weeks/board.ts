// The board's filters in the address, and its numbers.
import type { LocationQuery } from 'vue-router'
import type { Query } from '../api'
import { WEEK_STATES } from '../lib/verdicts'
import type { WeekState } from '../types'

export interface BoardFilters { region: string | null; state: WeekState | null; due: boolean; q: string }

/** Rows drawn at once: thousands of reps in thirteen columns would keep a laptop busy for seconds. */
export const PAGE_ROWS = 50

/** Filters of an address; what it does not know is left out. */
export function filtersOf(query: LocationQuery): BoardFilters {
  const text = (key: string) => (typeof query[key] === 'string' && query[key] !== '' ? query[key] : null)
  return {
    region: text('region'),
    state: WEEK_STATES.find((state) => state === text('state')) ?? null,
    due: text('due') === '1',
    q: text('q') ?? '',
  }
}

/** Filters as an address has them. */
export function addressOf({ region, state, due, q }: BoardFilters): Record<string, string> {
  return { ...(region && { region }), ...(state && { state }), ...(due && { due: '1' }), ...(q && { q }) }
}

/** Filters as the API takes them. */
export function apiQuery({ region, state, due, q }: BoardFilters): Query {
  return { region, state, due: due ? true : null, q }
}

/** The rows of a page, counted from 1. */
export function pageOf<T>(rows: readonly T[], page: number): T[] {
  return rows.slice((page - 1) * PAGE_ROWS, page * PAGE_ROWS)
}
