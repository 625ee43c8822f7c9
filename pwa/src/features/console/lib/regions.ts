import type { Region } from '../types'

export interface RegionNode { region: Region; depth: number }

/**
 * The regions as a tree read from the top, children by code below their parent.
 * A region whose parent the reader does not see is a root. `exceptBelow` leaves a subtree out
 * (a region cannot be moved below itself).
 */
export function regionTree(regions: readonly Region[], exceptBelow: string | null = null): RegionNode[] {
  const known = new Set(regions.map((region) => region.id))
  const children = new Map<string | null, Region[]>()
  for (const region of regions) {
    const parent = region.parent_id !== null && known.has(region.parent_id) ? region.parent_id : null
    children.set(parent, [...(children.get(parent) ?? []), region])
  }
  const tree: RegionNode[] = []
  const walk = (parent: string | null, depth: number) => {
    const below = [...(children.get(parent) ?? [])].sort((a, b) => (a.code < b.code ? -1 : 1))
    for (const region of below) {
      if (region.id === exceptBelow) continue
      tree.push({ region, depth })
      walk(region.id, depth + 1)
    }
  }
  walk(null, 0)
  return tree
}
