import { computed, type ComputedRef } from 'vue'
import { useRoute, useRouter } from 'vue-router'
import { now, timeZone } from '../session'
import { dayOf } from './dates'
import { filtersFromQuery, filtersToQuery, type Filters } from './filters'

const FILTER_KEYS = ['from', 'to', 'days', 'region', 'rep', 'store', 'verdict', 'state', 'q']

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
    const others = Object.fromEntries(Object.entries(route.query).filter(([key]) => !FILTER_KEYS.includes(key)))
    void router.replace({ query: { ...others, ...filtersToQuery({ ...filters.value, ...patch }) } })
  }

  return { filters, change }
}
