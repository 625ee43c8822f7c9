// Handing out material, with the recipient's signature.
import { InvalidInputError } from '../../db/errors'
import type { Db } from '../../db/schema'
import type { Id, LocalHandout } from '../../db/types'
import { save, someText } from '../../db/write'
import { systemClock, type Clock } from '../../kernel/clock'
import { sha256Hex } from '../../kernel/hash'
import { newId } from '../../kernel/ids'
import { checkInOf, visitById } from '../visits/actions'

export const QUANTITY_MAX = 10_000
export const RECIPIENT_MAX = 120

export interface HandoutInput {
  visit_id: Id
  material_id: Id
  /** Whole, 1 to QUANTITY_MAX. It may be more than the phone's stock: the office hears of it. */
  quantity: number
  recipient: string
  /** A PNG, or null where nobody signed. */
  signature: ArrayBuffer | null
  batch_id?: Id | null
  /** A photo of the same visit that shows it. */
  photo_id?: Id | null
  /** What it counts for: null for none, left out where the phone knows of no campaign and the server finds it. */
  campaign_id?: Id | null | undefined
}

/**
 * Hand out material in a visit; returns the handout's id.
 * Raises InvalidInputError, StorageFullError, SaveFailedError.
 */
export async function handOut(db: Db, input: HandoutInput, clock: Clock = systemClock): Promise<Id> {
  needQuantity(input.quantity)
  const { signature } = input
  // Before the transaction: it would end while something else than the database is awaited.
  const sha256 = signature && signature.byteLength > 0 ? await sha256Hex(signature) : null
  return save(db, async (write) => {
    const visit = await visitById(write.t, input.visit_id)
    const said = {
      visit_id: visit.id,
      material_id: input.material_id,
      quantity: input.quantity,
      recipient: someText(input.recipient, RECIPIENT_MAX) ?? '',
      signature_sha256: sha256,
      batch_id: input.batch_id ?? null,
      photo_id: input.photo_id ?? null,
      ...(input.campaign_id !== undefined && { campaign_id: input.campaign_id }),
      at: write.at,
    }
    const handout: LocalHandout = {
      id: newId(Date.parse(write.at)), store_id: visit.store_id, ...said, flags: [], sync: 'local',
    }
    await write.t.handouts.add(handout)
    const op = await write.enqueue({
      kind: 'handout.add', record_id: handout.id, payload: said, depends_on: await checkInOf(write, visit.id),
    })
    if (signature && sha256) {
      // It is small: the picture is its own thumb, so that it can be shown after the bytes were sent.
      const thumb = { mime: 'image/png', bytes: signature }
      await write.keepFile({ what: 'signature', sha256, mime: 'image/png', bytes: signature, thumb }, op)
    }
    return handout.id
  }, clock)
}

/** Hold a quantity against what the server takes. Raises InvalidInputError. */
export function needQuantity(quantity: number, least = 1, most = QUANTITY_MAX): void {
  if (!Number.isInteger(quantity) || quantity < least || quantity > most) {
    throw new InvalidInputError('quantity', `must be a whole number from ${least} to ${most}`)
  }
}
