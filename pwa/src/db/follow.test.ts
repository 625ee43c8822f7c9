// @vitest-environment node
import 'fake-indexeddb/auto'
import { expect, it, vi } from 'vitest'
import { checkIn } from '../features/visits/actions'
import { openVisits } from '../features/visits/queries'
import { follow, sameParts } from './follow'
import { aStore, freshDb } from './testing'

it('asks again after each change, and no more once it was stopped', async () => {
  const db = freshDb()
  await db.stores.put(aStore('s1'))
  const seen: number[] = []
  const stop = follow(() => openVisits(db), (found) => seen.push(found.length))
  await vi.waitFor(() => expect(seen.at(-1)).toBe(0))
  await checkIn(db, { store_id: 's1', fix: null, reason: null, planned: false })
  await vi.waitFor(() => expect(seen.at(-1)).toBe(1))
  stop()
  const count = seen.length
  await checkIn(db, { store_id: 's2', fix: null, reason: null, planned: false })
  await db.visits.count()
  expect(seen).toHaveLength(count)
})

it('answers changes that come in a row together, and does not wait for their end', async () => {
  const db = freshDb()
  let asked = 0
  const seen: number[] = []
  const stop = follow(async () => {
    asked += 1
    return db.stores.count()
  }, (found) => seen.push(found))
  await vi.waitFor(() => expect(seen).toEqual([0]))
  await Promise.all([1, 2, 3, 4, 5, 6].map((number) => db.stores.put(aStore(`s${number}`))))
  await vi.waitFor(() => expect(seen.at(-1)).toBe(6))
  expect(asked).toBeLessThan(4)
  // Changes without a pause: the answer comes all the same.
  let made = 6
  while (seen.at(-1) === 6) await db.stores.put(aStore(`s${(made += 1)}`))
  expect(seen.at(-1)).toBeGreaterThan(6)
  stop()
})

it('sees changes of what a query reads in its depths', async () => {
  const db = freshDb()
  const deep = async () => {
    await db.notes.count()
    await (async () => {
      await db.photos.count()
      await (async () => db.visits.count())()
    })()
    return db.stores.count()
  }
  const seen: number[] = []
  const stop = follow(deep, (found) => seen.push(found))
  await vi.waitFor(() => expect(seen.at(-1)).toBe(0))
  await db.stores.put(aStore('s1'))
  await vi.waitFor(() => expect(seen.at(-1)).toBe(1))
  stop()
})

it('goes on after a query that failed', async () => {
  const error = vi.spyOn(console, 'error').mockImplementation(() => undefined)
  const db = freshDb()
  let fails = true
  const seen: string[] = []
  const stop = follow(async () => {
    if (fails) throw new Error('once')
    return 'fine'
  }, (found) => seen.push(found))
  await vi.waitFor(() => expect(error).toHaveBeenCalled())
  fails = false
  await db.stores.put(aStore('s1'))
  await vi.waitFor(() => expect(seen.at(-1)).toBe('fine'))
  stop()
})

it('keeps the objects whose content did not change', () => {
  const blob = new Blob(['abc'])
  const before = [{ id: 1, tags: ['a'], thumb: blob }, { id: 2, tags: ['b'], thumb: null }]
  expect(sameParts(before, [{ id: 1, tags: ['a'], thumb: new Blob(['xyz']) }, { id: 2, tags: ['b'], thumb: null }])).toBe(before)
  const after = sameParts<unknown>(before, [{ id: 1, tags: ['a'], thumb: new Blob(['abc']) }, { id: 2, tags: ['c'], thumb: null }]) as typeof before
  expect(after).not.toBe(before)
  expect(after[0]).toBe(before[0])
  expect(after[1]).toEqual({ id: 2, tags: ['c'], thumb: null })
  expect(sameParts([1, 2], [1])).toEqual([1])
  expect(sameParts({ a: 1, b: 2 }, { a: 1 })).toEqual({ a: 1 })
  expect(sameParts(null, { a: 1 })).toEqual({ a: 1 })
  expect(sameParts([], {})).toEqual({})
})
