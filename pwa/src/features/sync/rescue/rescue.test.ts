// @vitest-environment node
// The rescue file's parts. The whole of it, opened by another program, is looked at in the browser tests.
import 'fake-indexeddb/auto'
import { beforeEach, describe, expect, it } from 'vitest'
import type { Db } from '../../../db/schema'
import { aPhoto, freshDb, HandClock, REP } from '../../../db/testing'
import { localProblem } from '../../../kernel/problem'
import { wireOp } from '../../../sync/outbox'
import { handOut } from '../../materials/actions'
import { addPhoto } from '../../photos/actions'
import { addNote, checkIn } from '../../visits/actions'
import { rescueJson, unsent, zipName, type RescueMaker } from './contents'
import { makeRescue } from './make'
import { escaped, readmeText, reportHtml, type ReportWords } from './report'

let db: Db
let clock: HandClock
let visit: string
const maker: RescueMaker = {
  author: { id: REP, name: '张<b>', username: 'zhang' }, device: { id: 'phone', app_version: '1', schema: 1 }, made_at: '2026-11-23T09:00:00.000Z',
}
const words: ReportWords = {
  say: (key) => [`zh ${key}`, `en ${key}`], problem: ({ problem }) => (problem ? ['坏', 'bad'] : null), time: (at) => at, name: () => null, store: () => '星湖店 & co',
}

beforeEach(async () => {
  db = freshDb()
  clock = new HandClock()
  visit = await checkIn(db, { store_id: 's1', fix: { lat: 31.3, lon: 120.6, accuracy_m: 12.4, age_s: 0, source: 'gps' }, reason: null, planned: false }, clock)
  await addNote(db, { visit_id: visit, text: '<script>alert(1)</script> "x" \'y\' & z' }, clock)
})

describe('rescue.json', () => {
  it('holds ops as they go over the wire, with their state and problem', async () => {
    const [first] = await db.outbox.orderBy('seq').toArray()
    await db.outbox.update(first!.op_id, { state: 'rejected', problem: localProblem('store_unknown') })
    const { ops } = await unsent(db)
    const json = rescueJson(maker, ops, [])
    expect(json).toMatchObject({ format: 'storewalk-rescue', version: 1, made_at: maker.made_at, author: maker.author, device: maker.device, files: [] })
    expect(json.ops[0]).toEqual({ ...wireOp(first!), state: 'rejected', problem: localProblem('store_unknown') })
    expect(json.ops.map((op) => op.kind)).toEqual(['visit.check_in', 'visit.note'])
  })
})

describe('report.html', () => {
  it('takes whatever was typed as text', async () => {
    const { ops, uploads } = await unsent(db)
    const html = reportHtml({ maker, ops, files: new Map(), uploads, words })
    expect(html).not.toContain('<script>')
    expect(html).not.toContain('张<b>')
    expect(html).toContain('&#60;script&#62;alert(1)&#60;/script&#62; &#34;x&#34; &#39;y&#39; &#38; z')
    expect(html).toContain('星湖店 &#38; co')
    expect(html).toContain('31.300000, 120.600000 ± 12 m')
    expect(escaped('a')).toBe('a')
  })

  it('shows pictures by their place in the ZIP, and says which could not be read', async () => {
    const photo = await aPhoto(visit, 1)
    await addPhoto(db, photo, clock)
    await addPhoto(db, await aPhoto(visit, 2), clock)
    const { ops, uploads } = await unsent(db)
    const file = { sha256: photo.sha256, bytes: 300, mime: 'image/jpeg', what: 'photo' as const, name: `files/${photo.sha256}.jpg` }
    const html = reportHtml({ maker, ops, files: new Map([[photo.sha256, file]]), uploads, words })
    expect(html.match(/<img src="files\/[0-9a-f]{64}\.jpg"/g)).toHaveLength(1)
    expect(html.match(/zh rescue\.report\.notHere/g)).toHaveLength(1)
    expect(html).not.toContain('zh rescue.report.files')
    // Its record has arrived: it stands apart.
    expect(reportHtml({ maker, ops: [], files: new Map([[photo.sha256, file]]), uploads, words })).toContain('zh rescue.report.files')
  })

  it('is a plain note in both languages', () => {
    expect(readmeText(words.say)).toMatch(/^\uFEFFzh rescue\.readme\.what\r\n[^]*en rescue\.readme\.keep\r\n$/)
  })
})

describe('the ZIP', () => {
  it('packs what can be read and counts what cannot', async () => {
    const lost = await aPhoto(visit, 2)
    await addPhoto(db, await aPhoto(visit, 1), clock)
    await addPhoto(db, lost, clock)
    await handOut(db, { visit_id: visit, material_id: 'm', quantity: 1, recipient: '', signature: new Uint8Array([9, 9]).buffer }, clock)
    await db.blobs.delete(lost.sha256)
    const seen: [number, number][] = []
    const rescue = await makeRescue(db, maker, async () => words, (done, total) => seen.push([done, total]))
    expect(rescue).toMatchObject({ records: 5, files: 2, missing: 1 })
    expect(seen.at(-1)).toEqual([3, 3])
    const text = await rescue.zip.text()
    // Stored, not compressed: whoever has no program for ZIPs can still find the words in it.
    for (const name of ['README.txt', 'report.html', 'rescue.json', 'files/']) expect(text).toContain(name)
    expect(text).not.toContain(`${lost.sha256}.jpg`)
    expect(text).toContain('"format": "storewalk-rescue"')
    expect(await db.outbox.count()).toBe(5)
    expect(await db.blobs.count()).toBe(2)
  })

  it('is named after the person and the moment', () => {
    expect(zipName('zhang san/../x', '2026-11-23 17:05:09')).toBe('storewalk-rescue-zhang_san_.._x-20261123-1705.zip')
    expect(zipName('张三', '2026-11-23 07:05:09')).toBe('storewalk-rescue-张三-20261123-0705.zip')
  })
})
