// Calendar days as a person reads them. They belong to no zone: 2026-11-23 is that day everywhere.
import { language } from '@/app/i18n'
import { addDays } from './rule'

/** "11月27日 周五" / "Fri 27 Nov" of `2026-11-27`. */
export function dayWords(day: string): string {
  return new Intl.DateTimeFormat(language() === 'en' ? 'en-GB' : 'zh-CN', {
    month: language() === 'en' ? 'short' : 'long', day: 'numeric', weekday: 'short', timeZone: 'UTC',
  }).format(new Date(`${day}T12:00:00Z`))
}

/** "11/23–11/29" of two days, or of a week by its Monday. */
export function daySpan(first: string, last: string = addDays(first, 6)): string {
  const short = (day: string) => `${Number(day.slice(5, 7))}/${Number(day.slice(8))}`
  return first === last ? short(first) : `${short(first)}–${short(last)}`
}
