// Watching the local database: by this tab, by others, by the sync.
import Dexie from 'dexie'

/** A change is looked at once nothing has followed it for this long ... */
const QUIET_MS = 50
/** ... and at the latest after this. */
const PATIENCE_MS = 300

/**
 * Ask `query` now, and again after every change of the local database; returns how to stop. `next` gets each
 * answer, never an outdated one after a newer. Changes that come in a row are answered together: reading holds up
 * the next save, and a pull of thousands of records is no news a dozen times over.
 *
 * Not Dexie's liveQuery: it loses sight of what a query reads below its first few awaits.
 */
export function follow<T>(query: () => Promise<T>, next: (found: T) => void): () => void {
  let stopped = false
  let running = false
  let again = false
  let timer: ReturnType<typeof setTimeout> | null = null
  let since = 0

  async function ask(): Promise<void> {
    again = true
    if (running) return
    running = true
    while (again && !stopped) {
      again = false
      try {
        const found = await query()
        if (!stopped) next(found)
      } catch (error) {
        if (!stopped) console.error('A query of the local database failed:', error)
      }
    }
    running = false
  }

  const onChange = () => {
    const now = Date.now()
    if (timer === null) since = now
    else clearTimeout(timer)
    // A clock set back in between must not put it off.
    const left = Math.min(QUIET_MS, Math.max(0, PATIENCE_MS - Math.abs(now - since)))
    timer = setTimeout(() => {
      timer = null
      void ask()
    }, left)
  }
  Dexie.on('storagemutated', onChange)
  void ask()
  return () => {
    stopped = true
    if (timer !== null) clearTimeout(timer)
    Dexie.on.storagemutated.unsubscribe(onChange)
  }
}

/** `found`, with every part that equals one of `before` replaced by it: what did not change stays the same object. */
export function sameParts<T>(before: unknown, found: T): T {
  if (Object.is(before, found)) return found
  if (before instanceof Blob && found instanceof Blob) {
    // Contents are named by the hashes beside them; sizes are enough to tell that those did not change.
    return before.size === found.size && before.type === found.type ? (before as T & Blob) : found
  }
  if (!isPlain(before) || !isPlain(found)) return found
  const keys = Object.keys(found)
  let same = Array.isArray(before) === Array.isArray(found) && Object.keys(before).length === keys.length
  const parts: Record<string, unknown> = {}
  for (const key of keys) {
    parts[key] = sameParts(before[key], found[key])
    same &&= key in before && Object.is(parts[key], before[key])
  }
  if (same) return before as T
  return (Array.isArray(found) ? Object.values(parts) : parts) as T
}

function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false
  return Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype
}
