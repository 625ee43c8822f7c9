// Bubbles that would lie upon one another become one: the server counts by cell, the eye by pixel.
import { VERDICTS } from '../lib/verdicts'
import type { Bounds, Cluster } from '../types'
import { bubbleSize, type Counts } from './icons'

export interface Pixel { x: number; y: number }

/** Pixels across of what is drawn for a cluster. */
const width = (cluster: Cluster): number => (cluster.id ? 24 : bubbleSize(cluster.count))

/** One cluster out of two, at their common centre. */
export function join(a: Cluster, b: Cluster): Cluster {
  const count = a.count + b.count
  const mean = (first: number, second: number) => (first * a.count + second * b.count) / count
  const by_verdict: Counts = {}
  for (const verdict of VERDICTS) {
    const sum = (a.by_verdict[verdict] ?? 0) + (b.by_verdict[verdict] ?? 0)
    if (sum > 0) by_verdict[verdict] = sum
  }
  const bounds: Bounds = [
    Math.min(a.bounds[0], b.bounds[0]), Math.min(a.bounds[1], b.bounds[1]),
    Math.max(a.bounds[2], b.bounds[2]), Math.max(a.bounds[3], b.bounds[3]),
  ]
  return { lat: mean(a.lat, b.lat), lon: mean(a.lon, b.lon), count, by_verdict, bounds }
}

/**
 * Joins clusters whose drawings overlap by more than a third, the biggest first. No count is lost.
 * `at` says where a cluster is drawn.
 */
export function mergeClose(clusters: readonly Cluster[], at: (cluster: Cluster) => Pixel): Cluster[] {
  const kept: { cluster: Cluster; pixel: Pixel }[] = []
  for (const cluster of [...clusters].sort((a, b) => b.count - a.count)) {
    const pixel = at(cluster)
    const near = kept.find((other) =>
      Math.hypot(other.pixel.x - pixel.x, other.pixel.y - pixel.y) < ((width(other.cluster) + width(cluster)) / 2) * 0.67)
    // The drawing stays where the bigger one was: moving it could make it overlap a third.
    if (near) near.cluster = { ...join(near.cluster, cluster), lat: near.cluster.lat, lon: near.cluster.lon }
    else kept.push({ cluster, pixel })
  }
  return kept.map((one) => one.cluster)
}
