import { computed, type ComputedRef } from 'vue'
import { useRoute, useRouter } from 'vue-router'
import { now, timeZone } from '../session'
import { dayOf } from './dates'
import { filtersFromQuery, filtersToQuery, type Filters } from './filters'

const FILTER_KEYS = ['from', 'to', 'days', 'region', 'rep', 'store', 'verdict', 'flag', 'kind', 'campaign', 'state', 'q']

/** Today in the organisation's zone. */
export const today = (): string => dayOf(now(), timeZone.value)

export interface UsedFilters {
  filters: ComputedRef<Filters>
  /** Write changed filters to the address; everything that shows them follows. */
  change: (patch: Partial<Filters>) => void
}

/** The filters of this screen. They live in the address, so that a link and the back button work. */
export function useFilters(): UsedFilters {
  const route = useRoute()
  const router = useRouter()
  const filters = computed(() => filtersFromQuery(route.query, today()))

  function change(patch: Partial<Filters>): void {
    // A part of the days before is no part of the new ones.
    const gone = 'from' in patch ? [...FILTER_KEYS, 'span'] : FILTER_KEYS
    const others = Object.fromEntries(Object.entries(route.query).filter(([key]) => !gone.includes(key)))
    void router.replace({ query: { ...others, ...filtersToQuery({ ...filters.value, ...patch }) } })
  }

  return { filters, change }
}
