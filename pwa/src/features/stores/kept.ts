// The stores of this phone in memory: read once, and again only when a store has changed. A save of a visit must
// not wait until thousands of stores have been read for the list behind it.
import Dexie, { type ObservabilitySet } from 'dexie'
import type { Db } from '../../db/schema'
import type { StoreRecord } from '../../db/types'

/** Rows read at once: with more, a slow phone's screen stands still. */
const LOT = 200

/** By the name of the database. */
const kept = new Map<string, Promise<readonly StoreRecord[]>>()

/** All stores of the phone, in no order. The list is everybody's: nobody changes it. */
export function keptStores(db: Db): Promise<readonly StoreRecord[]> {
  const before = kept.get(db.name)
  if (before) return before
  listen()
  const found = read(db)
  kept.set(db.name, found)
  // A failed reading is no answer for the next one.
  found.catch(() => kept.get(db.name) === found && kept.delete(db.name))
  return found
}

async function read(db: Db): Promise<StoreRecord[]> {
  const rows: StoreRecord[] = []
  for (;;) {
    const last = rows.at(-1)
    const lot = await (last ? db.stores.where('id').above(last.id) : db.stores.orderBy('id')).limit(LOT).toArray()
    rows.push(...lot)
    if (lot.length < LOT) return rows
    // The page's turn: what has waited meanwhile (a touch, a frame) goes first.
    await new Promise((resolve) => setTimeout(resolve))
  }
}

let listening = false
function listen(): void {
  if (listening) return
  listening = true
  Dexie.on('storagemutated', forget)
}

/** What was read is outdated once a store is written, here or in another tab. */
function forget(parts: ObservabilitySet): void {
  for (const name of kept.keys()) {
    if (Object.keys(parts).some((part) => part.startsWith(`idb://${name}/stores/`))) kept.delete(name)
  }
}
