import { expect, it } from 'vitest'
import { stockTable } from './stock'

const row = (place: string, rep_name: string | null, material: string, balance: number) => ({
  place, rep_id: rep_name && place, rep_name, material_id: material, material_code: material, material_name: material, unit: '个', balance,
})

it('puts the warehouse first and leaves a gap where somebody holds none', () => {
  const table = stockTable(
    [row('rep:2', '张三', 'b', -1), row('warehouse:main', null, 'a', 100), row('rep:1', '李四', 'a', 5)],
    (a, b) => (a < b ? -1 : 1),
  )
  expect(table.materials.map((material) => material.id)).toEqual(['a', 'b'])
  expect(table.holders.map((holder) => holder.name)).toEqual([null, '张三', '李四'])
  expect(table.holders[1]?.balances).toEqual({ b: -1 })
})
