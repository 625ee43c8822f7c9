// What is being entered, kept at every keystroke: a phone may end the page at any moment.
import { nowIso } from '../kernel/clock'
import { asSaveError } from './errors'
import type { Db } from './schema'
import type { Draft } from './types'

/** Keep what is entered so far. data: whatever a structured clone can hold. Raises StorageFullError, SaveFailedError. */
export async function saveDraft(db: Db, id: string, data: unknown, kind: string = id): Promise<void> {
  try {
    await db.drafts.put({ id, kind, data, updated_at: nowIso() })
  } catch (error) {
    throw asSaveError(error)
  }
}

/** What was kept, or null. The caller says what it kept under this id. */
export async function loadDraft<T>(db: Db, id: string): Promise<T | null> {
  const row = await db.drafts.get(id)
  return row === undefined ? null : (row.data as T)
}

/** All drafts of a kind, the newest first. */
export async function draftsOf(db: Db, kind: string): Promise<Draft[]> {
  const rows = await db.drafts.where('kind').equals(kind).toArray()
  return rows.sort((a, b) => b.updated_at.localeCompare(a.updated_at))
}

/** Forget it: it was saved for good, or given up. */
export async function dropDraft(db: Db, id: string): Promise<void> {
  await db.drafts.delete(id)
}
