import type { PhotoKind } from '@/db/types'

/** Photo kinds in the order reps take them: the storefront on arrival, the shelf most often. */
export const PHOTO_KINDS: readonly PhotoKind[] = [
  'storefront', 'shelf', 'price_tag', 'posm', 'pile', 'endcap', 'checkout', 'outdoor', 'competitor', 'licence', 'other',
]

/** Is this one of ours? Drafts and records of other versions may hold anything. */
export function isPhotoKind(value: unknown): value is PhotoKind {
  return PHOTO_KINDS.some((kind) => kind === value)
}
