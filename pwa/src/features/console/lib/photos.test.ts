import { expect, it } from 'vitest'
import { byKind } from './photos'

it('groups photos in the order of the kinds, within a kind by time', () => {
  const photos = [
    { kind: 'price_tag', taken_at: '2026-11-23T01:00:00.000Z' },
    { kind: 'shelf', taken_at: '2026-11-23T02:00:00.000Z' },
    { kind: 'novelty', taken_at: '2026-11-23T00:00:00.000Z' },
    { kind: 'shelf', taken_at: '2026-11-23T01:30:00.000Z' },
    { kind: 'storefront', taken_at: '2026-11-23T03:00:00.000Z' },
  ]
  const groups = byKind(photos)
  expect(groups.map(([kind]) => kind)).toEqual(['storefront', 'shelf', 'price_tag', 'novelty'])
  expect(groups[1]?.[1].map((photo) => photo.taken_at.slice(11, 16))).toEqual(['01:30', '02:00'])
})
