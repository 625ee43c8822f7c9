import { expect, it } from 'vitest'
import { outside, stockTable } from './stock'

const row = (place: string, holder_name: string, material: string, balance: number) => ({
  place, holder_name, rep_id: place.startsWith('rep') ? place : null, warehouse_id: null, material_id: material,
  material_code: material, material_name: material, unit: '个', balance, in_transit: 0, batches: [],
})

it('keeps the order of holders, orders materials by code, and leaves a gap where somebody holds none', () => {
  const table = stockTable([row('warehouse:main', '总仓', 'b', 100), row('rep:2', '张三', 'a', -1), row('rep:2', '张三', 'b', 5)])
  expect(table.materials.map((material) => material.id)).toEqual(['a', 'b'])
  expect(table.holders.map((holder) => holder.name)).toEqual(['总仓', '张三'])
  expect(table.holders[0]?.rows['a']).toBeUndefined()
  expect(table.holders[1]?.rows['a']?.balance).toBe(-1)
})

it('tells places of the house from those outside', () => {
  expect([outside('supplier'), outside('rep:1'), outside('transit:1')]).toEqual(['supplier', null, null])
})
