// @vitest-environment node
// Phones of past releases, full of unsent work, open with today's code: nothing is lost, nothing is altered.
import 'fake-indexeddb/auto'
import { expect, it } from 'vitest'
import { backlog, snapshot, wireOp } from '../sync/outbox'
import { blockedOps, isParked } from '../sync/engine'
import { loadDatabase, unpacked, type PhoneFile } from './fixtures/phone'
import { Db } from './schema'
import type { Bytes, OutboxOp, StoredBlob, Upload } from './types'
import { asBlob } from './write'

const PHONES = Object.values(import.meta.glob<PhoneFile>('./fixtures/phone-*.json', { eager: true, import: 'default' }))
/** Where the files of a phone are. */
const FILES = ['blobs', 'thumbs']

async function opened(phone: PhoneFile): Promise<Db> {
  const name = `${phone.release}-${Math.random()}`
  await loadDatabase(phone.database, name)
  return new Db(phone.user_id, name)
}

function before<R>(phone: PhoneFile, table: string): R[] {
  return phone.database.tables[table]!.rows.map(unpacked) as R[]
}

const bytesOf = async (bytes: Bytes, mime: string) => new Uint8Array(await asBlob(bytes, mime).arrayBuffer())

it('there are phones to open', () => {
  expect(PHONES.map((phone) => phone.release)).toEqual(expect.arrayContaining(['0.1.0', '0.2.0']))
})

it.each(PHONES)('the phone of $release keeps every row', async (phone) => {
  const db = await opened(phone)
  for (const [table, { key_path, rows }] of Object.entries(phone.database.tables)) {
    const now = await db.table(table).toArray() as Record<string, unknown>[]
    expect(now.length, table).toBeGreaterThanOrEqual(rows.length)
    if (FILES.includes(table)) continue
    // A later schema may say more of a row; what was said stays.
    for (const row of rows) expect(now.find((one) => one[key_path] === row[key_path]), table).toMatchObject(row)
  }
})

it.each(PHONES)('the phone of $release keeps every byte', async (phone) => {
  const db = await opened(phone)
  for (const table of FILES) {
    const rows = before<StoredBlob>(phone, table)
    expect(rows.length).toBeGreaterThan(0)
    for (const { sha256, mime, bytes } of rows) {
      const now = await db.table<StoredBlob>(table).get(sha256)
      expect(await bytesOf(now!.bytes, now!.mime)).toEqual(await bytesOf(bytes, mime))
    }
  }
})

it.each(PHONES)('what the phone of $release would send is what it would have sent', async (phone) => {
  const db = await opened(phone)
  const ops = before<OutboxOp>(phone, 'outbox')
  // An op may have been stored without its answer coming through: altered, it would be a conflict.
  const wire = (all: OutboxOp[]) => new Map(all.map((op) => [op.op_id, wireOp(op)]))
  expect(wire(await db.outbox.toArray())).toEqual(wire(ops))

  const waiting = before<Upload>(phone, 'uploads').filter((one) => one.state !== 'done')
  const now = await snapshot(db)
  expect(new Set(now.uploads.map((one) => one.sha256))).toEqual(new Set(waiting.map((one) => one.sha256)))
  expect(now.ops.filter((op) => isParked(op.state)).map((op) => op.op_id)).toEqual(phone.parked)
  expect(blockedOps(now.ops)).toEqual(new Set(phone.blocked))
  expect(await backlog(db)).toMatchObject({ ops: ops.length, parked: phone.parked.length, uploads: waiting.length })
})
