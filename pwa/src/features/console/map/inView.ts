// What the map shows, as a list to read: places with many check-ins first, then single ones, newest first.
import type { Cluster, Place } from '../types'

export interface InView { key: string; cluster: Cluster; /** The nearest name on the map; of a bubble alone. */ near: string | null }

/** The clusters in the order of the list. */
export function inView(clusters: readonly Cluster[], places: readonly Place[]): InView[] {
  const at = (cluster: Cluster) => cluster.checked_in_at ?? ''
  return [...clusters]
    .sort((a, b) => Number(!!a.id) - Number(!!b.id) || b.count - a.count || (at(a) < at(b) ? 1 : at(a) > at(b) ? -1 : 0))
    .map((cluster) => ({
      key: cluster.id ?? `${cluster.count} ${cluster.bounds.join()}`,
      cluster,
      near: cluster.id ? null : nearest(cluster, places),
    }))
}

/** The name of the nearest place: of a region from afar, of a store close up. */
export function nearest(at: Pick<Cluster, 'lat' | 'lon'>, places: readonly Place[]): string | null {
  let best: Place | null = null
  let least = Infinity
  const narrower = Math.cos((at.lat * Math.PI) / 180)
  for (const place of places) {
    const apart = Math.hypot(place.lat - at.lat, (place.lon - at.lon) * narrower)
    if (apart < least) [best, least] = [place, apart]
  }
  return best?.name ?? null
}
