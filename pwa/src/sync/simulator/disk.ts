// A phone's database whose writes can go wrong: before, in the middle of, and after each of them.
import Dexie from 'dexie'
import { Db } from '../../db/schema'

/** The power failed inside a transaction; nothing of it is on the disk. */
export class PowerCut extends Error {
  override readonly name = 'PowerCut'
}

export interface Watch {
  /** Around each transaction, and each write outside of one. */
  write<T>(work: () => PromiseLike<T>): Promise<T>
  /** Asked before each single change; an error makes it fail. */
  change(): Error | null
}

type Method = (this: object, ...args: unknown[]) => PromiseLike<unknown>

const TABLE_WRITES = ['add', 'put', 'update', 'delete', 'bulkAdd', 'bulkPut', 'bulkDelete', 'bulkUpdate']
const COLLECTION_WRITES = ['modify', 'delete']

/** Open a person's database under a watch. The connection is one tab's. */
export function openDisk(owner: string, name: string, watch: Watch): Db {
  const db = new Db(owner, name)
  db.use({
    stack: 'dbcore',
    name: 'watch',
    create: (core) => ({
      ...core,
      table(table) {
        const real = core.table(table)
        return {
          ...real,
          mutate(request) {
            const error = watch.change()
            return error ? Dexie.Promise.reject(error) : real.mutate(request)
          },
        }
      },
    }),
  })
  let inside = false
  const watched = async (work: () => PromiseLike<unknown>): Promise<unknown> => watch.write(async () => {
    inside = true
    try {
      return await work()
    } finally {
      inside = false
    }
  })
  const real = db.transaction.bind(db) as (...args: unknown[]) => PromiseLike<unknown>
  const transaction = (...args: unknown[]) => (inside || Dexie.currentTransaction ? real(...args) : watched(() => real(...args)))
  Object.assign(db, { transaction })
  // Dexie gives each database classes of its own: nobody else's writes are touched.
  const { Table, Collection } = db as unknown as Record<'Table' | 'Collection', { prototype: Record<string, Method> }>
  const wrap = (type: { prototype: Record<string, Method> }, names: readonly string[], isWithin: (one: object) => boolean) => {
    for (const method of names) {
      const original = type.prototype[method]!
      type.prototype[method] = function (...args) {
        return inside || isWithin(this) ? original.apply(this, args) : watched(() => original.apply(this, args))
      }
    }
  }
  wrap(Table, TABLE_WRITES, (one) => '_tx' in one && one._tx != null)
  wrap(Collection, COLLECTION_WRITES, (one) => (one as { _ctx: { table: { _tx?: object } } })._ctx.table._tx != null)
  return db
}
