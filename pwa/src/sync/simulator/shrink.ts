// The shortest script found that still fails: steps, runs, faults and what happens in between are left out, one
// after the other, as long as it goes on failing in the same way.
import type { Script, Step } from './script'

/** The way in which a script fails, or null. */
export type Failing = (script: Script) => Promise<string | null>

/** What is wrong without the ids in it, so that two failures can be told apart or not. */
export function wayOf(wrong: readonly string[]): string | null {
  return wrong[0]?.split(':')[0]?.replace(/\d+/g, '#') ?? null
}

/** Make a failing script shorter, with at most so many tries. A script that does not fail comes back as it is. */
export async function shrink(script: Script, failing: Failing, tries = 600): Promise<Script> {
  const way = await failing(script)
  if (way === null) return script
  let left = tries
  let best = script
  const keep = async (next: Script): Promise<boolean> => {
    if (left <= 0) return false
    left -= 1
    if ((await failing(next)) !== way) return false
    best = next
    return true
  }
  await withoutSteps(script, keep)
  for (let before = 0; before !== sizeOf(best) && left > 0;) {
    before = sizeOf(best)
    for (let at = best.steps.length - 1; at >= 0; at -= 1) await keep({ ...best, steps: best.steps.filter((_, one) => one !== at) })
    for (let at = best.steps.length - 1; at >= 0; at -= 1) await simplerStep(at, () => best, keep)
  }
  return best
}

type Keep = (next: Script) => Promise<boolean>

/** Halves, quarters, eighths ... of the steps at once. */
async function withoutSteps(script: Script, keep: Keep): Promise<void> {
  let steps = script.steps
  for (let size = Math.ceil(steps.length / 2); size > 1; size = Math.floor(size / 2)) {
    for (let at = steps.length - size; at >= 0; at -= size) {
      const rest = [...steps.slice(0, at), ...steps.slice(at + size)]
      if (await keep({ ...script, steps: rest })) steps = rest
    }
  }
}

/** Take parts out of one step, each by itself, until none can go. */
async function simplerStep(at: number, best: () => Script, keep: Keep): Promise<void> {
  for (let again = true; again;) {
    again = false
    const step = best().steps[at]
    if (!step) return
    for (const simpler of simplerOnes(step)) {
      if (await keep({ ...best(), steps: best().steps.map((one, place) => (place === at ? simpler : one)) })) {
        again = true
        break
      }
    }
  }
}

function simplerOnes(step: Step): Step[] {
  if (step.do === 'event') return []
  if (step.do === 'act') {
    if (!step.fault) return []
    const { fault: _without, ...plain } = step
    return [plain]
  }
  const found: Step[] = []
  if (step.runs.length > 1) for (const run of step.runs) found.push({ ...step, runs: step.runs.filter((one) => one !== run) })
  for (const [at, run] of step.runs.entries()) {
    for (const fault of run.faults) {
      const fewer = { ...run, faults: run.faults.filter((one) => one !== fault) }
      found.push({ ...step, runs: step.runs.map((one, place) => (place === at ? fewer : one)) })
    }
  }
  for (const one of step.meanwhile) found.push({ ...step, meanwhile: step.meanwhile.filter((other) => other !== one) })
  if (step.order.length > 0) found.push({ ...step, order: step.order.slice(0, Math.floor(step.order.length / 2)) })
  return found
}

/** How much a script holds. */
export function sizeOf({ steps }: Script): number {
  return steps.reduce((sum, step) => sum + 1 + (step.do === 'sync' ? sizeOfSync(step) : step.do === 'act' && step.fault ? 1 : 0), 0)
}

function sizeOfSync({ runs, meanwhile, order }: Extract<Step, { do: 'sync' }>): number {
  return runs.reduce((sum, run) => sum + 1 + run.faults.length, 0) + meanwhile.length + order.length
}
