// @vitest-environment node
import 'fake-indexeddb/auto'
import { describe, expect, it, vi } from 'vitest'
import { syncItems } from '../features/sync/queries'
import { MATERIAL, OTHER, OTHERS_MATERIAL, REP, Simulation } from './simulator'

// A loaded machine is no failure.
vi.setConfig({ testTimeout: 60_000 })

const SEEDS = Array.from({ length: 100 }, (_, seed) => seed + 1)
const STEPS = 30

async function play(seed: number): Promise<Simulation> {
  const one = new Simulation(seed)
  for (let step = 0; step < STEPS; step += 1) {
    await one.step()
    const open = (await one.db.visits.where('state').equals('in_progress').primaryKeys()).filter((id) => one.closed.has(id))
    expect(open, `seed ${seed}, step ${step}: closed visits look open again`).toEqual([])
  }
  return one
}

describe('whatever the network does, and whenever the phone dies', () => {
  it.each(SEEDS)('seed %i: all arrives once, nothing is lost, a second sync does nothing', async (seed) => {
    vi.spyOn(console, 'error').mockImplementation(() => undefined)
    const one = await play(seed)
    const end = await one.settle()
    const told = `seed ${seed}\n${one.log.join('\n')}`
    expect(end?.state, told).toBe('done')

    const { server, made, rejected, db } = one
    const stays = (ids: string[]) => ids.filter((id) => !rejected.has(id)).sort()
    const there = (entity: 'visit' | 'note' | 'photo' | 'handout' | 'office_check_in') =>
      server.of(entity, REP).map((row) => row.id).sort()
    expect(there('visit'), told).toEqual(stays(made.visits))
    expect(there('note'), told).toEqual(stays(made.notes))
    expect(there('photo'), told).toEqual(stays(made.photos.map((photo) => photo.id)))
    expect(there('handout'), told).toEqual(stays(made.handouts))
    expect(there('office_check_in'), told).toEqual([...made.office].sort())
    expect(Math.max(0, ...server.applied.values()), told).toBeLessThanOrEqual(1)

    // Bytes: on the server under their author's name, or still here in full.
    for (const photo of made.photos) {
      const file = server.files.get(`${REP} ${photo.sha256}`)
      const blob = await db.blobs.get(photo.sha256)
      expect(file?.complete === true || blob !== undefined, told).toBe(true)
      if (!rejected.has(photo.id)) {
        expect(file?.complete, told).toBe(true)
        expect(await db.photos.get(photo.id), told).toMatchObject({ sync: 'sent', upload: 'done', state: 'stored' })
      }
    }

    // The phone shows what the server has; what was rejected is parked, with all that belongs to it.
    for (const row of server.of('visit', REP)) {
      expect(await db.visits.get(row.id), told).toMatchObject({ state: row['state'], rev: row['rev'], sync: 'sent', verdict: 'on_site' })
    }
    const left = await syncItems(db)
    expect(left.every((item) => ['rejected', 'blocked'].includes(item.state) || item.what === 'upload'), told).toBe(true)
    expect(await db.outbox.count(), told).toBe(left.filter((item) => item.what === 'op').length)
    const stored = await db.stock.get(MATERIAL)
    expect(stored?.balance, told).toBe(100 - one.given)
    expect(server.stock.get(`${REP} ${MATERIAL}`), told).toBe(100 - one.given)
    expect(await db.stock.get(OTHERS_MATERIAL), told).toBeUndefined()
    expect(server.of('visit', OTHER), told).toEqual([])

    const before = one.requests.length
    await one.sync()
    expect(one.requests.slice(before), told).toEqual(['me', 'pull'])
    await one.close()
  })

  it('the faults are really there: without the outbox much would be lost', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => undefined)
    const kinds = new Set<string>()
    for (const seed of SEEDS.slice(0, 12)) {
      const one = await play(seed)
      for (const line of one.log) kinds.add(line.slice(line.indexOf(': ') + 2))
      await one.close()
    }
    expect([...kinds]).toEqual(expect.arrayContaining([
      'again later', 'auth', 'backoff', 'died', 'died after', 'died before', 'done', 'failing', 'garbled', 'lost',
      'offline', 'twice', 'unanswered',
    ]))
  })
})
