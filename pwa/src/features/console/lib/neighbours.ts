// The visits before and after one in the list that the current filters give.
import type { Page } from '../types'

export interface Neighbours { previous: string | null; next: string | null; /** From 1; null when not in the list. */ place: number | null; total: number }

type PageLoader = (cursor: string | null) => Promise<Page<{ id: string }>>

/**
 * Walks the list page by page and remembers the ids, so that stepping through a list asks once a page.
 * Gives up after `mostPages`: somebody who opens visit 5,000 of a link finds no neighbours, not a slow page.
 */
export class NeighbourWalk {
  private ids: string[] = []
  private cursor: string | null = null
  private total = 0
  private started = false

  constructor(private readonly load: PageLoader, private readonly mostPages = 10) {}

  /** The neighbours of `id`. Raises what the loader raises. */
  async around(id: string): Promise<Neighbours> {
    let place = this.ids.indexOf(id)
    let pages = 0
    // One page more when it is the last one known: its next neighbour may be there.
    while ((place < 0 || place === this.ids.length - 1) && this.hasMore() && pages < this.mostPages) {
      await this.another()
      pages += 1
      place = this.ids.indexOf(id)
    }
    if (place < 0) return { previous: null, next: null, place: null, total: this.total }
    return {
      previous: this.ids[place - 1] ?? null, next: this.ids[place + 1] ?? null, place: place + 1, total: this.total,
    }
  }

  private hasMore(): boolean {
    return !this.started || this.cursor !== null
  }

  private async another(): Promise<void> {
    const page = await this.load(this.cursor)
    this.started = true
    this.cursor = page.next ?? null
    this.total = page.total
    // A visit that arrived meanwhile shifts nothing under a cursor, but be sure never to list one twice.
    const known = new Set(this.ids)
    this.ids.push(...page.items.map((item) => item.id).filter((id) => !known.has(id)))
  }
}
