// What the task screens read from the API, and the filters in their address.
import type { LocationQuery } from 'vue-router'
import type { components } from '@/kernel/api.gen'

export type Task = components['schemas']['TaskOut']
export type TaskPage = components['schemas']['TaskPageOut']
export type TaskCounts = components['schemas']['TaskCountsOut']
export interface Tasks { items: Task[]; next: string | null; total: number; counts: TaskCounts }

/** What is listed: overdue ones are open ones, too. */
export type Shown = keyof TaskCounts | 'all'
export const SHOWN: readonly Shown[] = ['open', 'overdue', 'done', 'cancelled', 'all']

export interface TaskFilters { show: Shown; region: string | null; rep: string | null; q: string }

/** The filters of an address; what is foreign to it is dropped. */
export function filtersFrom(query: LocationQuery): TaskFilters {
  return {
    show: SHOWN.find((one) => one === query['show']) ?? 'open',
    region: text(query['region']),
    rep: text(query['rep']),
    q: text(query['q']) ?? '',
  }
}

/** The address form: what equals the default is left out. */
export function filtersTo({ show, region, rep, q }: TaskFilters): Record<string, string> {
  return { ...(show !== 'open' && { show }), ...(region && { region }), ...(rep && { rep }), ...(q && { q }) }
}

/** The query of GET /tasks. */
export function filtersToApi({ show, region, rep, q }: TaskFilters): Record<string, string | boolean | null> {
  const state = show === 'all' || show === 'overdue' ? null : show
  return { state, overdue: show === 'overdue' || null, region, rep, q }
}

function text(value: LocationQuery[string] | undefined): string | null {
  return typeof value === 'string' && value !== '' ? value : null
}
