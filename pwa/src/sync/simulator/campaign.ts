// Many seeds in a row, with the counts of what happened in them and the story of those that failed.
import { judge, type Verdict } from './judge'
import { scriptOf, type Script } from './script'
import { shrink, sizeOf, wayOf } from './shrink'
import type { Seams } from './world'

export interface Campaign { seeds: number; steps: number; acknowledged: number; counts: Map<string, number>; failures: Failure[] }
export interface Failure { seed: number; wrong: string[]; script: Script }

/** Failing seeds that are made short; what is the matter with the others is mostly the same. */
const TOLD = 3

/** Play the seeds; those that fail are shrunk to the script that found.json takes. */
export async function campaign(seeds: Iterable<number>, seams: Seams = {}): Promise<Campaign> {
  const found: Campaign = { seeds: 0, steps: 0, acknowledged: 0, counts: new Map(), failures: [] }
  for (const seed of seeds) {
    const script = scriptOf(seed)
    const verdict = await judge(script, seams)
    count(found, script, verdict)
    if (verdict.wrong.length === 0) continue
    const short = found.failures.length < TOLD ? await shrunk(script, seams) : script
    found.failures.push({ seed, wrong: verdict.wrong, script: short })
  }
  return found
}

/** The shortest script found that fails in the same way. */
export function shrunk(script: Script, seams: Seams = {}): Promise<Script> {
  return shrink(script, async (one) => wayOf((await judge(one, seams)).wrong))
}

function count(found: Campaign, { steps }: Script, { counts, acknowledged }: Verdict): void {
  found.seeds += 1
  found.steps += steps.length
  found.acknowledged += acknowledged
  for (const [what, times] of counts) found.counts.set(what, (found.counts.get(what) ?? 0) + times)
}

/** What is wrong and how to see it again, for a person: the first ones whole, of the others what it takes to play them. */
export function story({ failures }: Campaign): string {
  const others = failures.slice(TOLD).map(({ seed, wrong }) => `seed ${seed}, not made short: ${wrong.join('; ')}`)
  return [...failures.slice(0, TOLD).map(wholeStory), ...others].join('\n\n')
}

function wholeStory({ seed, wrong, script }: Failure): string {
  return [
    `seed ${seed}: ${wrong.join('; ')}`,
    `shrunk to ${script.steps.length} steps (size ${sizeOf(script)}); an entry for pwa/src/sync/simulator/found.json:`,
    JSON.stringify({ name: wrong[0], script }),
  ].join('\n')
}

/** The figures, one line each. */
export function figures({ seeds, steps, acknowledged, counts, failures }: Campaign): string {
  const kinds = [...counts].sort(([a], [b]) => a.localeCompare(b)).map(([what, times]) => `  ${what}: ${times}`)
  return [`seeds ${seeds}, steps ${steps}, ops acknowledged ${acknowledged}, failing seeds ${failures.length}`, ...kinds].join('\n')
}
