// An op may be put off because what it belongs to has not arrived yet. Mostly that comes with the next run. Where the
// server has lost it, it never comes, and somebody has to be told. The op is sent again all the same.
import type { OutboxOp } from '../db/types'
import { systemClock, type Clock } from '../kernel/clock'
import { isParked } from './engine'

/** What the server does not have: the check-in of a visit, that of an office, what a colleague gave on. */
export type Missing = 'visit' | 'office_check_in' | 'transfer'

const AFTER_MS = 24 * 3600 * 1000
const AFTER_TRIES = 5

/** What an op has waited for in vain, for a day and several tries; null where it has not. */
export function missingFor(op: OutboxOp, clock: Clock = systemClock): Missing | null {
  // Its state changes with each try, its problem stays.
  if (isParked(op.state) || op.problem?.code !== 'dependency_missing' || op.attempts < AFTER_TRIES) return null
  // Either way: a clock set back must not hide it.
  if (Math.abs(clock.now().getTime() - Date.parse(op.created_at)) < AFTER_MS) return null
  if (op.kind === 'stock.confirm') return 'transfer'
  return op.kind === 'photo.add' && op.payload['visit_id'] === null ? 'office_check_in' : 'visit'
}
