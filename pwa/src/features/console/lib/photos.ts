export type PhotoSize = 'thumb' | 'screen' | 'original'

/** Address of a photo; the session cookie goes with it. */
export const photoUrl = (id: string, size: PhotoSize): string => `/api/v1/photos/${id}/${size}`

/** Kinds in the order in which an office looks at a store: from the street to the paper. */
export const PHOTO_KINDS: readonly string[] = [
  'storefront', 'shelf', 'pile', 'endcap', 'checkout', 'posm', 'price_tag', 'outdoor', 'competitor', 'licence',
]

/** Photos by kind in that order; a kind we do not know comes last, under its own name. */
export function byKind<P extends { kind: string; taken_at: string }>(photos: readonly P[]): [kind: string, photos: P[]][] {
  const groups = new Map<string, P[]>()
  for (const photo of [...photos].sort((a, b) => (a.taken_at < b.taken_at ? -1 : 1))) {
    groups.set(photo.kind, [...(groups.get(photo.kind) ?? []), photo])
  }
  const place = (kind: string) => (PHOTO_KINDS.includes(kind) ? PHOTO_KINDS.indexOf(kind) : PHOTO_KINDS.length)
  return [...groups].sort(([a], [b]) => place(a) - place(b))
}
