// @vitest-environment node
import 'fake-indexeddb/auto'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { applyRecords } from '../../db/records'
import type { Db } from '../../db/schema'
import { inTransaction } from '../../db/tables'
import { aMaterial, aPhoto, aStore, freshDb } from '../../db/testing'
import type { CampaignRecord, CampaignStore } from '../../db/types'
import { handOut } from '../materials/actions'
import { addPhoto } from '../photos/actions'
import { checkIn } from '../visits/actions'
import { saySeen } from './actions'
import { campaignsAt, campaignsOfVisit, fitting, itemOf } from './queries'

const STORE: CampaignStore = { store_id: 'a', handed: [], photos: [] }
const campaign = (id: string, values: Partial<CampaignRecord> = {}): CampaignRecord => ({
  id, code: `P-${id}`, name: `Campaign ${id}`, first_day: '2026-11-16', last_day: '2026-11-29', state: 'running', note: '',
  photo_kinds: ['pile'], materials: [{ material_id: 'm', per_store: 3 }], stores: [STORE], rev: 1, ...values,
})

let db: Db
afterEach(() => vi.useRealTimers())
beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: new Date('2026-11-23T04:00:00.000Z') })
  db = freshDb()
  await db.stores.bulkPut([aStore('a'), aStore('b')])
  await db.materials.bulkPut([aMaterial('m'), aMaterial('n')])
})

const visitAt = (store_id: string) => checkIn(db, { store_id, fix: null, reason: null, planned: false })
const give = (visit_id: string, quantity: number, campaign_id?: string | null) =>
  handOut(db, { visit_id, material_id: 'm', quantity, recipient: '', signature: null, campaign_id })

describe('a campaign on the phone', () => {
  it('is shown at its stores, in its days, while it runs; those first that end first', async () => {
    await db.campaigns.bulkPut([
      campaign('late'), campaign('soon', { last_day: '2026-11-23' }), campaign('over', { last_day: '2026-11-22' }),
      campaign('next', { first_day: '2026-11-24' }), campaign('ended', { state: 'ended' }), campaign('there', { stores: [{ ...STORE, store_id: 'b' }] }),
    ])
    expect((await campaignsAt(db, 'a')).map((one) => one.campaign.id)).toEqual(['soon', 'late'])
    expect((await campaignsAt(db, 'b')).map((one) => one.campaign.id)).toEqual(['there'])
  })

  it('counts offline what is handed out for it and photographed there, and nothing else', async () => {
    await db.campaigns.put(campaign('p'))
    const visit = await visitAt('a')
    await give(visit, 1, 'p')
    await give(visit, 1, null)
    await give(visit, 1, 'other')
    await addPhoto(db, await aPhoto(visit))
    expect(await campaignsOfVisit(db, visit)).toMatchObject([
      { complete: false, materials: [{ planned: 3, handed: 1, lacking: 2 }], photos: [{ kind: 'pile', there: false }] },
    ])
    await give(visit, 2, 'p')
    await addPhoto(db, { ...(await aPhoto(visit, 2)), kind: 'pile' })
    expect(await campaignsOfVisit(db, visit)).toMatchObject([{ complete: true, materials: [{ lacking: 0 }], photos: [{ there: true }] }])
  })

  it('says to the server what the rep chose, and nothing where the phone knows of no campaign', async () => {
    const visit = await visitAt('a')
    for (const chosen of ['p', null, undefined]) await give(visit, 1, chosen)
    const ops = (await db.outbox.orderBy('seq').toArray()).filter((op) => op.kind === 'handout.add')
    expect(ops.map((op) => ('campaign_id' in op.payload ? op.payload['campaign_id'] : 'not said'))).toEqual(['p', null, 'not said'])
  })

  it.each([
    ['only the server knows', 2, 0, 2],
    ['only the phone knows', 0, 2, 2],
    ['both know the same: never twice', 2, 2, 2],
    ['a colleague gave more than this phone', 3, 1, 3],
  ])('where %s', (_case, server, own, handed) => {
    const store = { ...STORE, handed: server ? [{ material_id: 'm', quantity: server }] : [] }
    const item = itemOf(campaign('p'), store, { handed: new Map(own ? [['m', own]] : []), kinds: new Set(), seen: new Map(), refused: [], note: '' }, new Map())
    expect(item.materials[0]).toMatchObject({ handed, lacking: 3 - handed })
  })

  it('plans some materials, and only those fit', async () => {
    await db.campaigns.bulkPut([campaign('p'), campaign('q', { materials: [{ material_id: 'n', per_store: 1 }], last_day: '2026-11-30' })])
    const items = await campaignsAt(db, 'a')
    expect(fitting(items, 'm').map((one) => one.id)).toEqual(['p'])
    expect(fitting(items, 'n').map((one) => one.id)).toEqual(['q'])
    expect(fitting(items, 'x')).toEqual([])
  })

  it('shows the last word about a material, until it was handed out again', async () => {
    await db.campaigns.put(campaign('p'))
    const visit = await visitAt('a')
    await give(visit, 3, 'p')
    await addPhoto(db, { ...(await aPhoto(visit)), kind: 'pile' })
    const say = (state: 'present' | 'missing', quantity: number | null = null) =>
      saySeen(db, { campaign_id: 'p', visit_id: visit, materials: [{ material_id: 'm', state, quantity }], photo_kinds: [], note: '' })
    const next = () => vi.setSystemTime(Date.now() + 60_000)
    next()
    await say('missing', 2)
    expect(await campaignsOfVisit(db, visit)).toMatchObject([{ complete: false, materials: [{ lacking: 0, seen: { state: 'missing', quantity: 2 } }] }])
    next()
    await say('present')
    expect(await campaignsOfVisit(db, visit)).toMatchObject([{ complete: true, materials: [{ seen: { state: 'present', quantity: null } }] }])
    next()
    await say('missing')
    next()
    await give(visit, 1, 'p')
    expect(await campaignsOfVisit(db, visit)).toMatchObject([{ complete: true, materials: [{ handed: 4, seen: null }] }])
  })

  it('leaves out what the office has reversed', async () => {
    await db.campaigns.put(campaign('p'))
    const visit = await visitAt('a')
    const wrong = await give(visit, 30, 'p')
    await give(visit, 1, 'p')
    const reversed = { ...(await db.handouts.get(wrong))!, reversed_at: '2026-11-23T04:05:00.000Z' }
    await inTransaction(db, (t) => applyRecords(t, [{ entity: 'handout', id: wrong, record: reversed }]))
    expect(await campaignsOfVisit(db, visit)).toMatchObject([{ materials: [{ handed: 1, lacking: 2 }] }])
  })

  it('says what cannot be photographed, until it is', async () => {
    await db.campaigns.put(campaign('p'))
    const visit = await visitAt('a')
    await saySeen(db, { campaign_id: 'p', visit_id: visit, materials: [], photo_kinds: ['pile'], note: ' 店里不让拍 ' })
    expect(await campaignsOfVisit(db, visit)).toMatchObject([{ note: '店里不让拍', photos: [{ there: false, refused: true }] }])
    await addPhoto(db, { ...(await aPhoto(visit)), kind: 'pile' })
    expect(await campaignsOfVisit(db, visit)).toMatchObject([{ photos: [{ there: true, refused: false }] }])
  })

  it.each([
    ['nothing', { materials: [] }, 'materials'],
    ['half a poster', { materials: [{ material_id: 'm', state: 'missing' as const, quantity: 0.5 }] }, 'quantity'],
    ['an unknown visit', { visit_id: 'nope' }, 'visit_id'],
  ])('is not said of %s', async (_what, said, field) => {
    const visit_id = await visitAt('a')
    const line = { material_id: 'm', state: 'missing' as const, quantity: 1 }
    const input = { campaign_id: 'p', visit_id, materials: [line], photo_kinds: [], note: '', ...said }
    await expect((async () => saySeen(db, input))()).rejects.toMatchObject({ name: 'InvalidInputError', field })
    expect(await db.campaign_seen.count()).toBe(0)
  })

  it('leaves the phone with the feed', async () => {
    await inTransaction(db, (t) => applyRecords(t, [{ entity: 'campaign', id: 'p', record: campaign('p') }]))
    expect(await db.campaigns.count()).toBe(1)
    await inTransaction(db, (t) => applyRecords(t, [{ entity: 'campaign', id: 'p', record: null }]))
    expect(await db.campaigns.count()).toBe(0)
  })
})
