// What a rep says of a campaign at a store: on the disk when it returns, sent by itself like all else.
import { InvalidInputError } from '../../db/errors'
import type { Db } from '../../db/schema'
import type { Id, LocalSeen, PhotoKind, SeenLine } from '../../db/types'
import { save, someText } from '../../db/write'
import { systemClock, type Clock } from '../../kernel/clock'
import { newId } from '../../kernel/ids'
import { needQuantity } from '../materials/actions'
import { checkInOf, visitById } from '../visits/actions'

export const WHY_MAX = 500

export interface SeenInput {
  campaign_id: Id
  visit_id: Id
  /** Those that were looked at; a quantity is whole, 0 to QUANTITY_MAX, or null where nobody counted. */
  materials: readonly SeenLine[]
  /** Photos that cannot be taken here. */
  photo_kinds: readonly PhotoKind[]
  note: string
}

/**
 * Say what is there of a campaign and what is missing; returns the record's id. It is never changed: the next
 * one counts instead. Raises InvalidInputError (no such visit, nothing said), StorageFullError, SaveFailedError.
 */
export function saySeen(db: Db, input: SeenInput, clock: Clock = systemClock): Promise<Id> {
  for (const { quantity } of input.materials) if (quantity !== null) needQuantity(quantity, 0)
  return save(db, async (write) => {
    const visit = await visitById(write.t, input.visit_id)
    if (input.materials.length === 0 && input.photo_kinds.length === 0) throw new InvalidInputError('materials', 'nothing is said')
    const said = {
      campaign_id: input.campaign_id,
      visit_id: visit.id,
      at: write.at,
      materials: input.materials.map(({ material_id, state, quantity }) => ({ material_id, state, quantity })),
      photo_kinds: [...input.photo_kinds],
      note: someText(input.note, WHY_MAX) ?? '',
    }
    const seen: LocalSeen = { id: newId(Date.parse(write.at)), store_id: visit.store_id, ...said, received_at: null, sync: 'local' }
    await write.t.campaign_seen.add(seen)
    await write.enqueue({ kind: 'campaign.seen', record_id: seen.id, payload: said, depends_on: await checkInOf(write, visit.id) })
    return seen.id
  }, clock)
}
