// Pictures being made ready, by what they belong to. What they belong to is not closed before the last one is kept.
import { reactive } from 'vue'
import type { Id } from '../../db/types'
import { whileUnsaved } from '../../kernel/unsaved'

const pictures = reactive(new Map<Id, number>())
const waiting = new Map<Id, (() => void)[]>()

/** How many pictures of a visit or an office check-in are being made ready. Reactive. */
export function beingMade(parent: Id): number {
  return pictures.get(parent) ?? 0
}

/** Do `work`, counted as one picture of `parent` from now until it has ended. Resolves and rejects as it does. */
export async function whileMade<T>(parent: Id, work: () => Promise<T>): Promise<T> {
  pictures.set(parent, beingMade(parent) + 1)
  try {
    return await whileUnsaved(work)
  } finally {
    pictures.set(parent, beingMade(parent) - 1)
    if (beingMade(parent) === 0) release(parent)
  }
}

/** Do `work` at once, or as soon as no picture of `parent` is being made any more. */
export function onceAllMade<T>(parent: Id, work: () => Promise<T>): Promise<T> {
  if (beingMade(parent) === 0) return work()
  return new Promise<void>((resolve) => {
    waiting.set(parent, [...(waiting.get(parent) ?? []), resolve])
  }).then(() => onceAllMade(parent, work))
}

function release(parent: Id): void {
  pictures.delete(parent)
  for (const go of waiting.get(parent) ?? []) go()
  waiting.delete(parent)
}
