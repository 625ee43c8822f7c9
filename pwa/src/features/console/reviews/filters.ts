// The queue's filters in the address: those of the visits, and flags and state of the review.
import type { LocationQuery } from 'vue-router'
import { filtersFromQuery, filtersToApi, filtersToQuery, lastDays, type Filters } from '../lib/filters'
import { FLAGS, REVIEW_STATES, type FlagCode, type ReviewState } from './types'

/** What nobody has decided on waits longer than a list of visits looks back. */
export const QUEUE_DAYS = 30
export const OPEN_STATES: readonly ReviewState[] = ['pending', 'explained']

export interface QueueFilters extends Filters {
  /** Empty: all. */
  flags: FlagCode[]
  /** Empty: all. */
  states: ReviewState[]
}

/** The keys of the address that are filters here; the others (the visit shown) are left alone. */
export const QUEUE_KEYS: readonly string[] = ['from', 'to', 'days', 'region', 'rep', 'store', 'verdict', 'flag', 'status']

export function queueFromQuery(query: LocationQuery, today: string): QueueFilters {
  const filters = filtersFromQuery({ ...query, state: null, q: null }, today)
  const named = ['from', 'to', 'days'].some((key) => typeof query[key] === 'string')
  const status = query['status']
  return {
    ...filters,
    ...(named ? {} : lastDays(QUEUE_DAYS, today)),
    flags: FLAGS.filter((flag) => listed(query['flag']).includes(flag)),
    states: status === 'all' ? [] : statesOf(listed(status)),
  }
}

/** The address form: what equals the default is left out. */
export function queueToQuery(filters: QueueFilters): Record<string, string> {
  const { days } = filters
  const query = filtersToQuery(filters)
  if (days === QUEUE_DAYS) delete query['days']
  else if (days !== null) query['days'] = String(days)
  if (filters.flags.length > 0) query['flag'] = filters.flags.join(',')
  const status = filters.states.length > 0 ? filters.states.join(',') : 'all'
  if (status !== OPEN_STATES.join(',')) query['status'] = status
  return query
}

/** The query of GET /reviews. */
export function queueToApi(filters: QueueFilters): Record<string, string> {
  const query = filtersToApi({ ...filters, state: null, q: '' })
  if (filters.flags.length > 0) query['flag'] = filters.flags.join(',')
  if (filters.states.length > 0) query['state'] = filters.states.join(',')
  return query
}

/** The body of POST /reviews/bulk: the same filter, without a state, as lists. */
export function queueToBulk(filters: QueueFilters): Record<string, unknown> {
  const { from, to, region, rep, store } = queueToApi(filters)
  const named = Object.fromEntries(Object.entries({ from, to, region, rep, store }).filter(([, value]) => value))
  return { ...named, verdict: filters.verdicts, flag: filters.flags }
}

function statesOf(words: string[]): ReviewState[] {
  const known = REVIEW_STATES.filter((state) => words.includes(state))
  return known.length > 0 ? known : [...OPEN_STATES]
}

function listed(value: LocationQuery[string] | undefined): string[] {
  const first = Array.isArray(value) ? value[0] : value
  return (first ?? '').split(',')
}
