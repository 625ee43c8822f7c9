// What must hold: at every moment, and when all phones have synced in peace.
import type { Entity, Id, OpKind, OutboxOp } from '../../db/types'
import { syncItems } from '../../features/sync/queries'
import { sha256Hex } from '../../kernel/hash'
import { blockedOps } from '../engine'
import { EVERYBODY } from '../model-server'
import type { Row } from '../model-state'
import { OFFICE } from '../model-stock'
import type { Made, Phone } from './phone'
import { LOST_STORE, MATERIAL, POISON } from './press'
import { OTHERS_MATERIAL, STOCK, type World } from './world'
import { OTHER } from './script'

/** Whose records no phone has made. */
const OF_THE_OFFICE: ReadonlySet<Id> = new Set([OFFICE, EVERYBODY])

/** What is wrong in the middle of it all: something lost, or a closed visit that looks open again. */
export async function brokenSoFar(world: World): Promise<string[]> {
  const wrong: string[] = []
  for (const phone of world.phones) {
    const [waiting, blobs, open] = await Promise.all([
      phone.db.outbox.toCollection().primaryKeys(),
      phone.db.blobs.toCollection().primaryKeys(),
      phone.closed.size > 0 ? phone.db.visits.where('state').equals('in_progress').primaryKeys() : [],
    ])
    const here = new Set(waiting)
    for (const made of phone.made) {
      if (!here.has(made.op_id) && !world.server.receipts.has(made.op_id) && !world.lostOps.has(made.op_id)) wrong.push(`lost: ${told(made)}`)
      const sha256 = fileOf(made)
      if (sha256 && !blobs.includes(sha256) && !isThere(world, phone.owner, sha256)) wrong.push(`bytes lost: ${told(made)}`)
    }
    for (const id of open) if (phone.closed.has(id) && world.lostOps.size === 0) wrong.push(`open again: visit ${id}`)
  }
  return wrong
}

function isThere(world: World, owner: string, sha256: string): boolean {
  const key = `${owner} ${sha256}`
  return world.server.files.get(key)?.complete === true || world.lostFiles.has(key)
}

/** What is wrong when all have settled. Nothing is asked of what a restored server has lost. */
export async function broken(world: World): Promise<string[]> {
  const wrong = [...(await brokenSoFar(world)), ...appliedOnce(world), ...(await filesFit(world))]
  for (const phone of world.phones) {
    wrong.push(...(await opsSettled(world, phone)), ...(await agrees(world, phone)), ...(await quiet(world, phone)))
  }
  return wrong
}

/** What an op does to the bag of who makes it: units come, or go. */
const MOVES: Partial<Record<OpKind, number>> = { 'handout.add': -1, 'stock.transfer': -1, 'stock.return': -1, 'stock.confirm': 1 }

/** Each acknowledged op was applied exactly once, under its own id, by its author. */
function appliedOnce({ server, phones }: World): string[] {
  const wrong: string[] = []
  const made = new Map(phones.flatMap((phone) => phone.made.map((one) => [one.op_id, phone.owner] as const)))
  for (const [id, { author }] of server.receipts) if (made.get(id) !== author) wrong.push(`an op that nobody made: ${id}`)
  for (const [id, times] of server.applied) if (times !== 1) wrong.push(`applied ${times} times: ${id}`)
  for (const owner of new Set(phones.map((phone) => phone.owner))) {
    const moved = phones.filter((phone) => phone.owner === owner).flatMap((phone) => phone.made)
      .filter((one) => one.kind in MOVES && server.receipts.has(one.op_id))
      .reduce((sum, one) => sum + (MOVES[one.kind] ?? 0) * Number(one.payload['quantity']), 0)
    const stock = server.stock.get(`${owner} ${MATERIAL}`)
    if (stock !== STOCK + moved) wrong.push(`stock on the server: ${stock}, moved ${moved}`)
  }
  for (const row of server.records.values()) {
    const makers = phones.flatMap((phone) => phone.made).filter((one) => one.record_id === row.id)
    // A task is given by the office.
    if (makers.length === 0 && !OF_THE_OFFICE.has(row.author_id) && row['rep_id'] === undefined) wrong.push(`a record that nobody made: ${row.id}`)
    const words = makers.find((one) => one.kind === 'visit.note')?.payload['text']
    if (words !== undefined && words !== row['text']) wrong.push(`another text: ${row.id}`)
  }
  return wrong
}

/** Bytes under a hash have that hash, on the server and on the phones. */
async function filesFit({ server, phones }: World): Promise<string[]> {
  const wrong: string[] = []
  for (const [key, file] of server.files) {
    if (file.complete && (await sha256Hex(new Uint8Array(file.bytes))) !== key.split(' ')[1]) wrong.push(`other bytes on the server: ${key}`)
  }
  for (const { db, number } of phones) {
    await db.blobs.toArray().then((rows) => Promise.all(rows.map(async ({ sha256, bytes }) => {
      const found = await sha256Hex(bytes instanceof ArrayBuffer ? bytes : await bytes.arrayBuffer())
      if (found !== sha256) wrong.push(`other bytes on phone ${number}: ${sha256}`)
    })))
  }
  return wrong
}

/** All that can be sent was sent; the rest waits for a person, with a reason, where the person sees it. */
async function opsSettled(world: World, phone: Phone): Promise<string[]> {
  const wrong: string[] = []
  const ops = await phone.db.outbox.toArray()
  const blocked = blockedOps(ops)
  const shown = new Map((await syncItems(phone.db)).map((item) => [item.key, item]))
  for (const op of ops) {
    const item = shown.get(op.op_id)
    if (!item) wrong.push(`not shown: ${op.kind}`)
    if (blocked.has(op.op_id) ? item?.state !== 'blocked' : !hasReason(world, op)) wrong.push(`left over: ${op.kind} ${op.state} ${op.problem?.code}`)
  }
  for (const item of shown.values()) {
    if (item.what === 'upload' && item.state !== 'waiting') wrong.push(`upload ${item.state}: ${item.problem?.code}`)
  }
  const here = new Set(ops.map((op) => op.op_id))
  for (const made of phone.made) {
    const sha256 = fileOf(made)
    if (here.has(made.op_id)) continue
    if (sha256 && !world.server.files.get(`${phone.owner} ${sha256}`)?.complete && !world.lostFiles.has(`${phone.owner} ${sha256}`)) wrong.push(`bytes never sent: ${told(made)}`)
  }
  const state = phone.lastEnd?.state
  if (state !== 'done' && world.lostOps.size === 0) wrong.push(`phone ${phone.number} ends as ${state}`)
  return wrong
}

/** True where the server has good reason not to take an op. */
function hasReason({ server, lostOps, phones }: World, op: OutboxOp): boolean {
  const { payload, problem } = op
  if (lostOps.size > 0 && op.state === 'deferred') return true
  if (op.state !== 'rejected') return false
  if (problem?.code === 'store_unknown') return payload['store_id'] === LOST_STORE
  if (problem?.code === 'malformed_json') return payload['text'] === POISON
  if (problem?.code === 'movement_closed') {
    // The same rep has confirmed it on another phone, and that came first.
    const made = phones.flatMap((phone) => phone.made)
    return made.some((one) => one.kind === 'stock.confirm' && one.record_id === op.record_id && one.op_id !== op.op_id && server.receipts.has(one.op_id))
  }
  if (problem?.code === 'task_done') return server.records.get(`task ${op.record_id}`)?.['state'] === 'done'
  return problem?.code === 'visit_closed' && server.records.get(`visit ${op.record_id}`)?.['state'] !== 'in_progress'
}

const TABLES = [
  ['visit', 'visits'], ['note', 'notes'], ['photo', 'photos'], ['handout', 'handouts'], ['office_check_in', 'office_check_ins'],
  ['stock_movement', 'stock_movements'], ['stock_count', 'stock_counts'], ['campaign_seen', 'campaign_seen'],
  ['task', 'tasks'],
] as const satisfies readonly (readonly [Entity, string])[]

/** The phone shows what the server has, and nothing else but what still waits. */
async function agrees(world: World, phone: Phone): Promise<string[]> {
  const { server } = world
  const wrong: string[] = []
  const waiting = new Set((await phone.db.outbox.toArray()).map((op) => op.record_id))
  const forgiven = forgivenRecords(world)
  for (const [entity, table] of TABLES) {
    const mine = new Map((await phone.db[table].toArray() as { id: Id; sync: string }[]).map((row) => [row.id, row as typeof row & Record<string, unknown>]))
    const theirs = new Map(shownTo(world, entity, phone.owner).map((row) => [row.id, row]))
    for (const [id, row] of theirs) {
      const here = mine.get(id)
      if (!isTold(world, phone, entity, id)) continue
      if (!here) wrong.push(`not on phone ${phone.number}: ${entity}`)
      // A visit that was closed never looks open again, and a photo that was there not as on its way, also where the
      // server has lost the word.
      else if (!waiting.has(id) && !(forgiven && (Number(here['rev']) > Number(row['rev']) || row['state'] === 'awaiting_bytes'))) {
        if (here.sync !== 'sent') wrong.push(`${entity} still ${here.sync}`)
        for (const field of ['state', 'rev', 'verdict', 'text', 'quantity', 'sha256', 'confirmed', 'counted', 'note']) {
          if (field in row && here[field] !== row[field]) wrong.push(`${entity}: ${field} ${String(here[field])} here, ${String(row[field])} there`)
        }
        if (entity === 'photo' && !forgiven && (row['state'] !== 'stored' || here['upload'] !== 'done')) wrong.push(`photo ${String(row['state'])}, ${String(here['upload'])}`)
      }
    }
    for (const id of mine.keys()) if (!theirs.has(id) && !waiting.has(id) && !forgiven) wrong.push(`only on phone ${phone.number}: ${entity}`)
  }
  const balance = (await phone.db.stock.get(MATERIAL))?.balance
  const stock = server.stock.get(`${phone.owner} ${MATERIAL}`)
  if (balance !== stock && isTold(world, phone, 'stock', MATERIAL)) wrong.push(`stock ${balance} here, ${stock} there`)
  if (phone.owner !== OTHER && (await phone.db.stock.get(OTHERS_MATERIAL))) wrong.push('another person\'s stock')
  return wrong
}

/** The records of an entity that a person is to see: their own, and what was sent to them. */
function shownTo({ server }: World, entity: Entity, person: Id): Row[] {
  return [...server.records].filter(([key, row]) =>
    key.startsWith(`${entity} `) && (row.author_id === person || row['to_place'] === `rep:${person}`)).map(([, row]) => row)
}

/** A server that was set back does not know all that the phone was told. */
function forgivenRecords({ lostOps, lostFiles }: World): boolean {
  return lostOps.size + lostFiles.size > 0
}

/** True for what the feed has told this phone: all, but after a restore that nobody spoke of only what came after it. */
function isTold({ server, untoldSince }: World, phone: Phone, entity: Entity, id: Id): boolean {
  return server.log.some((row) => row.scope === phone.owner && row.entity === entity && row.id === id && row.seq > untoldSince)
}

/** The next sync asks who it is and what is new, and nothing else. */
async function quiet(world: World, phone: Phone): Promise<string[]> {
  const names: string[] = []
  await world.syncOf(phone, names)
  const silent = names.join(' ') === 'me pull' || world.lostOps.size > 0
  return silent ? [] : [`phone ${phone.number} is not quiet: ${names.join(' ')}`]
}

function fileOf({ kind, payload }: Made): string | null {
  const found = kind === 'photo.add' ? payload['sha256'] : kind === 'handout.add' ? payload['signature_sha256'] : null
  return typeof found === 'string' ? found : null
}

function told({ phone, kind, payload }: Made): string {
  return `${kind} of phone ${phone} ${String(payload['text'] ?? payload['sha256'] ?? payload['store_id'] ?? '')}`.slice(0, 60)
}
