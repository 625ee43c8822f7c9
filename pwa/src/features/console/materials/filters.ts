// The filters of the stock screens, in the address and in the API's query.
import type { LocationQuery } from 'vue-router'
import { isDay } from '../lib/dates'

export interface StockFilters {
  rep: string | null
  warehouse: string | null
  material: string | null
  kind: string | null
  state: string | null
  from: string | null
  to: string | null
}

const KEYS = ['rep', 'warehouse', 'material', 'kind', 'state', 'from', 'to'] as const

/** What an address says; a broken or foreign value is dropped. `state` is what is meant where none is named. */
export function filtersOf(query: LocationQuery, state: string | null = null): StockFilters {
  const text = (key: string) => {
    const value = query[key]
    return typeof value === 'string' && value !== '' ? value : null
  }
  const day = (key: string) => (isDay(text(key)) ? text(key) : null)
  const named = text('state')
  return {
    rep: text('rep'), warehouse: text('warehouse'), material: text('material'), kind: text('kind'),
    state: named === 'all' ? null : (named ?? state), from: day('from'), to: day('to'),
  }
}

/** The address of filters; `state` is the default, which is left out, and "all" says that there is none. */
export function queryOf(filters: StockFilters, state: string | null = null): Record<string, string> {
  const query: Record<string, string> = {}
  for (const key of KEYS) {
    const value = filters[key]
    if (key === 'state') {
      if (value !== state) query['state'] = value ?? 'all'
    } else if (value) query[key] = value
  }
  return query
}
