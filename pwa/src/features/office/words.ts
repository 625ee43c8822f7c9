import type { RequestState } from '@/db/types'
import { t } from '@/app/i18n'
import { dayWords } from './days'
import type { Notice, WeekState } from './queries'

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

/** A reminder in words: which week is short, and until when it can be filled. */
export function noticeWords({ week, until }: Notice): string {
  const said = { n: Number(week.slice(6)), day: dayWords(until.day), hour: until.hour }
  return t(until.hour === null ? 'office.remindedDay' : 'office.remindedHour', said)
}
