// The filters of map and table, and their form in the address bar and in the API's query.
// A broken or foreign value in an address is dropped, never an error: links grow old.
import type { LocationQuery } from 'vue-router'
import type { Verdict, VisitState } from '../types'
import { addDays, isDay } from './dates'
import { FLAGS, type FlagCode } from './flags'
import { PHOTO_KINDS } from './photos'
import { VERDICTS } from './verdicts'

export const DEFAULT_DAYS = 7
export const QUICK_DAYS: readonly number[] = [1, 7, 30]
export const VISIT_STATES: readonly VisitState[] = ['in_progress', 'completed', 'cancelled', 'abandoned']

export const WALL_KINDS: readonly string[] = [...PHOTO_KINDS, 'other']

export interface Filters {
  /** First and last day, both included. */
  from: string
  to: string
  /** Set when the range is "the last n days": a shared link then means the reader's own today. */
  days: number | null
  region: string | null
  rep: string | null
  store: string | null
  /** Empty: all. */
  verdicts: Verdict[]
  /** Any of these; empty: whatever flags there are. */
  flags: FlagCode[]
  /** What photos show; of the photo wall alone. */
  kind: string | null
  /** Photos that count for it; of the photo wall alone. */
  campaign: string | null
  state: VisitState | null
  q: string
}

/** What the map shows: centre in WGS-84 degrees, zoom level. */
export interface Viewport { lat: number; lon: number; zoom: number }

/** The last `days` days up to and with today. */
export function lastDays(days: number, today: string): Pick<Filters, 'from' | 'to' | 'days'> {
  return { from: addDays(today, 1 - days), to: today, days }
}

export function filtersFromQuery(query: LocationQuery, today: string): Filters {
  return {
    ...rangeFromQuery(query, today),
    region: text(query['region']),
    rep: text(query['rep']),
    store: text(query['store']),
    verdicts: VERDICTS.filter((verdict) => (text(query['verdict']) ?? '').split(',').includes(verdict)),
    flags: FLAGS.filter((flag) => (text(query['flag']) ?? '').split(',').includes(flag)),
    kind: WALL_KINDS.find((kind) => kind === query['kind']) ?? null,
    campaign: text(query['campaign']),
    state: VISIT_STATES.find((state) => state === query['state']) ?? null,
    q: text(query['q']) ?? '',
  }
}

/** The address form: what equals the default is left out, so that an empty query means the defaults. */
export function filtersToQuery(filters: Filters): Record<string, string> {
  const query: Record<string, string> = {}
  if (filters.days === null) Object.assign(query, { from: filters.from, to: filters.to })
  else if (filters.days !== DEFAULT_DAYS) query['days'] = String(filters.days)
  if (filters.region) query['region'] = filters.region
  if (filters.rep) query['rep'] = filters.rep
  if (filters.store) query['store'] = filters.store
  if (filters.verdicts.length > 0) query['verdict'] = filters.verdicts.join(',')
  if (filters.flags.length > 0) query['flag'] = filters.flags.join(',')
  if (filters.kind) query['kind'] = filters.kind
  if (filters.campaign) query['campaign'] = filters.campaign
  if (filters.state) query['state'] = filters.state
  if (filters.q) query['q'] = filters.q
  return query
}

/** The query of GET /visits. */
export function filtersToApi(filters: Filters): Record<string, string> {
  const { from, to, region, rep, store, verdicts, flags, state, q } = filters
  const query: Record<string, string> = { from, to }
  for (const [key, value] of Object.entries({ region, rep, store, state, q })) if (value) query[key] = value
  if (verdicts.length > 0) query['verdict'] = verdicts.join(',')
  if (flags.length > 0) query['flag'] = flags.join(',')
  return query
}

/** The query of GET /map/clusters and /map/days, which know neither state nor words. */
export function filtersToMapApi(filters: Filters): Record<string, string> {
  return filtersToApi({ ...filters, state: null, q: '' })
}

/** The query of GET /photos/wall, which knows what photos know. */
export function filtersToWallApi(filters: Filters): Record<string, string> {
  const query = filtersToMapApi({ ...filters, verdicts: [], flags: [] })
  const { kind, campaign } = filters
  return { ...query, ...(kind ? { kind } : {}), ...(campaign ? { campaign } : {}) }
}

/** The filters as they are when nobody has touched them. */
export function noFilters(today: string): Filters {
  return filtersFromQuery({}, today)
}

/** How many filters differ from the default. */
export function activeFilters(filters: Filters): number {
  const query = filtersToQuery(filters)
  delete query['to'] // from and to are one filter
  return Object.keys(query).length
}

/** `at=31.29834,120.58319,12` */
export function viewportFromQuery(query: LocationQuery): Viewport | null {
  const parts = (text(query['at']) ?? '').split(',')
  if (parts.length !== 3 || parts.some((part) => part.trim() === '')) return null
  const [lat, lon, zoom] = parts.map(Number) as [number, number, number]
  if (![lat, lon, zoom].every(Number.isFinite)) return null
  if (Math.abs(lat) > 85 || Math.abs(lon) > 180 || zoom < 0 || zoom > 24) return null
  return { lat, lon, zoom }
}

export function viewportToQuery({ lat, lon, zoom }: Viewport): Record<string, string> {
  return { at: `${lat.toFixed(5)},${lon.toFixed(5)},${zoom}` }
}

function rangeFromQuery(query: LocationQuery, today: string): Pick<Filters, 'from' | 'to' | 'days'> {
  const [from, to] = [query['from'], query['to']]
  if (isDay(from) && isDay(to)) {
    return from <= to ? { from, to, days: null } : { from: to, to: from, days: null }
  }
  const days = Number(text(query['days']))
  return lastDays(Number.isInteger(days) && days >= 1 && days <= 366 ? days : DEFAULT_DAYS, today)
}

function text(value: LocationQuery[string] | undefined): string | null {
  const first = Array.isArray(value) ? value[0] : value
  return first ? first : null
}
