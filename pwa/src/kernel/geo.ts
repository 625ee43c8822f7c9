// Distances on the globe, for sorting and for telling the rep; judging is the server's work.

/** A place in WGS-84 degrees. */
export interface Place { lat: number; lon: number }

const EARTH_RADIUS_M = 6_371_008.8

/** Metres along the great circle (haversine formula on the mean radius); within 0.6 % of the ellipsoid. */
export function distanceM(lat1: number, lon1: number, lat2: number, lon2: number): number {
  const rad = Math.PI / 180
  const dLat = Math.sin(((lat2 - lat1) * rad) / 2)
  const dLon = Math.sin(((lon2 - lon1) * rad) / 2)
  const a = dLat * dLat + Math.cos(lat1 * rad) * Math.cos(lat2 * rad) * dLon * dLon
  return 2 * EARTH_RADIUS_M * Math.asin(Math.min(1, Math.sqrt(a)))
}

/** Metres between two places; null where one is missing. */
export function between(a: Place | null | undefined, b: Place | null | undefined): number | null {
  return a && b ? distanceM(a.lat, a.lon, b.lat, b.lon) : null
}

/** True for finite degrees on the globe that are not the 0,0 of a broken receiver. */
export function isPosition(lat: number, lon: number): boolean {
  if (!Number.isFinite(lat) || !Number.isFinite(lon)) return false
  return Math.abs(lat) <= 90 && Math.abs(lon) <= 180 && !(Math.abs(lat) < 1e-6 && Math.abs(lon) < 1e-6)
}
