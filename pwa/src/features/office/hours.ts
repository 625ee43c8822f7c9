// Opening hours in one line.
import { t } from '@/app/i18n'
import type { OfficeRecord } from '@/db/types'

/** "周一至周五 09:00–18:00；周六 09:00–12:00": days with the same hours together. */
export function hoursWords(hours: NonNullable<OfficeRecord['hours']>): string {
  const byDay = new Map<number, string>()
  for (const { day, opens, closes } of [...hours].sort((a, b) => a.opens.localeCompare(b.opens))) {
    byDay.set(day, [byDay.get(day), `${opens}–${closes}`].filter(Boolean).join(', '))
  }
  const runs: { first: number; last: number; words: string }[] = []
  for (const day of [1, 2, 3, 4, 5, 6, 7]) {
    const words = byDay.get(day)
    const run = runs.at(-1)
    if (words === undefined) continue
    if (run && run.last === day - 1 && run.words === words) run.last = day
    else runs.push({ first: day, last: day, words })
  }
  if (runs.length === 0) return t('office.neverOpen')
  return runs
    .map(({ first, last, words }) => `${t(`office.days.${first}`)}${first === last ? '' : `${t('office.rules.to')}${t(`office.days.${last}`)}`} ${words}`)
    .join(t('office.rules.semicolon'))
}
