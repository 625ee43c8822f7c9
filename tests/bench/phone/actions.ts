// The app's own actions, for a bench that stands in the app's page. Never part of the app.
import { openDb } from '@/app/session'
import { addPhoto, type PhotoInput } from '@/features/photos/actions'
import { checkIn, checkOut } from '@/features/visits/actions'

const FIX = { lat: 31.3, lon: 120.6, accuracy_m: 12, age_s: 1, source: 'gps' }

const PAUSE_MS = 200

type Picture = Pick<PhotoInput, 'image' | 'thumb' | 'sha256'>

/** Milliseconds of each visit, and of each save in it. */
export interface Times { visits: number[]; saves: number[] }

/**
 * Make visits as a rep does: check in, add photos one by one, check out; each waits for the disk. What the photo
 * worker does on the phone (bytes and hash) is made ready before the clock starts.
 */
export async function makeVisits(count: number, photosEach: number, bytes: number, thumbBytes: number): Promise<Times> {
  const db = openDb()
  const stores = await db.stores.toCollection().primaryKeys()
  const times: Times = { visits: [], saves: [] }
  for (let number = 0; number < count; number += 1) {
    const pictures: Picture[] = []
    for (let at = 0; at < photosEach; at += 1) pictures.push(await picture(bytes, thumbBytes))
    // A rep walks from store to store: the screen has shown the last visit before the next one begins.
    await pause(PAUSE_MS)
    const began = performance.now()
    const save = async <T>(work: () => Promise<T>): Promise<T> => {
      const from = performance.now()
      const made = await work()
      times.saves.push(performance.now() - from)
      return made
    }
    const store_id = stores[number % stores.length] ?? ''
    const visit_id = await save(() => checkIn(db, { store_id, fix: FIX, reason: null, planned: true }))
    for (const one of pictures) {
      await save(() => addPhoto(db, {
        ...one, visit_id, office_check_in_id: null, kind: 'shelf', width: 1600, height: 1200, mime: 'image/jpeg',
        source: 'camera', taken_at: new Date().toISOString(),
      }))
    }
    await save(() => checkOut(db, { visit_id, fix: FIX }))
    times.visits.push(performance.now() - began)
  }
  return times
}

async function picture(bytes: number, thumbBytes: number): Promise<Picture> {
  const image = noise(bytes)
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', image))
  return { image, thumb: noise(thumbBytes), sha256: Array.from(digest, (one) => one.toString(16).padStart(2, '0')).join('') }
}

/** Bytes that nothing can press together, as a JPEG's. */
function noise(bytes: number): ArrayBuffer {
  const made = new Uint8Array(bytes)
  for (let at = 0; at < bytes; at += 65_536) crypto.getRandomValues(made.subarray(at, Math.min(bytes, at + 65_536)))
  return made.buffer
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
