// What would change with another pin, in sentences.
import { t } from '../i18n'
import type { PinPreview, PinProposal } from '../types'

/** "3 visits: off site → on site", the most first. */
export function changeLines(preview: PinPreview): string[] {
  const flag = (code: string) => t(`pins.flags.${code}`)
  const verdicts = [...preview.verdicts]
    .sort((one, two) => two.count - one.count)
    .map(({ before, after, count }) =>
      t('pins.verdict_change', { n: count, before: t(`visits.verdicts.${before}`), after: t(`visits.verdicts.${after}`) }))
  const inWords = (key: 'raised' | 'cleared') =>
    // A verdict's own flag says nothing beside its line above.
    Object.entries(preview[key])
      .filter(([code]) => !(code in VERDICTS))
      .map(([code, n]) => t(`pins.${key}`, { n, flag: flag(code) }))
  return [...verdicts, ...inWords('cleared'), ...inWords('raised')]
}

const VERDICTS = { on_site: true, uncertain: true, off_site: true, unverifiable: true }

/** What speaks against taking a proposal at its word, as keys below pins.cautions. */
export function cautions(proposal: PinProposal): string[] {
  return [
    ...(proposal.reps === 1 ? ['one_rep'] : []),
    ...(proposal.left_out > 0 && proposal.left_out * 4 > proposal.fixes ? ['scattered'] : []),
  ]
}
