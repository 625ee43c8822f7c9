// @vitest-environment node
// The contract of the store on a database in memory; tests/browser/test_store_contract.py has it on a real one.
import 'fake-indexeddb/auto'
import { describe, it } from 'vitest'
import { cases } from './contract/cases'
import type { Harness } from './contract/harness'
import { tab } from './contract/tab'
import { Db } from './schema'
import { REP } from './testing'

const LARGE = 1024 * 1024

/** A harness, and how its page ends without a warning. */
function inMemory(name: string): { at: Harness; end(): void } {
  const opened: Db[] = []
  const at: Harness = {
    name,
    open(other = name) {
      const db = new Db(REP, other)
      opened.push(db)
      return db
    },
    otherTab: async () => tab,
    fill(db) {
      db.blobs.hook('creating', (_key, { bytes }) => {
        const size = bytes instanceof ArrayBuffer ? bytes.byteLength : bytes.size
        if (size > LARGE) throw new DOMException('full', 'QuotaExceededError')
      })
    },
  }
  return { at, end: () => opened.splice(0).forEach((db) => db.close()) }
}

describe('the store', () => {
  it.each(cases)('$name', async ({ name, run, afterwards }) => {
    const { at, end } = inMemory(name)
    await run(at)
    end()
    await afterwards?.(at)
    end()
  })
})
