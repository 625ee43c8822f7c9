// @vitest-environment node
// Files that this phone cannot read, or that the server stumbles over: none keeps another one waiting.
import 'fake-indexeddb/auto'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Db } from '../db/schema'
import { aPhoto, freshDb, HandClock, REP } from '../db/testing'
import { addPhoto } from '../features/photos/actions'
import { checkIn } from '../features/visits/actions'
import { ApiError, localProblem } from '../kernel/problem'
import { runCycle } from './cycle'
import type { CycleEnd } from './engine'
import { ModelServer } from './model-server'
import type { Transport } from './transport'
import { retryFailed } from './uploads'

let db: Db
let clock: HandClock
let server: ModelServer
let hashes: string[]

beforeEach(async () => {
  db = freshDb()
  clock = new HandClock()
  server = new ModelServer(['s1'], () => clock.now())
  server.session = REP
  hashes = []
  // A first pull has gone well: from then on the phone has a cursor.
  await run()
})
afterEach(() => vi.restoreAllMocks())

function run(changed: Partial<Transport> = {}): Promise<CycleEnd> {
  const transport = { ...server.transport(), ...changed }
  return runCycle({ db, transport, clock, device: { id: 'phone', app_version: '1' }, onMe: () => undefined, stopped: () => false })
}

/** Photos of one visit, each of other bytes, the oldest first. */
async function photos(count: number): Promise<void> {
  const visit = await checkIn(db, { store_id: 's1', fix: null, reason: null, planned: false }, clock)
  for (let fill = 1; fill <= count; fill += 1) {
    const photo = await aPhoto(visit, fill)
    hashes.push(photo.sha256)
    await addPhoto(db, photo, clock)
    clock.advance(1)
  }
}

const states = async () => (await db.uploads.bulkGet(hashes)).map((one) => one?.state)
const problems = async () => (await db.uploads.bulkGet(hashes)).map((one) => one?.problem?.code ?? null)

type Row = Awaited<ReturnType<Db['blobs']['get']>>

/** The first photo's row is read as `read` makes it; all others as they are. */
function firstReads(read: (row: NonNullable<Row>) => Row | Promise<Row>): void {
  const real = db.blobs.get.bind(db.blobs)
  vi.spyOn(db.blobs, 'get').mockImplementation(((sha256: string) => {
    const row = real(sha256)
    return sha256 === hashes[0] ? row.then((one) => (one ? read(one) : one)) : row
  }) as typeof db.blobs.get)
}

/** A Blob of the right length whose file is gone. */
function unreadable(error: Error): Blob {
  const fails = () => Promise.reject(error)
  const blob = new Blob([new Uint8Array(300)])
  return Object.assign(blob, { arrayBuffer: fails, slice: () => Object.assign(new Blob([]), { arrayBuffer: fails }) })
}

const raise = (error: Error): never => {
  throw error
}

describe('bytes that this phone cannot read', () => {
  it.each<[string, (row: NonNullable<Row>) => Row]>([
    ['their row does not open', () => raise(new DOMException('Failed to read large IndexedDB value', 'NotReadableError'))],
    ['the file behind them is gone', (row) => ({ ...row, bytes: unreadable(new DOMException('gone', 'NotFoundError')) })],
  ])('%s: the photo is shown with that, and the next one goes', async (_why, read) => {
    await photos(2)
    firstReads(read)
    await run()
    expect(await states()).toEqual(['failed', 'done'])
    expect(await problems()).toEqual(['bytes_unreadable', null])
    expect((await run()).state).toBe('done')
    // The bytes stay where they are: somebody may ask for another try.
    vi.restoreAllMocks()
    await retryFailed(db)
    expect((await run()).state).toBe('done')
    expect(await states()).toEqual(['done', 'done'])
  })

  it('need not be read where the server has them', async () => {
    await photos(1)
    await server.transport().uploadFrom(hashes[0]!, 0, 300, new Blob([new Uint8Array(300).fill(1)]))
    firstReads(() => raise(new DOMException('no', 'NotReadableError')))
    expect((await run()).state).toBe('done')
    expect(await states()).toEqual(['done'])
  })

  it('for a reason that may pass rest until the next run', async () => {
    await photos(2)
    firstReads((row) => ({ ...row, bytes: unreadable(new Error('out of memory')) }))
    expect((await run()).state).toBe('waiting')
    expect(await states()).toEqual(['waiting', 'done'])
    vi.restoreAllMocks()
    expect((await run()).state).toBe('done')
    expect(await states()).toEqual(['done', 'done'])
  })
})

describe('a file that the server stumbles over', () => {
  it('rests for the run, and the next one goes', async () => {
    await photos(2)
    const real = server.transport()
    const end = await run({
      uploadFrom: (sha256, ...rest) => sha256 === hashes[0]
        ? Promise.reject(new ApiError('transient', 500, localProblem('internal'))) : real.uploadFrom(sha256, ...rest),
    })
    expect(end.state).toBe('waiting')
    expect(await states()).toEqual(['waiting', 'done'])
  })

  it('and that is damaged at each try keeps no other one waiting either', async () => {
    await photos(2)
    const real = server.transport()
    const end = await run({
      uploadFrom: (sha256, ...rest) => sha256 === hashes[0]
        ? Promise.reject(new ApiError('refused', 422, localProblem('hash_mismatch'))) : real.uploadFrom(sha256, ...rest),
    })
    expect(end.state).toBe('waiting')
    expect(await states()).toEqual(['waiting', 'done'])
  })

  it('ends the run where it is each file', async () => {
    await photos(8)
    const uploadStatus = vi.fn(() => Promise.reject(new ApiError('transient', 500, localProblem('internal'))))
    expect(await run({ uploadStatus })).toMatchObject({ state: 'backoff', problem: { code: 'internal' } })
    expect(uploadStatus).toHaveBeenCalledTimes(4)
  })

  it.each<[string, ApiError]>([
    ['breaks off', new ApiError('offline')],
    ['ends in a 500', new ApiError('transient', 500)],
  ])('and that %s at each of many tries goes behind the others', async (_why, error) => {
    await photos(8)
    const bad = new Set(hashes.slice(0, 5))
    const real = server.transport()
    const uploadFrom: Transport['uploadFrom'] = (sha256, ...rest) =>
      bad.has(sha256) ? Promise.reject(error) : real.uploadFrom(sha256, ...rest)
    const wanted = [...Array<string>(5).fill('waiting'), ...Array<string>(3).fill('done')]
    for (let runs = 0; runs < 50 && (await states()).join() !== wanted.join(); runs += 1) await run({ uploadFrom })
    expect(await states()).toEqual(wanted)
  }, 20_000)
})
