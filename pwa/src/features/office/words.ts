import type { RequestState } from '@/db/types'
import type { WeekState } from './queries'

/** The look of a week's state; the words beside it carry the meaning. */
export const WEEK_LOOK: Record<WeekState, string> = {
  done: 'ok',
  late: 'ok',
  made_up: 'ok',
  exempt: 'info',
  doubtful: 'warn',
  sending: 'info',
  open: 'warn',
  missed: 'bad',
  before: 'info',
}

/** The look of an answer. */
export const REQUEST_LOOK: Record<RequestState, string> = { pending: 'info', approved: 'ok', declined: 'bad' }
