// The app's own actions for tests that make more work than fingers can: see hand.py.
import { Db } from '@/db'
import { handOut } from '@/features/materials/actions'
import { countStock, sendBack } from '@/features/materials/moves'
import { askExemption, officeCheckIn } from '@/features/office/actions'
import { addPhoto } from '@/features/photos/actions'
import { addNote, cancelVisit, checkIn, checkOut } from '@/features/visits/actions'
import { sha256Hex } from '@/kernel/hash'
// '@' may be the sources of an older release; this one is always today's.
import { dumpDatabase, loadDatabase } from '../../pwa/src/db/fixtures/phone'

interface Fix { lat: number; lon: number; accuracy_m: number; age_s: number; source: string }

interface Picture { kind: 'shelf' | 'price_tag'; image: string; thumb: string; width: number; height: number }

interface Visit {
  store_id: string
  fix: Fix | null
  reason: string | null
  notes: string[]
  photos: Picture[]
  handouts: { material_id: string; quantity: number; recipient: string; signature: string | null }[]
  end: 'out' | 'cancel' | null
}

function bytes(base64: string): ArrayBuffer {
  return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0)).buffer
}

/** Make a visit as its screens do, one action after the other; returns its id. */
async function visit(userId: string, said: Visit): Promise<string> {
  const db = new Db(userId)
  try {
    const { store_id, fix, reason } = said
    const visit_id = await checkIn(db, { store_id, fix, reason, planned: true })
    for (const text of said.notes) await addNote(db, { visit_id, text })
    for (const one of said.photos) await photo(db, visit_id, one)
    for (const { signature, ...rest } of said.handouts) {
      await handOut(db, { visit_id, ...rest, signature: signature === null ? null : bytes(signature) })
    }
    if (said.end === 'out') await checkOut(db, { visit_id, fix })
    if (said.end === 'cancel') await cancelVisit(db, { visit_id, reason: reason ?? 'closed' })
    return visit_id
  } finally {
    db.close()
  }
}

async function photo(db: Db, visit_id: string, { kind, width, height, ...said }: Picture): Promise<void> {
  const image = bytes(said.image)
  await addPhoto(db, {
    visit_id, office_check_in_id: null, kind, width, height, image, thumb: bytes(said.thumb),
    mime: 'image/jpeg', source: 'camera', taken_at: new Date().toISOString(), sha256: await sha256Hex(image),
  })
}

/** Check in at an office; returns the check-in's id. */
async function office(userId: string, office_id: string | null, fix: Fix | null): Promise<string> {
  const db = new Db(userId)
  try {
    return await officeCheckIn(db, { office_id, fix, reason: null })
  } finally {
    db.close()
  }
}

/** Ask for some days off; returns the request's id. */
async function exemption(userId: string, day: string, reason: string): Promise<string> {
  const db = new Db(userId)
  try {
    return await askExemption(db, { kind: 'leave', first_day: day, last_day: day, reason })
  } finally {
    db.close()
  }
}

/** Send some of a material back to the first warehouse and count the rest; returns the movement's id. */
async function bag(userId: string, material_id: string, back: number, counted: number): Promise<string> {
  const db = new Db(userId)
  try {
    const [warehouse] = await db.warehouses.toArray()
    if (!warehouse) throw new Error('no warehouse on this phone')
    const id = await sendBack(db, { material_id, batch_id: null, quantity: back, note: '', warehouse_id: warehouse.id })
    await countStock(db, [{ material_id, counted, seen: counted }], '')
    return id
  } finally {
    db.close()
  }
}

Object.assign(window, { hand: { visit, office, exemption, bag, dumpDatabase, loadDatabase } })
