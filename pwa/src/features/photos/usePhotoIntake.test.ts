import 'fake-indexeddb/auto'
import { effectScope, type EffectScope } from 'vue'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { setLanguage } from '@/app/i18n'
import { toast, toastText } from '@/app/toast'
import type { Db } from '@/db'
import { aPhoto, freshDb } from '@/db/testing'
import type { Id } from '@/db/types'
import { cancelVisit, checkIn, checkOut } from '../visits/actions'
import { UnreadablePhotoError } from './errors'
import { beingMade } from './making'
import type { PhotoProcessor } from './process'
import { usePhotoIntake, type PhotoIntake } from './usePhotoIntake'

let db: Db
let visit: Id
let scope: EffectScope
let intake: PhotoIntake
/** One for each picture in the making, in the order of adding: makes it ready, or fails it. */
let held: { ready(): Promise<void>; fail(): void }[]

/** A phone so slow that the test tells it when a picture is ready. */
const slow: PhotoProcessor = {
  process: () => new Promise((resolve, reject) => {
    const fill = held.length + 1
    held.push({
      ready: async () => resolve({ ...(await aPhoto(visit, fill)), mime: 'image/jpeg' }),
      fail: () => reject(new UnreadablePhotoError('cut off')),
    })
  }),
  close: () => undefined,
}

beforeEach(async () => {
  await setLanguage('en')
  toast('')
  db = freshDb()
  held = []
  visit = await checkIn(db, { store_id: 's', fix: null, reason: null, planned: false })
  scope = effectScope()
  const target = { visit_id: visit, office_check_in_id: null, lines: [], time_zone: 'Asia/Shanghai' }
  intake = scope.run(() => usePhotoIntake(db, () => target, slow))!
})
afterEach(() => scope.stop())

const choose = (n: number) => Array.from({ length: n }, () => intake.add(new Blob(['x']), 'shelf', 'file'))
const opsOf = async (kind: string) => (await db.outbox.toArray()).filter((op) => op.kind === kind)

describe('a visit with pictures in the making', () => {
  it('is checked out once they are kept, and announces all of them', async () => {
    const added = choose(3)
    expect([intake.making.value, beingMade(visit)]).toEqual([3, 3])
    const out = checkOut(db, { visit_id: visit, fix: null })
    await held[0]?.ready()
    await added[0]
    expect([beingMade(visit), (await opsOf('visit.check_out')).length]).toEqual([2, 0])
    expect((await db.visits.get(visit))?.state).toBe('in_progress')
    // One more is chosen, and one cannot be read.
    added.push(...choose(1))
    await held[1]?.ready()
    held[2]?.fail()
    await held[3]?.ready()
    await out
    expect(await opsOf('visit.check_out')).toMatchObject([{ payload: { photos: 3 } }])
    expect(await Promise.all(added)).toEqual([expect.any(String), expect.any(String), null, expect.any(String)])
    expect([intake.making.value, beingMade(visit)]).toEqual([0, 0])
  })

  it('is called off once they are kept', async () => {
    const [added] = choose(1)
    const off = cancelVisit(db, { visit_id: visit, reason: 'closed' })
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(await opsOf('visit.cancel')).toEqual([])
    await held[0]?.ready()
    await Promise.all([added, off])
    expect((await db.outbox.orderBy('seq').toArray()).map((op) => op.kind)).toEqual(['visit.check_in', 'photo.add', 'visit.cancel'])
  })

  it('keeps no other visit waiting', async () => {
    const other = await checkIn(db, { store_id: 'next', fix: null, reason: null, planned: false })
    choose(1)
    await checkOut(db, { visit_id: other, fix: null })
    expect((await db.visits.get(other))?.state).toBe('completed')
  })
})

describe('a picture that cannot be kept', () => {
  it('is told beside the others while their screen is there', async () => {
    const [added] = choose(1)
    held[0]?.fail()
    expect(await added).toBeNull()
    expect(intake.failures.value).toEqual(['This file is not a picture that can be read.'])
    expect(toastText.value).toBe('')
  })

  it('is told wherever the rep is once that screen has been left', async () => {
    const added = choose(3)
    scope.stop()
    await held[0]?.ready()
    expect(await added[0]).not.toBeNull()
    expect(toastText.value).toBe('')
    held[1]?.fail()
    await added[1]
    expect(toastText.value).toBe('1 photo was not kept. This file is not a picture that can be read.')
    held[2]?.fail()
    await added[2]
    expect(toastText.value).toBe('2 photos were not kept. This file is not a picture that can be read.')
  })

  it('is told again where nobody has said to have read it', async () => {
    const [added] = choose(1)
    held[0]?.fail()
    await added
    scope.stop()
    expect(toastText.value).toContain('1 photo was not kept.')
  })

  it('is not told again once it was read', async () => {
    const [added] = choose(1)
    held[0]?.fail()
    await added
    intake.failures.value = []
    scope.stop()
    expect(toastText.value).toBe('')
  })
})
