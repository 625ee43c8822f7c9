// Writes that may find no room. A full phone must go on sending, for sending is what makes room again.
import { isQuota } from './errors'

/** What `work` resolves to, or what `without` does where there is no room for it. Other errors are raised. */
export async function orWithout<T>(work: () => Promise<T>, without: () => T | Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!isQuota(error)) throw error
    return without()
  }
}

/** Write down what only helps the next run. Resolves to false where there is no room for it. */
export function ifRoom(work: () => Promise<unknown>): Promise<boolean> {
  return orWithout(async () => work().then(() => true), () => false)
}
