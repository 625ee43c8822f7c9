import { t } from '@/app/i18n'
import type { SeenItem, Sighting } from './queries'

/** How a material was found, in a few words. */
export function seenWords({ state, quantity }: Pick<Sighting, 'state' | 'quantity'>): string {
  return quantity === null ? t(`campaigns.seen.${state}`) : t(`campaigns.seenN.${state}`, { n: quantity })
}

/** One look in a line each: materials, photos that could not be taken, and why. */
export function lookWords({ seen, materials }: SeenItem): string[] {
  const lines = seen.materials.map((line) =>
    t('campaigns.seenOf', { what: materials.get(line.material_id)?.name ?? t('materials.unknown'), how: seenWords(line) }))
  lines.push(...seen.photo_kinds.map((kind) => t('campaigns.photoRefused', { kind: t(`photos.kind.${kind}`) })))
  if (seen.note) lines.push(t('campaigns.becauseOf', { why: seen.note }))
  return lines
}
