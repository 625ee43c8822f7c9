// @vitest-environment node
import 'fake-indexeddb/auto'
import { beforeEach, describe, expect, it } from 'vitest'
import { aMaterial, freshDb, HandClock } from '../../db/testing'
import type { Db } from '../../db/schema'
import type { LocalMovement } from '../../db/types'
import { settle } from '../../sync/outbox'
import { applyRecords } from '../../db/records'
import { inTransaction } from '../../db/tables'
import { handOut } from './actions'
import { countLines } from './counting'
import { confirmGot, countStock, giveTo, sendBack } from './moves'
import { batchToTake, lastHandout, stockList, stockPage, waitingForMe } from './queries'

let db: Db
const clock = new HandClock()

function issued(id: string, quantity: number): LocalMovement {
  return {
    id, kind: 'issue', state: 'in_transit', material_id: 'm', batch_id: null, from_place: 'warehouse:main', to_place: `rep:${db.userId}`,
    from_name: '总仓', to_name: '我', quantity, confirmed: null, difference: null, author_id: 'o', at: '2026-11-23T00:00:00.000Z', note: '',
    confirmed_by: null, confirmed_at: null, confirm_note: '', settled_how: null, sync: 'sent',
  }
}

const balance = async () => (await stockList(db))[0]?.balance
const ops = () => db.outbox.orderBy('seq').toArray()

beforeEach(async () => {
  db = freshDb()
  await db.materials.put(aMaterial('m'))
  await db.stock.put({ id: 'm', material_id: 'm', balance: 10, in_transit: 20, batches: [
    { id: 'late', code: 'B', expires_on: '2028-01-01', balance: 4 },
    { id: 'soon', code: 'A', expires_on: '2027-01-01', balance: 6 },
  ] })
  await db.people.bulkPut([
    { id: 'r2', name: '李四', username: 'li', role: 'rep', region_id: 'r', region_name: '' },
    { id: 's', name: '王主管', username: 'wang', role: 'supervisor', region_id: 'r', region_name: '' },
  ])
  await db.warehouses.put({ id: 'main', code: 'MAIN', name: '总仓', region_id: null, active: true, rev: 1 })
})

describe('the stock on the phone follows what is done there', () => {
  it('gives on and sends back', async () => {
    await giveTo(db, { to_id: 'r2', material_id: 'm', batch_id: 'soon', quantity: 2, note: '' }, clock)
    await sendBack(db, { warehouse_id: 'main', material_id: 'm', batch_id: null, quantity: 3, note: ' x ' }, clock)
    expect(await balance()).toBe(5)
    expect((await stockList(db))[0]?.batches.map((one) => [one.id, one.balance])).toEqual([['soon', 4], ['late', 4]])
    expect((await ops()).map((op) => op.kind)).toEqual(['stock.transfer', 'stock.return'])
    expect((await stockPage(db)).underWay).toHaveLength(2)
  })

  it('takes the batch that expires first', async () => {
    expect(batchToTake((await stockList(db))[0] ?? null)).toBe('soon')
    expect(batchToTake(null)).toBeNull()
  })

  it('nobody but a colleague gets anything', async () => {
    const moved = { material_id: 'm', batch_id: null, quantity: 1, note: '' }
    await expect(giveTo(db, { ...moved, to_id: 's' }, clock)).rejects.toThrow()
    await expect(giveTo(db, { ...moved, to_id: db.userId }, clock)).rejects.toThrow()
    await expect(sendBack(db, { ...moved, warehouse_id: 'x' }, clock)).rejects.toThrow()
    expect(() => giveTo(db, { ...moved, to_id: 'r2', quantity: 0 }, clock)).toThrow()
    expect(await ops()).toEqual([])
  })

  it('confirms once, and keeps what it said until the server has heard it', async () => {
    await db.stock_movements.put(issued('v', 20))
    expect(await waitingForMe(db)).toBe(1)
    await confirmGot(db, { movement_id: 'v', quantity: 18, note: '' }, clock)
    await confirmGot(db, { movement_id: 'v', quantity: 20, note: '' }, clock)
    expect(await ops()).toHaveLength(1)
    expect([await balance(), await waitingForMe(db)]).toEqual([28, 0])
    // The feed tells the movement again, as it was before.
    await inTransaction(db, (t) => applyRecords(t, [{ entity: 'stock_movement', id: 'v', record: issued('v', 20) }]))
    expect(await db.stock_movements.get('v')).toMatchObject({ confirmed: 18, difference: -2, state: 'short', sync: 'local' })
    const [op] = await ops()
    const result = { ...issued('v', 20), confirmed: 18, difference: -2, state: 'short', from_name: undefined, to_name: undefined }
    await settle(db, [{ op_id: op?.op_id ?? '', to: 'done', replayed: false, result }])
    expect(await db.stock_movements.get('v')).toMatchObject({ state: 'short', from_name: '总仓', sync: 'sent' })
    expect(await balance()).toBe(28)
  })

  it('a count changes nothing until it is approved', async () => {
    expect(await countStock(db, [{ material_id: 'm', counted: 7, seen: 10 }], '', clock)).toBe(1)
    expect(await balance()).toBe(10)
    const { counts } = await stockPage(db)
    expect(counts.map(({ count }) => [count.state, count.quantity])).toEqual([['pending', -3]])
    expect((await ops())[0]?.payload).toMatchObject({ counted: 7, seen: 10 })
  })

  it('counts each batch by itself, and all of it where units belong to none', async () => {
    const lines = async () => countLines(await stockList(db)).map((line) => [line.batch_id, line.inAll, line.seen])
    expect(await lines()).toEqual([['soon', false, 6], ['late', false, 4]])
    await countStock(db, [{ material_id: 'm', batch_id: 'soon', counted: 5, seen: 6 }], '', clock)
    expect((await ops())[0]?.payload).toMatchObject({ batch_id: 'soon', counted: 5, seen: 6 })
    expect((await stockPage(db)).counts.map(({ count, batch }) => [count.batch_id, batch])).toEqual([['soon', 'A']])
    await db.stock.update('m', { balance: 12 })
    expect(await lines()).toEqual([['soon', false, 6], ['late', false, 4], [null, true, 12]])
    await db.stock.update('m', { balance: 12, batches: [] })
    expect(await lines()).toEqual([[null, false, 12]])
  })

  it('confirms, moves and counts what comes by the pallet', async () => {
    await db.stock_movements.put(issued('p', 12_000))
    await confirmGot(db, { movement_id: 'p', quantity: 12_000, note: '' }, clock)
    expect(await balance()).toBe(12_010)
    await countStock(db, [{ material_id: 'm', counted: 1_000_000, seen: 12_010 }], '', clock)
    await giveTo(db, { to_id: 'r2', material_id: 'm', batch_id: null, quantity: 12_000, note: '' }, clock)
    expect(() => countStock(db, [{ material_id: 'm', counted: 1_000_001, seen: 0 }], '', clock)).toThrow()
    expect(await ops()).toHaveLength(3)
  })
})

it('remembers what was handed out last, and to whom here', async () => {
  const visit = (id: string, store_id: string) => db.visits.put({ id, store_id, state: 'in_progress' } as never)
  await visit('v1', 's1')
  await visit('v2', 's2')
  expect(await lastHandout(db, 'v1')).toBeNull()
  const said = { material_id: 'm', signature: null }
  await handOut(db, { ...said, visit_id: 'v1', quantity: 2, recipient: '王店长' }, clock)
  expect(await lastHandout(db, 'v1')).toEqual({ material_id: 'm', quantity: 2, recipient: '王店长' })
  // In another store it is the same material, for somebody who is not known yet.
  expect(await lastHandout(db, 'v2')).toEqual({ material_id: 'm', quantity: 2, recipient: '' })
  // What the office has reversed was a mistake.
  clock.at = '2026-11-24T04:00:00.000Z'
  const wrong = await handOut(db, { ...said, visit_id: 'v1', quantity: 200, recipient: '李店长' }, clock)
  await db.handouts.update(wrong, { reversed_at: '2026-11-23T05:00:00.000Z' })
  expect(await lastHandout(db, 'v1')).toEqual({ material_id: 'm', quantity: 2, recipient: '王店长' })
})
