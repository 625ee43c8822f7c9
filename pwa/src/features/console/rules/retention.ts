// The days for which data is kept: what may be set, and what a change would shorten.

/** Each kind that the purge knows. */
export const KINDS = ['positions', 'photos', 'replies', 'views'] as const
export type Kind = (typeof KINDS)[number]
/** By kind; 0 keeps it for good, an emptied field too. */
export type Days = Record<Kind, number | null | undefined>

/** As the server holds it. */
export const DAYS_MIN = 30
export const DAYS_MAX = 36_500

export type Wrong = 'too_short' | 'too_long'

/** What is wrong with these numbers, by kind; empty where they may be sent. */
export function wrongDays(days: Days): Partial<Record<Kind, Wrong>> {
  const found: Partial<Record<Kind, Wrong>> = {}
  for (const kind of KINDS) {
    const n = days[kind] ?? 0
    if (n !== 0 && n < DAYS_MIN) found[kind] = 'too_short'
    if (n > DAYS_MAX) found[kind] = 'too_long'
  }
  return found
}

/** The kinds of which more will be erased than by the days set before. */
export function shortened(before: Days, after: Days): Kind[] {
  const lasts = (days: Days, kind: Kind) => days[kind] || Infinity
  return KINDS.filter((kind) => lasts(after, kind) < lasts(before, kind))
}
