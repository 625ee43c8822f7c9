// What a rep does with the stock in the bag: gives on, sends back, confirms, counts.
import { InvalidInputError } from '../../db/errors'
import type { Db } from '../../db/schema'
import type { Id, LocalMovement, MovementKind } from '../../db/types'
import { save, someText, type Writer } from '../../db/write'
import { systemClock, type Clock } from '../../kernel/clock'
import { newId } from '../../kernel/ids'
import { needQuantity } from './actions'

export const NOTE_MAX = 200
/** Of what is moved, confirmed or counted at once: as much as the office can issue. */
export const STOCK_MAX = 1_000_000

export interface MoveInput {
  material_id: Id
  batch_id: Id | null
  /** Whole, 1 to STOCK_MAX. It may be more than the phone's stock: the office hears of it. */
  quantity: number
  note: string
}

/**
 * Give material to a colleague, who confirms it on the own phone; returns the movement's id.
 * Raises InvalidInputError, StorageFullError, SaveFailedError.
 */
export function giveTo(db: Db, input: MoveInput & { to_id: Id }, clock: Clock = systemClock): Promise<Id> {
  needQuantity(input.quantity, 1, STOCK_MAX)
  return save(db, async (write) => {
    const taker = await write.t.people.get(input.to_id)
    if (taker?.role !== 'rep' || taker.id === write.author) throw new InvalidInputError('to_id', 'no colleague')
    const said = { ...moved(write, input), to_id: taker.id }
    return send(write, 'transfer', `rep:${taker.id}`, taker.name, said)
  }, clock)
}

/** Send material back to a warehouse, which confirms it; returns the movement's id. Raises as giveTo does. */
export function sendBack(db: Db, input: MoveInput & { warehouse_id: string }, clock: Clock = systemClock): Promise<Id> {
  needQuantity(input.quantity, 1, STOCK_MAX)
  return save(db, async (write) => {
    const warehouse = await write.t.warehouses.get(input.warehouse_id)
    if (!warehouse) throw new InvalidInputError('warehouse_id', 'no such warehouse')
    const said = { ...moved(write, input), warehouse_id: warehouse.id }
    return send(write, 'return', `warehouse:${warehouse.id}`, warehouse.name, said)
  }, clock)
}

interface Moved { material_id: Id; batch_id: Id | null; quantity: number; note: string; at: string }

function moved(write: Writer, { material_id, batch_id, quantity, note }: MoveInput): Moved {
  return { material_id, batch_id, quantity, note: someText(note, NOTE_MAX) ?? '', at: write.at }
}

async function send(write: Writer, kind: MovementKind, place: string, name: string, said: Moved): Promise<Id> {
  const movement: LocalMovement = {
    id: newId(Date.parse(write.at)), kind, state: 'in_transit',
    material_id: said.material_id, batch_id: said.batch_id, quantity: said.quantity, note: said.note, at: said.at,
    from_place: `rep:${write.author}`, to_place: place, from_name: '', to_name: name, author_id: write.author,
    confirmed: null, difference: null, confirmed_by: null, confirmed_at: null, confirm_note: '', settled_how: null,
    sync: 'local',
  }
  await write.t.stock_movements.add(movement)
  await write.enqueue({ kind: `stock.${kind === 'return' ? 'return' : 'transfer'}`, record_id: movement.id, payload: { ...said } })
  return movement.id
}

/**
 * Say how much of an issue or a transfer has arrived; a difference is for the office to settle. What is
 * confirmed already stays as it is: a second tap is no second confirmation.
 * Raises InvalidInputError, StorageFullError, SaveFailedError.
 */
export function confirmGot(
  db: Db, input: { movement_id: Id; quantity: number; note: string }, clock: Clock = systemClock,
): Promise<void> {
  needQuantity(input.quantity, 0, STOCK_MAX)
  return save(db, async (write) => {
    const movement = await write.t.stock_movements.get(input.movement_id)
    if (movement?.to_place !== `rep:${write.author}`) throw new InvalidInputError('movement_id', 'it is not for this rep')
    if (movement.confirmed !== null) return
    const note = someText(input.note, NOTE_MAX) ?? ''
    const difference = input.quantity - movement.quantity
    await write.t.stock_movements.update(movement.id, {
      state: difference === 0 ? 'confirmed' : 'short', confirmed: input.quantity, difference,
      confirmed_by: write.author, confirmed_at: write.at, confirm_note: note, sync: 'local',
    })
    const payload = { quantity: input.quantity, note, at: write.at }
    await write.enqueue({ kind: 'stock.confirm', record_id: movement.id, payload })
  }, clock)
}

export interface Counted {
  material_id: Id
  /** Null (or left out) for the whole material. */
  batch_id?: Id | null
  /** What lay in the bag. */
  counted: number
  /** What the phone said of it. */
  seen: number
}

/** Enter a count of some materials or batches; returns how many. Raises InvalidInputError, StorageFullError, SaveFailedError. */
export function countStock(db: Db, rows: readonly Counted[], note: string, clock: Clock = systemClock): Promise<number> {
  for (const row of rows) needQuantity(row.counted, 0, STOCK_MAX)
  return save(db, async (write) => {
    for (const { material_id, batch_id = null, counted, seen } of rows) {
      const said = { material_id, batch_id, counted, seen, note: someText(note, NOTE_MAX) ?? '', at: write.at }
      const id = newId(Date.parse(write.at))
      await write.t.stock_counts.add({
        id, kind: 'count', state: counted === seen ? 'matched' : 'pending', place: `rep:${write.author}`,
        material_id, batch_id, expected: null, counted, seen, quantity: counted - seen, reason: '',
        note: said.note, author_id: write.author, at: write.at, decided_by: null, decided_at: null, decision_note: '',
        sync: 'local',
      })
      await write.enqueue({ kind: 'stock.count', record_id: id, payload: said })
    }
    return rows.length
  }, clock)
}
