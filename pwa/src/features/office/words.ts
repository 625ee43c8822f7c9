import type { WeekPage } from './queries'

/** The look of a week's state; the words beside it carry the meaning. */
export const WEEK_LOOK: Record<WeekPage['state'], string> = {
  done: 'ok',
  doubtful: 'warn',
  sending: 'info',
  open: 'warn',
  missed: 'bad',
}
