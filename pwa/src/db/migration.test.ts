// @vitest-environment node
// That a phone opens what an earlier version left behind is a case of the contract, for each version listed there.
import 'fake-indexeddb/auto'
import { expect, it } from 'vitest'
import { SHIPPED } from './contract/shipped'
import { Db } from './schema'
import { REP } from './testing'

it('the newest version is listed among those that were shipped', async () => {
  const db = new Db(REP, 'newest')
  await db.open()
  expect(Object.keys(SHIPPED).map(Number)).toContain(db.verno)
  const shipped = SHIPPED[db.verno]!
  expect(Object.fromEntries(db.tables.map((table) => [table.name, [table.schema.primKey.src, ...table.schema.indexes.map((index) => index.src)].join(', ')]))).toEqual(shipped)
})
