// What a rep's finger does on a phone, through the same actions as the screens.
import { StorageFullError } from '../../db/errors'
import type { Id } from '../../db/types'
import { saySeen } from '../../features/campaigns/actions'
import { handOut } from '../../features/materials/actions'
import { confirmGot, countStock, giveTo, sendBack } from '../../features/materials/moves'
import { officeCheckIn } from '../../features/office/actions'
import { addPhoto, type PhotoInput } from '../../features/photos/actions'
import { finishTask } from '../../features/tasks/actions'
import { addNote, cancelVisit, checkIn, checkOut } from '../../features/visits/actions'
import { sha256Hex } from '../../kernel/hash'
import { isParked } from '../engine'
import { unpark } from '../outbox'
import { retryFailed } from '../uploads'
import type { Phone } from './phone'
import type { Act } from './script'

export const STORES = ['store-1', 'store-2', 'store-3']
/** Not on the server: its check-ins are rejected, and all that belongs to them waits. */
export const LOST_STORE = 'store-lost'
export const MATERIAL = 'material-1'
export const WAREHOUSE = 'main'
const CAMPAIGN = 'campaign-1'
/** A batch with this in it cannot even be read by the server. */
export const POISON = 'poison'

/** Do it. Returns what must never be: told as saved and not there, told as failed and there all the same. */
export async function press(phone: Phone, act: Act): Promise<string[]> {
  const work = await workOf(phone, act)
  if (!work) return []
  const before = act.fault ? await content(phone) : null
  const raised = await phone.press(work.run, act.fault)
  const made = await newOps(phone)
  const wrong: string[] = []
  if (raised === null && made < work.least) wrong.push(`saved, and no op: ${act.what}`)
  if (raised !== null && !act.fault) wrong.push(`could not be saved: ${act.what}: ${String(raised)}`)
  if (raised !== null && act.fault?.what === 'quota' && !(raised instanceof StorageFullError)) wrong.push(`full, and not said so: ${String(raised)}`)
  if (raised !== null && before !== null && before !== (await content(phone))) wrong.push(`half saved: ${act.what}`)
  return wrong
}

interface Work { run(): Promise<unknown>; least: number }

async function workOf(phone: Phone, { what, n, m }: Act): Promise<Work | null> {
  const { db, clock } = phone
  const pick = <T>(from: readonly T[]): T | undefined => from[Math.floor(n * from.length)]
  switch (what) {
    case 'visit': {
      const store_id = m < 0.1 ? LOST_STORE : pick(STORES)!
      return { least: 0, run: () => checkIn(db, { store_id, fix: null, reason: null, planned: false }, clock) }
    }
    case 'office':
      return { least: 1, run: () => officeCheckIn(db, { office_id: null, fix: null, reason: 'x' }, clock) }
    case 'office_photo': {
      const office = pick(await db.office_check_ins.toCollection().primaryKeys())
      const input = await photoOf(phone, m)
      return office ? { least: 1, run: () => addPhoto(phone.db, { ...input, office_check_in_id: office }, clock) } : null
    }
    case 'task': {
      const task_id = pick((await db.tasks.where('state').equals('open').primaryKeys()).sort())
      // Another of the rep's phones may have done it by then, which is no new word of this one.
      return task_id ? { least: 0, run: () => finishTask(db, { task_id, note: `done ${m}` }, clock) } : null
    }
    case 'try_again':
      return { least: 0, run: () => tryAgain(phone) }
    case 'confirm':
    case 'transfer':
    case 'return':
    case 'count':
      return withStock(phone, what, n, m)
    default:
  }
  const open = await db.visits.where('state').equals('in_progress').primaryKeys()
  const visit = pick(open.sort())
  return visit === undefined ? null : inVisit(phone, visit, what, m)
}

/** What is done with the bag. A phone that has not synced yet knows neither colleagues nor warehouses. */
async function withStock(phone: Phone, what: Act['what'], n: number, m: number): Promise<Work | null> {
  const { db, clock } = phone
  const quantity = 1 + Math.floor(m * 5)
  const moved = { material_id: MATERIAL, batch_id: null, quantity, note: '' }
  if (what === 'count') {
    return { least: 1, run: () => countStock(db, [{ material_id: MATERIAL, counted: Math.floor(m * 100), seen: 50 }], '', clock) }
  }
  if (what === 'confirm') {
    const mine = (await db.stock_movements.toArray()).filter((one) => one.to_place === `rep:${phone.owner}` && one.confirmed === null)
    const got = mine.sort((a, b) => a.id.localeCompare(b.id))[Math.floor(n * mine.length)]
    return got ? { least: 1, run: () => confirmGot(db, { movement_id: got.id, quantity: m < 0.7 ? got.quantity : quantity, note: '' }, clock) } : null
  }
  if (what === 'return') {
    const there = await db.warehouses.get(WAREHOUSE)
    return there ? { least: 1, run: () => sendBack(db, { ...moved, warehouse_id: WAREHOUSE }, clock) } : null
  }
  const [colleague] = await db.people.filter((one) => one.id !== phone.owner).toArray()
  return colleague ? { least: 1, run: () => giveTo(db, { ...moved, to_id: colleague.id }, clock) } : null
}

async function inVisit(phone: Phone, visit: Id, what: Act['what'], m: number): Promise<Work> {
  const { db, clock } = phone
  switch (what) {
    case 'photo': {
      const input = await photoOf(phone, m)
      return { least: 1, run: () => addPhoto(db, { ...input, visit_id: visit }, clock) }
    }
    case 'handout': {
      const signature = m < 0.5 ? new Uint8Array(50).fill(Math.floor(m * 100)).buffer : null
      const quantity = 1 + Math.floor(m * 5)
      return { least: 1, run: () => handOut(db, { visit_id: visit, material_id: MATERIAL, quantity, recipient: 'Li', signature }, clock) }
    }
    case 'seen': {
      const line = { material_id: MATERIAL, state: m < 0.5 ? 'missing' as const : 'present' as const, quantity: m < 0.3 ? null : 1 + Math.floor(m * 5) }
      const said = { campaign_id: CAMPAIGN, visit_id: visit, materials: [line], photo_kinds: m < 0.2 ? ['pile' as const] : [], note: `seen ${m}` }
      return { least: 1, run: () => saySeen(db, said, clock) }
    }
    case 'out':
      return { least: 1, run: () => closing(phone, visit, checkOut(db, { visit_id: visit, fix: null }, clock)) }
    case 'cancel':
      return { least: 1, run: () => closing(phone, visit, cancelVisit(db, { visit_id: visit, reason: 'closed' }, clock)) }
    default: {
      const text = what === 'bad_note' ? POISON : `note ${m}`
      return { least: 1, run: () => addNote(db, { visit_id: visit, text }, clock) }
    }
  }
}

async function closing(phone: Phone, visit: Id, done: Promise<void>): Promise<void> {
  await done
  phone.closed.add(visit)
}

/** Few different pictures: the same bytes come twice now and then. */
async function photoOf({ clock }: Phone, m: number): Promise<PhotoInput> {
  const image = new Uint8Array(200).fill(Math.floor(m * 12) + 1)
  return {
    visit_id: null, office_check_in_id: null, kind: 'shelf', image: image.buffer, thumb: new ArrayBuffer(8),
    width: 10, height: 10, mime: 'image/jpeg', source: 'camera', taken_at: clock.now().toISOString(),
    sha256: await sha256Hex(image),
  }
}

/** "Try again", on everything that is parked. */
export async function tryAgain({ db }: Phone): Promise<void> {
  for (const op of await db.outbox.toArray()) if (isParked(op.state)) await unpark(db, op.op_id)
  await retryFailed(db)
}

/** Take down what has come into the outbox; returns how many. */
async function newOps(phone: Phone): Promise<number> {
  const ops = await phone.db.outbox.where('seq').above(phone.seq).sortBy('seq')
  for (const { op_id, kind, record_id, payload, seq } of ops) {
    if (seq !== phone.seq + 1) throw new Error(`a gap in the count of ops: ${phone.seq}, ${seq}`)
    phone.seq = seq
    phone.made.push({ phone: phone.number, op_id, kind, record_id, payload })
  }
  return ops.length
}

async function content({ db }: Phone): Promise<string> {
  const tables = await Promise.all(db.tables.map(async (table) => [table.name, table.name === 'blobs' || table.name === 'thumbs' ? await table.toCollection().primaryKeys() : await table.toArray()]))
  return JSON.stringify(tables)
}
