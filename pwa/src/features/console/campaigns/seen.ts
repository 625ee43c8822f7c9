import { t } from '../i18n'
import { count } from '../lib/format'
import type { SeenState } from './types'

/** How a material was found at a store; quantity: so many are there, or missing; null: not counted. */
export function seenWords(state: SeenState, quantity: number | null): string {
  return quantity === null ? t(`campaigns.seen.${state}`) : t(`campaigns.seen_n.${state}`, { n: count(quantity) })
}
