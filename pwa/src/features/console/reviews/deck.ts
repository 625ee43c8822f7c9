// The visits of the queue as cards: where one is, what has just been decided, what can be undone. Pure.
import type { QueueItem, Review, ReviewState } from './types'

/** A decision of this sitting, for u; before is what the review said until then. */
export interface Done { id: string; before: Review; after: ReviewState }

export interface Deck {
  items: readonly QueueItem[]
  current: string | null
  done: readonly Done[]
}

export const EMPTY: Deck = { items: [], current: null, done: [] }

/** A new list: the visit shown stays if it is there, else the first open one is. */
export function dealt(deck: Deck, items: readonly QueueItem[], wanted: string | null): Deck {
  const there = wanted !== null && items.some((item) => item.id === wanted)
  return { ...deck, items, current: there ? wanted : (items[0]?.id ?? null) }
}

/** Further visits below those that are there; none twice. */
export function extended(deck: Deck, more: readonly QueueItem[]): Deck {
  const known = new Set(deck.items.map((item) => item.id))
  const items = [...deck.items, ...more.filter((item) => !known.has(item.id))]
  return { ...deck, items, current: deck.current ?? items[0]?.id ?? null }
}

export const place = (deck: Deck): number => deck.items.findIndex((item) => item.id === deck.current)

/** One further or back; at the ends one stays. */
export function stepped(deck: Deck, by: number): Deck {
  const next = deck.items[place(deck) + by]
  return next ? { ...deck, current: next.id } : deck
}

const isOpen = (item: QueueItem): boolean => item.review.state === 'pending' || item.review.state === 'explained'

/** The ids of the open visits after the one shown, the nearest first: what to fetch ahead. */
export function ahead(deck: Deck, count: number): string[] {
  return deck.items.slice(place(deck) + 1).filter(isOpen).slice(0, count).map((item) => item.id)
}

/** Decide on the visit shown, and show the next open one below it; with none below, the first above. */
export function decided(deck: Deck, after: ReviewState): Deck {
  const index = place(deck)
  const item = deck.items[index]
  if (!item) return deck
  const items = withReview(deck.items, item.id, { ...item.review, state: after, mine: true })
  const next = items.slice(index + 1).find(isOpen) ?? items.find(isOpen) ?? item
  return { items, current: next.id, done: [...deck.done, { id: item.id, before: item.review, after }] }
}

/** Take the last decision back, and show that visit again. */
export function undone(deck: Deck): Deck {
  const last = deck.done.at(-1)
  if (!last) return deck
  const items = withReview(deck.items, last.id, last.before)
  return { items, current: last.id, done: deck.done.slice(0, -1) }
}

/** What the server says of a review: its word counts. */
export function told(deck: Deck, id: string, review: Review): Deck {
  return { ...deck, items: withReview(deck.items, id, review) }
}

/** A decision that the server refused is no decision. */
export function refused(deck: Deck, id: string): Deck {
  const at = deck.done.map((one) => one.id).lastIndexOf(id)
  const one = deck.done[at]
  if (!one) return deck
  return { items: withReview(deck.items, id, one.before), current: id, done: deck.done.filter((_, index) => index !== at) }
}

function withReview(items: readonly QueueItem[], id: string, review: Review): QueueItem[] {
  return items.map((item) => (item.id === id ? { ...item, review } : item))
}
