// What happens in one simulation, written down: every press, every run, every fault. A script needs no chance
// any more, so a step can be taken out of it and the others still mean what they meant.
import { diceOf, type Dice } from './dice'

/** What a person does. `n`: which one of what there is; `m`: with which content. Both 0 to 1. */
export interface Act {
  do: 'act'
  phone: number
  what: 'visit' | 'photo' | 'office_photo' | 'note' | 'bad_note' | 'handout' | 'office' | 'out' | 'cancel' | 'try_again'
    | 'confirm' | 'transfer' | 'return' | 'count' | 'seen' | 'task'
  n: number
  m: number
  /** The phone's storage is full, or its power fails, from this write of the action on. */
  fault?: { what: 'quota' | 'inside' | 'crash_after'; at: number }
}

/** What the world does. `n`: how much of it, 0 to 1. */
export interface Event {
  do: 'event'
  what: 'clock' | 'log_out' | 'other_person' | 'log_in' | 'small_batches' | 'restart' | 'sweep' | 'backup' | 'restore' | 'late' | 'page' | 'issue'
  phone: number
  n: number
}

export const REQUEST_FAULTS = [
  'lost', 'unanswered', 'gave_up', 'twice', 'again_later', 'only_later', 'crash', 'crash_after', 'failing', 'garbled',
  'shuffled', 'short', 'stumble', 'restart', 'cut', 'damage', 'visitor', 'log_out', 'sweep', 'power',
] as const
export const WRITE_FAULTS = ['crash', 'crash_after', 'inside', 'quota', 'power'] as const

/** What goes wrong in one run: at its request or write number `at`. `n`: how, 0 to 1. */
export interface Fault {
  on: 'request' | 'write'
  at: number
  what: (typeof REQUEST_FAULTS)[number] | (typeof WRITE_FAULTS)[number]
  n: number
}

export interface Run { phone: number; faults: Fault[] }

/**
 * Runs of the sync at the same time. Two on one phone are two tabs whose lock was lost. `order`: who goes on at
 * each step, 0 to 1; after its end they take turns.
 */
export interface Syncs {
  do: 'sync'
  runs: Run[]
  order: number[]
  /** What happens in between, before the step number `at`. */
  meanwhile: { at: number; step: Act | Event }[]
}

export type Step = Act | Event | Syncs

export interface Script {
  /** Whose each phone is. */
  owners: string[]
  steps: Step[]
}

export const REP = 'rep-1'
export const OTHER = 'rep-2'
const PHONES: readonly string[][] = [[REP], [REP, REP], [REP, OTHER], [REP, REP, OTHER]]

/** The script of a seed. */
export function scriptOf(seed: number, steps = 28): Script {
  const dice = diceOf(seed)
  const owners = dice.pick(PHONES)
  const restores = dice.chance(0.06)
  return { owners, steps: Array.from({ length: steps }, () => stepOf(dice, owners.length, restores)) }
}

function stepOf(dice: Dice, phones: number, restores: boolean): Step {
  const kind = dice.share()
  if (kind < 0.52) return actOf(dice, dice.below(phones))
  if (kind < 0.68) return eventOf(dice, phones, restores)
  return syncsOf(dice, phones, restores)
}

const ACTS: readonly Act['what'][] = [
  'visit', 'visit', 'visit', 'photo', 'photo', 'photo', 'photo', 'note', 'note', 'bad_note', 'handout', 'handout',
  'office', 'office_photo', 'out', 'out', 'cancel', 'try_again', 'confirm', 'confirm', 'transfer', 'return', 'count', 'seen', 'task',
]

function actOf(dice: Dice, phone: number): Act {
  const act: Act = { do: 'act', phone, what: dice.pick(ACTS), n: dice.share(), m: dice.share() }
  if (dice.chance(0.08)) act.fault = { what: dice.pick(['quota', 'inside', 'crash_after'] as const), at: dice.below(8) }
  return act
}

const EVENTS: readonly Event['what'][] = [
  'clock', 'clock', 'log_out', 'other_person', 'log_in', 'log_in', 'log_in', 'log_in', 'small_batches', 'restart', 'sweep', 'late',
  'late', 'page', 'issue', 'issue',
]

function eventOf(dice: Dice, phones: number, restores: boolean): Event {
  const what = restores && dice.chance(0.4) ? dice.pick(['backup', 'restore'] as const) : dice.pick(EVENTS)
  return { do: 'event', what, phone: dice.below(phones), n: dice.share() }
}

function syncsOf(dice: Dice, phones: number, restores: boolean): Syncs {
  const many = dice.pick([1, 1, 1, 2, 2, 3])
  const first = dice.below(phones)
  const runs: Run[] = []
  for (let at = 0; at < many; at += 1) {
    const phone = at === 0 || dice.chance(0.5) ? first : dice.below(phones)
    runs.push({ phone, faults: faultsOf(dice) })
  }
  const order = many === 1 ? [] : Array.from({ length: 40 }, () => dice.share())
  const meanwhile: Syncs['meanwhile'] = Array.from({ length: dice.pick([0, 0, 0, 1, 2]) }, () => ({
    at: dice.below(40),
    step: dice.chance(0.7) ? actOf(dice, dice.below(phones)) : eventOf(dice, phones, restores),
  }))
  // Most people log in again before long; a phone that never talks to its server teaches nothing.
  if (dice.chance(0.5)) meanwhile.push({ at: 0, step: { do: 'event', what: 'log_in', phone: first, n: 0 } })
  return { do: 'sync', runs, order, meanwhile }
}

function faultsOf(dice: Dice): Fault[] {
  return Array.from({ length: dice.pick([0, 1, 1, 2, 2, 3]) }, (): Fault =>
    dice.chance(0.75)
      ? { on: 'request', at: dice.below(6), what: dice.pick(REQUEST_FAULTS), n: dice.share() }
      : { on: 'write', at: dice.below(9), what: dice.pick(WRITE_FAULTS), n: dice.share() })
}
