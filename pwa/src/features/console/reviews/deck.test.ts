import { describe, expect, it } from 'vitest'
import { ahead, dealt, decided, EMPTY, extended, place, refused, stepped, told, undone } from './deck'
import type { QueueItem, Review, ReviewState } from './types'

const review = (state: ReviewState): Review =>
  ({ state, question: null, at: null, entry_id: null, mine: false, rev: 0, blind: false })
const item = (id: string, state: ReviewState = 'pending') => ({ id, review: review(state) }) as QueueItem
const deck = (...items: QueueItem[]) => dealt(EMPTY, items, null)
const states = (of: { items: readonly QueueItem[] }) => of.items.map((one) => one.review.state)

describe('a deck of visits', () => {
  it('shows the first, or the one asked for', () => {
    expect(deck(item('a'), item('b')).current).toBe('a')
    expect(dealt(EMPTY, [item('a'), item('b')], 'b').current).toBe('b')
    expect(dealt(EMPTY, [item('a')], 'gone').current).toBe('a')
    expect(deck().current).toBeNull()
  })

  it('steps and stays at the ends', () => {
    const start = deck(item('a'), item('b'))
    expect(stepped(start, -1).current).toBe('a')
    expect(stepped(stepped(start, 1), 1).current).toBe('b')
  })

  it('goes on to the next open visit, over those that are decided', () => {
    const after = decided(deck(item('a'), item('b', 'accepted'), item('c')), 'accepted')
    expect(after.current).toBe('c')
    expect(states(after)).toEqual(['accepted', 'accepted', 'pending'])
  })

  it('returns to what was passed over, and stays when all is done', () => {
    const last = stepped(deck(item('a'), item('b')), 1)
    const back = decided(last, 'rejected')
    expect(back.current).toBe('a')
    const all = decided(back, 'accepted')
    expect(all.current).toBe('a')
    expect(states(all)).toEqual(['accepted', 'rejected'])
  })

  it('takes decisions back, the last one first', () => {
    const two = decided(decided(deck(item('a'), item('b', 'explained'), item('c')), 'accepted'), 'asked')
    const one = undone(two)
    expect(one.current).toBe('b')
    expect(states(one)).toEqual(['accepted', 'explained', 'pending'])
    expect(states(undone(one))).toEqual(['pending', 'explained', 'pending'])
    expect(undone(undone(undone(one))).done).toEqual([])
  })

  it('fetches ahead what is open below', () => {
    const start = deck(item('a'), item('b'), item('c', 'rejected'), item('d', 'explained'), item('e'))
    expect(ahead(start, 2)).toEqual(['b', 'd'])
    expect(ahead(start, 9)).toEqual(['b', 'd', 'e'])
  })

  it('believes the server, and forgets what it refused', () => {
    const after = decided(decided(deck(item('a'), item('b'), item('c')), 'accepted'), 'rejected')
    const back = refused(after, 'a')
    expect(back.current).toBe('a')
    expect(states(back)).toEqual(['pending', 'rejected', 'pending'])
    expect(back.done.map((one) => one.id)).toEqual(['b'])
    expect(states(told(back, 'a', review('rejected')))).toEqual(['rejected', 'rejected', 'pending'])
    expect(refused(back, 'c')).toBe(back)
  })

  it('grows by a page without doubling', () => {
    const more = extended(deck(item('a'), item('b')), [item('b', 'accepted'), item('c')])
    expect(more.items.map((one) => one.id)).toEqual(['a', 'b', 'c'])
    expect(place(more)).toBe(0)
    expect(extended(deck(), [item('a')]).current).toBe('a')
  })
})
