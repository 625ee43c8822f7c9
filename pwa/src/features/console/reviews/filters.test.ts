import { describe, expect, it } from 'vitest'
import { queueFromQuery, queueToApi, queueToBulk, queueToQuery } from './filters'

const TODAY = '2026-11-25'

describe('the filters of the queue', () => {
  it('are the open ones of thirty days by themselves, and then nothing stands in the address', () => {
    const filters = queueFromQuery({}, TODAY)
    expect([filters.from, filters.to, filters.states]).toEqual(['2026-10-27', TODAY, ['pending', 'explained']])
    expect(queueToQuery(filters)).toEqual({})
    expect(queueToApi(filters)).toEqual({ from: '2026-10-27', to: TODAY, state: 'pending,explained' })
  })

  it.each<Record<string, string>>([
    { days: '7' },
    { from: '2026-11-01', to: '2026-11-03', region: 'r', rep: 'p' },
    { verdict: 'off_site', flag: 'impossible_travel,photo_reused', status: 'rejected' },
    { status: 'all' },
    { store: 's', status: 'explained,accepted' },
  ])('survive the address: %j', (query) => {
    expect(queueToQuery(queueFromQuery(query, TODAY))).toEqual(query)
  })

  it('drop what is foreign', () => {
    const filters = queueFromQuery({ flag: 'nonsense,off_site', status: 'nonsense', state: 'completed', q: 'x' }, TODAY)
    expect(filters.flags).toEqual(['off_site'])
    expect(filters.states).toEqual(['pending', 'explained'])
    expect(queueToApi(filters)).not.toHaveProperty('q')
  })

  it('of a bulk name no state', () => {
    const filters = queueFromQuery({ status: 'all', flag: 'short_visit', region: 'r' }, TODAY)
    expect(queueToBulk(filters)).toEqual({
      from: '2026-10-27', to: TODAY, region: 'r', verdict: [], flag: ['short_visit'],
    })
  })
})
