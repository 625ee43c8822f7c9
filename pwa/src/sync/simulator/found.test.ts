// @vitest-environment node
// Every failure that the simulator has ever found, in its shortest form, before anything new is tried.
import 'fake-indexeddb/auto'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { scriptOf, type Script } from './script'
import found from './found.json'
import { judge } from './judge'

// A loaded machine is no failure.
vi.setConfig({ testTimeout: 60_000 })
beforeEach(() => {
  vi.spyOn(console, 'error').mockImplementation(() => undefined)
})

describe('what was found before', () => {
  it.each(found)('$name', async ({ script }) => {
    expect((await judge(script as Script)).wrong).toEqual([])
  })
})

it('a script plays the same way each time', async () => {
  for (const seed of [3, 5, 8, 13]) {
    const [one, two] = [await judge(scriptOf(seed)), await judge(scriptOf(seed))]
    expect([...two.counts], `seed ${seed}`).toEqual([...one.counts])
    expect(two.acknowledged, `seed ${seed}`).toBe(one.acknowledged)
  }
})
