// @vitest-environment node
// A simulator that finds nothing proves nothing: here are mistakes that it must find.
import 'fake-indexeddb/auto'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { shrunk } from './campaign'
import { DEFECTS } from './defects'
import { judge } from './judge'
import { scriptOf, type Script } from './script'
import { sizeOf, wayOf } from './shrink'
import type { Seams } from './world'

// A loaded machine is no failure.
vi.setConfig({ testTimeout: 600_000 })
/** Seeds within which each defect is found. */
const SEEDS = 240

beforeEach(() => {
  vi.spyOn(console, 'error').mockImplementation(() => undefined)
})

async function firstFailing(seams: Seams): Promise<{ seed: number; script: Script; wrong: string[] } | null> {
  for (let seed = 1; seed <= SEEDS; seed += 1) {
    const script = scriptOf(seed)
    const { wrong } = await judge(script, seams)
    if (wrong.length > 0) return { seed, script, wrong }
  }
  return null
}

describe.each(Object.entries(DEFECTS))('%s', (_what, seams) => {
  it(`is found within ${SEEDS} seeds, and only with the defect in`, async () => {
    const found = await firstFailing(seams)
    expect(found).not.toBeNull()
    console.log(`seed ${found!.seed}: ${found!.wrong[0]}`)
    expect((await judge(found!.script)).wrong).toEqual([])
  })
})

it('a failing script is made short, and fails in the same way', async () => {
  const seams = DEFECTS['the phone deletes an op before its acknowledgement']!
  const found = (await firstFailing(seams))!
  const short = await shrunk(found.script, seams)
  const { wrong } = await judge(short, seams)
  expect(wayOf(wrong)).toBe(wayOf(found.wrong))
  expect(sizeOf(short)).toBeLessThan(sizeOf(found.script) / 4)
  expect(short.steps.length).toBeLessThanOrEqual(4)
  // Without any one of its steps it fails no more, or in another way.
  for (const left of short.steps) {
    const rest = await judge({ ...short, steps: short.steps.filter((one) => one !== left) }, seams)
    expect(wayOf(rest.wrong)).not.toBe(wayOf(wrong))
  }
})
