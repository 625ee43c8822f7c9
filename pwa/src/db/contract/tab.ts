// The work of another tab.
import { addNote, checkIn } from '../../features/visits/actions'
import { Db } from '../schema'
import { REP } from '../testing'
import type { Tab } from './harness'

export const tab: Tab = {
  checkIn: (name) => using(name, (db) => checkIn(db, { store_id: 's1', fix: null, reason: null, planned: true })),
  addNotes: (name, visit, count) => using(name, async (db) => {
    await Promise.all(Array.from({ length: count }, (_, n) => addNote(db, { visit_id: visit, text: `other ${n}` })))
  }),
}

async function using<T>(name: string, work: (db: Db) => Promise<T>): Promise<T> {
  const db = new Db(REP, name)
  try {
    return await work(db)
  } finally {
    db.close()
  }
}
