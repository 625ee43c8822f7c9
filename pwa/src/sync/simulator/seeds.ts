// The seeds that the tests play; the work is shared out to the files seeds.*.test.ts, which can run side by side.
import { expect, it, vi } from 'vitest'
import { campaign, figures, story, type Campaign } from './campaign'

/** How many seeds, from which on: STOREWALK_SIM_SEEDS and STOREWALK_SIM_FROM. */
export interface Range { seeds: number; from: number }

export const SHARES = 2
const USUAL = 500
/** A loaded machine is no failure, and a long run takes an hour. */
const PATIENCE_MS = 24 * 3_600_000
/** What must have happened in a run of some length, or its faults prove nothing. */
const MUST_HAPPEN = [
  'lost', 'unanswered', 'gave_up', 'twice', 'again_later', 'only_later', 'crash', 'crash_after', 'failing', 'garbled',
  'shuffled', 'short', 'stumble', 'restart', 'cut', 'damage', 'visitor', 'log_out', 'sweep', 'power',
  'write: crash', 'write: crash_after', 'write: inside', 'write: quota', 'write: power', 'page: quota', 'page: inside',
  'event: restore', 'event: clock', 'event: late', 'event: issue',
  'taken: stock.confirm', 'taken: stock.transfer', 'taken: stock.return', 'taken: stock.count', 'taken: campaign.seen',
]

export function rangeOf(env: Record<string, string | undefined>): Range {
  return { seeds: Number(env['STOREWALK_SIM_SEEDS'] ?? USUAL), from: Number(env['STOREWALK_SIM_FROM'] ?? 1) }
}

/** One share's test: every so many-th seed of the range. */
export function playShare(share: number, { seeds, from }: Range): void {
  it(`seeds ${from} to ${from + seeds - 1}, share ${share + 1} of ${SHARES}: nothing lost, nothing twice`, { timeout: PATIENCE_MS }, async () => {
    // Not a mock: it would keep each of the errors, which are many in a long run.
    vi.stubGlobal('console', { ...console, error: () => undefined })
    const mine = Array.from({ length: seeds }, (_, at) => from + at).filter((seed) => seed % SHARES === share)
    const found = await campaign(mine)
    console.log(figures(found))
    if (found.failures.length > 0) throw new Error(`${found.failures.length} seeds failed\n${story(found)}`)
    if (mine.length >= USUAL / SHARES) expectFaults(found)
  })
}

function expectFaults({ counts }: Campaign): void {
  expect(MUST_HAPPEN.filter((what) => !counts.has(what))).toEqual([])
}
