// Chance out of a seed, so that it can be had again.

/** Numbers from 0 to 1 out of a seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

export interface Dice {
  /** 0 to 1, in thousandths: short to write down. */
  share(): number
  /** 0 to below. */
  below(limit: number): number
  chance(probability: number): boolean
  pick<T>(from: readonly T[]): T
}

export function diceOf(seed: number): Dice {
  const random = seeded(seed)
  return {
    share: () => Math.floor(random() * 1000) / 1000,
    below: (limit) => Math.floor(random() * limit),
    chance: (probability) => random() < probability,
    pick: (from) => from[Math.floor(random() * from.length)]!,
  }
}
