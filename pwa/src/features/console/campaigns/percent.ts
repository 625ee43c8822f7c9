import { language } from '../i18n'

/** A share between 0 and 1 as the reader's language writes it; a dash where there is none. */
export function percent(share: number | null): string {
  if (share === null) return '–'
  return new Intl.NumberFormat(language(), { style: 'percent', maximumFractionDigits: 1 }).format(share)
}
