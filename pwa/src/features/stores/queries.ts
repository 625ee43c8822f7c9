// Stores as the rep looks for them: near, by name, by address, by code, by first letters.
import { organisation } from '../../app/session'
import type { Db } from '../../db/schema'
import { reading, rowsWith } from '../../db/tables'
import type { Id, LocalVisit, StoreRecord } from '../../db/types'
import { dayOf } from '../../kernel/clock'
import { between, type Place } from '../../kernel/geo'
import { openOf } from '../visits/queries'
import { keptStores } from './kept'

export interface StoreRow {
  store: StoreRecord
  distance_m: number | null
  open_visit_id: Id | null
  visited_today: boolean
  last_visit: LocalVisit | null
}

export interface StoreQuery {
  /** Part of the name, the address, the code or the initials; spaces part several words, all must fit. */
  text?: string
  /** Where the rep is: then the nearest come first. */
  fix?: Place | null
  limit?: number
}

/** The rep's active stores: nearest first where a position is known, else by name. */
export async function storeList(db: Db, query: StoreQuery = {}): Promise<StoreRow[]> {
  const words = searchWords(query.text ?? '')
  const stores = (await keptStores(db)).filter((store) => store.active && matches(store, words))
  const rows = stores.map((store) => ({ store, distance_m: between(query.fix, store) }))
  const shown = firstOf(rows, query.limit ?? rows.length, (a, b) =>
    (a.distance_m ?? 0) - (b.distance_m ?? 0) ||
    names.compare(a.store.name, b.store.name) ||
    names.compare(a.store.code, b.store.code))
  const visits = await latestVisits(db, shown.map((row) => row.store.id))
  const today = dayOf(new Date(), organisation.value.time_zone)
  return shown.map((row) => ({ ...row, ...visitsOf(visits.get(row.store.id) ?? [], today) }))
}

// One is slow to make, and compares thousands of names.
const names = new Intl.Collator('zh-CN', { numeric: true })

/** The first `count` in order. To put thousands in order for the forty on the screen would make it stand still. */
export function firstOf<T>(rows: readonly T[], count: number, compare: (a: T, b: T) => number): T[] {
  if (count >= rows.length) return [...rows].sort(compare)
  const found: T[] = []
  for (const row of rows) {
    const last = found[count - 1]
    if (last !== undefined && compare(row, last) >= 0) continue
    let low = 0
    let high = found.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (compare(row, found[middle] as T) < 0) high = middle
      else low = middle + 1
    }
    found.splice(low, 0, row)
    if (found.length > count) found.pop()
  }
  return found
}

/** The words of a search, in the form in which fields are compared. */
export function searchWords(text: string): string[] {
  return plain(text).split(/\s+/).filter(Boolean)
}

/** Does each word stand somewhere in the store's name, address, code or initials? */
export function matches(store: StoreRecord, words: readonly string[]): boolean {
  if (words.length === 0) return true
  const fields = [store.name, store.address, store.code, store.initials].map(plain)
  return words.every((word) => fields.some((field) => field.includes(word)))
}

/** Full-width letters and digits count as plain ones, capitals as small ones. */
function plain(text: string): string {
  return text.normalize('NFKC').toLowerCase()
}

async function latestVisits(db: Db, storeIds: readonly Id[]): Promise<Map<Id, LocalVisit[]>> {
  const found = new Map<Id, LocalVisit[]>()
  const visits = await reading(db, ['visits'], (t) => rowsWith(t.visits, 'store_id', storeIds))
  for (const visit of visits) {
    const list = found.get(visit.store_id)
    if (list) list.push(visit)
    else found.set(visit.store_id, [visit])
  }
  return found
}

function visitsOf(visits: LocalVisit[], today: string): Pick<StoreRow, 'open_visit_id' | 'visited_today' | 'last_visit'> {
  const [last] = newestFirst(visits)
  return {
    last_visit: last ?? null,
    visited_today: visits.some((visit) => visit.state === 'completed' && dayOf(visit.checked_in_at, organisation.value.time_zone) === today),
    open_visit_id: openOf(visits)[0]?.id ?? null,
  }
}

function newestFirst(visits: readonly LocalVisit[]): LocalVisit[] {
  return [...visits].sort((a, b) => b.checked_in_at.localeCompare(a.checked_in_at))
}

export interface StorePage {
  store: StoreRecord
  /** The last ones, newest first. */
  visits: LocalVisit[]
  visits_total: number
  open_visit_id: Id | null
}

const LAST_VISITS = 10

/** A store with its last visits; null for one that is not on this phone. */
export async function storePage(db: Db, id: Id): Promise<StorePage | null> {
  const store = await db.stores.get(id)
  if (!store) return null
  const visits = await visitsOfStore(db, id)
  return {
    store,
    visits: visits.slice(0, LAST_VISITS),
    visits_total: visits.length,
    open_visit_id: openOf(visits)[0]?.id ?? null,
  }
}

/** The rep's visits to a store, newest first. */
export async function visitsOfStore(db: Db, storeId: Id): Promise<LocalVisit[]> {
  return newestFirst(await db.visits.where('store_id').equals(storeId).toArray())
}
