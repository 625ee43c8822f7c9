// One simulation from its script to its verdict.
import { broken } from './invariants'
import type { Script } from './script'
import { World, type Seams } from './world'

export interface Verdict {
  /** What does not hold; empty where all does. */
  wrong: string[]
  counts: ReadonlyMap<string, number>
  /** Ops that the server has acknowledged. */
  acknowledged: number
}

/** What happened, and how many ops of each kind the server took. */
function withKinds({ counts, phones, server }: World): ReadonlyMap<string, number> {
  const all = new Map(counts)
  for (const { op_id, kind } of phones.flatMap((phone) => phone.made)) {
    if (server.receipts.has(op_id)) all.set(`taken: ${kind}`, (all.get(`taken: ${kind}`) ?? 0) + 1)
  }
  return all
}

/** Play a script and judge how it ends. */
export async function judge(script: Script, seams: Seams = {}): Promise<Verdict> {
  const world = new World(script, seams)
  try {
    await world.play(script.steps)
    if (world.wrong.length === 0) await world.settle()
    if (world.wrong.length === 0) world.wrong.push(...(await broken(world)))
  } catch (error) {
    world.wrong.push(`raised: ${error instanceof Error ? error.message : String(error)}`)
  }
  await world.close()
  return { wrong: world.wrong, counts: withKinds(world), acknowledged: world.server.receipts.size }
}
