// What is planned at a store, and what of it is done, as far as this phone knows.
import { organisation } from '../../app/session'
import type { Db } from '../../db/schema'
import type { CampaignRecord, CampaignStore, Id, IsoTime, LocalSeen, MaterialRecord, PhotoKind, SeenState } from '../../db/types'
import { dayOf } from '../../kernel/clock'

export interface MaterialLine {
  material_id: Id
  material: MaterialRecord | null
  planned: number
  handed: number
  /** Planned less handed, never below 0. */
  lacking: number
  /** This phone's last word about it; null: none, or handed out since it was missing. */
  seen: Sighting | null
}

export interface Sighting { state: SeenState; quantity: number | null; at: IsoTime }

/** refused: it is not there, and the last word was that it cannot be taken. */
export interface PhotoLine { kind: PhotoKind; there: boolean; refused: boolean }

export interface CampaignItem {
  campaign: CampaignRecord
  materials: MaterialLine[]
  photos: PhotoLine[]
  /** Why, by the last look. */
  note: string
  complete: boolean
}

/** What the phone's own records say was done at one store for one campaign. */
export interface OwnWork {
  handed: ReadonlyMap<Id, number>
  kinds: ReadonlySet<PhotoKind>
  seen: ReadonlyMap<Id, Sighting>
  refused: readonly PhotoKind[]
  note: string
}

/**
 * A campaign at one of its stores. The server's figures contain what this phone has sent, and the phone's
 * what the server has not heard yet: the larger of the two is nearest to the truth, and never counts twice.
 */
export function itemOf(
  campaign: CampaignRecord, store: CampaignStore, own: OwnWork, materials: ReadonlyMap<Id, MaterialRecord>,
): CampaignItem {
  const known = new Map(store.handed.map((one) => [one.material_id, one.quantity]))
  const lines = campaign.materials.map(({ material_id, per_store }) => {
    const handed = Math.max(known.get(material_id) ?? 0, own.handed.get(material_id) ?? 0)
    const material = materials.get(material_id) ?? null
    const seen = own.seen.get(material_id) ?? null
    return { material_id, material, planned: per_store, handed, lacking: Math.max(0, per_store - handed), seen }
  })
  lines.sort((a, b) => (a.material?.code ?? '').localeCompare(b.material?.code ?? ''))
  const photos = campaign.photo_kinds.map((kind) => {
    const there = store.photos.includes(kind) || own.kinds.has(kind)
    return { kind, there, refused: !there && own.refused.includes(kind) }
  })
  const complete = lines.every((one) => one.lacking === 0 && one.seen?.state !== 'missing') && photos.every((one) => one.there)
  return { campaign, materials: lines, photos, note: own.note, complete }
}

/** The campaigns that run today at a store, those first that end first. */
export async function campaignsAt(db: Db, storeId: Id, now: Date = new Date()): Promise<CampaignItem[]> {
  const zone = organisation.value.time_zone
  const today = dayOf(now, zone)
  const running = (await db.campaigns.toArray()).filter(
    (one) => one.state === 'running' && one.first_day <= today && today <= one.last_day,
  )
  const here = running.flatMap((campaign) => {
    const store = campaign.stores.find((one) => one.store_id === storeId)
    return store ? [{ campaign, store }] : []
  })
  if (here.length === 0) return []
  const visits = await db.visits.where('store_id').equals(storeId).primaryKeys()
  const [handouts, photos, looks, materials] = await Promise.all([
    db.handouts.where('visit_id').anyOf(visits).toArray(),
    db.photos.where('visit_id').anyOf(visits).toArray(),
    db.campaign_seen.where('visit_id').anyOf(visits).toArray(),
    db.materials.toArray(),
  ])
  const byId = new Map(materials.map((one) => [one.id, one]))
  return here
    .map(({ campaign, store }) => {
      const inside = (at: string) => {
        const day = dayOf(at, zone)
        return campaign.first_day <= day && day <= campaign.last_day
      }
      const handed = new Map<Id, number>()
      const lastGiven = new Map<Id, IsoTime>()
      for (const one of handouts) {
        if (one.campaign_id !== campaign.id || one.reversed_at) continue
        handed.set(one.material_id, (handed.get(one.material_id) ?? 0) + one.quantity)
        if (one.at > (lastGiven.get(one.material_id) ?? '')) lastGiven.set(one.material_id, one.at)
      }
      const kinds = new Set(photos.filter((one) => one.state !== 'unreadable' && inside(one.taken_at)).map((one) => one.kind))
      const own = looks.filter((one) => one.campaign_id === campaign.id && inside(one.at))
      return itemOf(campaign, store, { handed, kinds, ...lastWord(own, lastGiven) }, byId)
    })
    .sort((a, b) => a.campaign.last_day.localeCompare(b.campaign.last_day) || a.campaign.code.localeCompare(b.campaign.code))
}

/** What the looks say in the end, material by material. What was missing and was handed out since is missing no more. */
function lastWord(looks: readonly LocalSeen[], given: ReadonlyMap<Id, IsoTime>): Pick<OwnWork, 'seen' | 'refused' | 'note'> {
  const sorted = [...looks].sort((a, b) => a.at.localeCompare(b.at) || a.id.localeCompare(b.id))
  const seen = new Map<Id, Sighting>()
  for (const { at, materials } of sorted) {
    for (const { material_id, state, quantity } of materials) seen.set(material_id, { state, quantity, at })
  }
  for (const [id, one] of seen) if (one.state === 'missing' && (given.get(id) ?? '') > one.at) seen.delete(id)
  const last = sorted.at(-1)
  return { seen, refused: last?.photo_kinds ?? [], note: last?.note ?? '' }
}

/** One look, with the names that it needs. */
export interface SeenItem { seen: LocalSeen; campaign: CampaignRecord | null; materials: ReadonlyMap<Id, MaterialRecord> }

/** What was seen of campaigns in a visit, oldest first. */
export async function seenInVisit(db: Db, visitId: Id): Promise<SeenItem[]> {
  const looks = await db.campaign_seen.where('visit_id').equals(visitId).sortBy('at')
  if (looks.length === 0) return []
  const campaigns = await db.campaigns.bulkGet(looks.map((one) => one.campaign_id))
  const materials = new Map((await db.materials.toArray()).map((one) => [one.id, one]))
  return looks.map((seen, at) => ({ seen, campaign: campaigns[at] ?? null, materials }))
}

/** The same for the store of a visit. */
export async function campaignsOfVisit(db: Db, visitId: Id): Promise<CampaignItem[]> {
  const visit = await db.visits.get(visitId)
  return visit ? campaignsAt(db, visit.store_id) : []
}

/** Those that plan a material: the first one is what a handout counts for unless the rep says otherwise. */
export function fitting(items: readonly CampaignItem[], materialId: Id): CampaignRecord[] {
  return items.filter(({ materials }) => materials.some((one) => one.material_id === materialId)).map(({ campaign }) => campaign)
}
