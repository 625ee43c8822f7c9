// @vitest-environment node
import 'fake-indexeddb/auto'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Db } from '../../db/schema'
import { aMaterial, anOffice, aPhoto, aStore, freshDb } from '../../db/testing'
import { handOut } from '../materials/actions'
import { stockList } from '../materials/queries'
import { heldOnPhone, mySupervisors } from '../me/queries'
import { officeCheckIn } from '../office/actions'
import { officeList, weekPage } from '../office/queries'
import { addPhoto } from '../photos/actions'
import { syncItems } from '../sync/queries'
import { checkIn, checkOut } from '../visits/actions'
import { doneToday, openVisit, openVisits, shownState, visitPage } from '../visits/queries'
import { firstOf, storeList, storePage } from './queries'

let db: Db
afterEach(() => vi.useRealTimers())
beforeEach(async () => {
  // Noon in Shanghai: no test runs over midnight.
  vi.useFakeTimers({ toFake: ['Date'], now: new Date('2026-11-23T04:00:00.000Z') })
  db = freshDb()
  await db.stores.bulkPut([
    aStore('a', { name: '观前街 大润发', code: 'SZ-001', address: '人民路 100 号', initials: 'gqjdrf', lat: 31.31, lon: 120.62 }),
    aStore('b', { name: '永辉超市 园区店', code: 'SZ-002', address: '星湖街 8 号', initials: 'yhcsyqd', lat: 31.30, lon: 120.7 }),
    aStore('c', { name: '家乐福 2', code: 'SZ-010', address: 'Renmin Road', initials: 'jlf2', lat: 31.35, lon: 120.6 }),
    aStore('d', { name: '家乐福 10', code: 'sz-011', address: '', initials: 'jlf10', lat: 31.4, lon: 120.6 }),
    aStore('z', { name: '关闭的店', active: false }),
  ])
})

const names = async (query: Parameters<typeof storeList>[1]) => (await storeList(db, query)).map((row) => row.store.id)

describe('looking for a store', () => {
  it.each<[string, string, string[]]>([
    ['nothing: all active ones by name', '', ['a', 'c', 'd', 'b']],
    ['part of the name', '永辉', ['b']],
    ['part of the address', '人民路', ['a']],
    ['the code, small or capital', 'sz-01', ['c', 'd']],
    ['first letters', 'yhcs', ['b']],
    ['capital first letters', 'JLF', ['c', 'd']],
    ['full-width characters', 'ＳＺ－００１', ['a']],
    ['two words in two fields', '大润发 人民', ['a']],
    ['two words, one of which fits nowhere', '大润发 星湖', []],
    ['a closed store', '关闭', []],
  ])('by %s', async (_how, text, found) => {
    expect(await names({ text })).toEqual(found)
  })

  it('shows the nearest first where a position is known', async () => {
    const rows = await storeList(db, { fix: { lat: 31.35, lon: 120.6 }, limit: 2 })
    expect(rows.map((row) => [row.store.id, Math.round(row.distance_m!)])).toEqual([['c', 0], ['a', 4836]])
  })

  it('hears of stores that change, come and go', async () => {
    expect(await names({})).toEqual(['a', 'c', 'd', 'b'])
    await db.stores.update('a', { name: '阿' })
    await db.stores.delete('c')
    await db.stores.add(aStore('e', { name: '家乐福 9' }))
    expect(await names({})).toEqual(['a', 'e', 'd', 'b'])
    await db.stores.bulkAdd(Array.from({ length: 1200 }, (_, at) => aStore(`n${at}`, { name: `新店 ${at}` })))
    expect(await names({ text: '新店', limit: 3 })).toEqual(['n0', 'n1', 'n2'])
    expect(await names({ text: '新店' })).toHaveLength(1200)
  })

  it('takes the first few as if all had been put in order', () => {
    // A fixed jumble with many equals: those keep their order.
    const rows = Array.from({ length: 200 }, (_, at) => ({ at, key: (at * 7919) % 23 }))
    const compare = (a: { key: number }, b: { key: number }) => a.key - b.key
    for (const count of [0, 1, 5, 41, 199, 200, 500]) {
      expect(firstOf(rows, count, compare)).toEqual([...rows].sort(compare).slice(0, count))
    }
  })

  it('knows which were visited', async () => {
    const visit = await checkIn(db, { store_id: 'a', fix: null, reason: null, planned: false })
    expect((await storeList(db, { text: '大润发' }))[0]).toMatchObject({ open_visit_id: visit, visited_today: false })
    await checkOut(db, { visit_id: visit, fix: null })
    expect((await storeList(db, { text: '大润发' }))[0]).toMatchObject({ open_visit_id: null, visited_today: true, last_visit: { id: visit } })
    expect(await storePage(db, 'a')).toMatchObject({ visits_total: 1, open_visit_id: null, visits: [{ id: visit }] })
    expect(await storePage(db, 'nope')).toBeNull()
    expect(await doneToday(db)).toBe(1)
  })
})

describe('the open visit', () => {
  it('is today\'s; yesterday\'s reads as abandoned', async () => {
    expect(await openVisit(db)).toBeNull()
    const first = await checkIn(db, { store_id: 'a', fix: null, reason: null, planned: false })
    const second = await checkIn(db, { store_id: 'b', fix: null, reason: null, planned: false })
    await db.visits.update(first, { checked_in_at: new Date(Date.now() - 2 * 86_400_000).toISOString() })
    expect((await openVisits(db)).map((one) => [one.visit.id, one.store?.name])).toEqual([[second, '永辉超市 园区店']])
    expect(shownState((await db.visits.get(first))!)).toBe('abandoned')
  })

  it('has a page with all that belongs to it, also when its store left the phone', async () => {
    const visit = await checkIn(db, { store_id: 'a', fix: null, reason: null, planned: false })
    await addPhoto(db, await aPhoto(visit, 1))
    await addPhoto(db, await aPhoto(visit, 2))
    await db.photos.toCollection().first().then((photo) => db.photos.update(photo!.id, { sync: 'sent', upload: 'done', state: 'stored' }))
    await db.stores.delete('a')
    const page = await visitPage(db, visit)
    expect(page).toMatchObject({ store: null, photos_total: 2, photos_arrived: 1 })
    expect(page!.ops.map((op) => op.kind)).toEqual(['visit.check_in', 'photo.add', 'photo.add'])
  })
})

describe('what waits', () => {
  it('is listed in the order of making, with store, title and size', async () => {
    const visit = await checkIn(db, { store_id: 'a', fix: null, reason: null, planned: false })
    await addPhoto(db, await aPhoto(visit, 1))
    const items = await syncItems(db)
    expect(items.map((item) => [item.kind, item.state, item.store_name, item.title])).toEqual([
      ['visit.check_in', 'waiting', '观前街 大润发', null],
      ['photo.add', 'waiting', '观前街 大润发', 'shelf'],
      ['photo.bytes', 'waiting', '观前街 大润发', 'shelf'],
    ])
    expect(items[2]).toMatchObject({ bytes: 300, bytes_sent: 0 })
    expect(await heldOnPhone(db)).toMatchObject({ visits: 1, photos: 1, photos_bytes: 300, unsent: 3, stores: 5 })
    await handOut(db, { visit_id: visit, material_id: 'm', quantity: 1, recipient: '', signature: new Uint8Array([9]).buffer })
    const signature = (await syncItems(db)).find((item) => item.kind === 'signature.bytes')
    expect(signature).toMatchObject({ store_name: '观前街 大润发', state: 'waiting' })
  })
})

describe('material', () => {
  it('shows what is left, and may go below nothing', async () => {
    await db.materials.bulkPut([aMaterial('m2', { code: 'B' }), aMaterial('m1', { code: 'A' }), aMaterial('m3', { active: false })])
    await db.stock.put({ id: 'm1', material_id: 'm1', balance: 2 })
    const visit = await checkIn(db, { store_id: 'a', fix: null, reason: null, planned: false })
    await handOut(db, { visit_id: visit, material_id: 'm1', quantity: 5, recipient: '', signature: null })
    expect((await stockList(db)).map((row) => [row.material.id, row.balance])).toEqual([['m1', -3], ['m2', 0]])
  })
})

describe('the week at the office', () => {
  it('lists offices by distance and this week\'s check-ins', async () => {
    await db.offices.bulkPut([anOffice('far', { lat: 32 }), anOffice('near'), anOffice('shut', { active: false })])
    expect((await officeList(db, { lat: 31.3, lon: 120.6 })).map((one) => one.office.id)).toEqual(['near', 'far'])
    await officeCheckIn(db, { office_id: 'near', fix: null, reason: 'x' })
    expect(await weekPage(db)).toMatchObject({ state: 'sending', check_ins: [{ office: { id: 'near' } }] })
  })
})

it('supervisors are the people above, not oneself', async () => {
  const person = { username: 'x', region_id: 'r', region_name: 'R' }
  await db.people.bulkPut([
    { id: db.userId, name: '我', role: 'rep', ...person },
    { id: 'p1', name: '王', role: 'supervisor', ...person },
  ])
  expect((await mySupervisors(db)).map((one) => one.name)).toEqual(['王'])
})
