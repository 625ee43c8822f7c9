import { describe, expect, it } from 'vitest'
import { NeighbourWalk } from './neighbours'

/** A list v0 … v(total-1), `size` a page; `asked` counts the pages that were loaded. */
function list(total: number, size: number) {
  const asked: (string | null)[] = []
  const load = async (cursor: string | null) => {
    asked.push(cursor)
    const from = Number(cursor ?? 0)
    const items = Array.from({ length: Math.min(size, total - from) }, (_, index) => ({ id: `v${from + index}` }))
    return { items, total, next: from + size < total ? String(from + size) : null }
  }
  return { load, asked }
}

describe('neighbours of a visit', () => {
  it('are those of the list', async () => {
    const walk = new NeighbourWalk(list(5, 10).load)
    expect(await walk.around('v2')).toEqual({ previous: 'v1', next: 'v3', place: 3, total: 5 })
    expect(await walk.around('v0')).toMatchObject({ previous: null, next: 'v1' })
    expect(await walk.around('v4')).toMatchObject({ previous: 'v3', next: null })
  })

  it('are found across the edge of a page', async () => {
    const { load, asked } = list(6, 3)
    expect(await new NeighbourWalk(load).around('v2')).toMatchObject({ previous: 'v1', next: 'v3' })
    expect(asked).toEqual([null, '3'])
  })

  it('cost one request a page, however far one steps', async () => {
    const { load, asked } = list(9, 3)
    const walk = new NeighbourWalk(load)
    for (let n = 0; n < 9; n += 1) await walk.around(`v${n}`)
    expect(asked).toEqual([null, '3', '6'])
  })

  it('of a visit outside the list are none', async () => {
    expect(await new NeighbourWalk(list(5, 2).load).around('else')).toEqual({ previous: null, next: null, place: null, total: 5 })
  })

  it('are given up after so many pages', async () => {
    const { load, asked } = list(1000, 10)
    expect((await new NeighbourWalk(load, 3).around('v999')).place).toBeNull()
    expect(asked.length).toBe(3)
  })

  it('of an empty list are none', async () => {
    expect(await new NeighbourWalk(list(0, 10).load).around('v0')).toMatchObject({ place: null, total: 0 })
  })
})
