// The weekly check-in at an office.
import { organisation } from '../../app/session'
import type { Db } from '../../db/schema'
import type { Fix, Id, LocalOfficeCheckIn } from '../../db/types'
import { save, someText } from '../../db/write'
import { systemClock, weekOf, type Clock } from '../../kernel/clock'
import { between } from '../../kernel/geo'
import { newId } from '../../kernel/ids'
import { REASON_MAX } from '../visits/actions'

export interface OfficeCheckInInput {
  /** Null: the server takes the nearest one. */
  office_id: Id | null
  fix: Fix | null
  reason: string | null
}

/** Check in at an office; returns the check-in's id. Raises StorageFullError, SaveFailedError. */
export function officeCheckIn(db: Db, input: OfficeCheckInInput, clock: Clock = systemClock): Promise<Id> {
  return save(db, async (write) => {
    const office = input.office_id ? await write.t.offices.get(input.office_id) : undefined
    const reason = someText(input.reason, REASON_MAX)
    const checkIn: LocalOfficeCheckIn = {
      id: newId(Date.parse(write.at)),
      author_id: write.author,
      office_id: input.office_id,
      week: weekOf(write.at, organisation.value.time_zone),
      at: write.at,
      fix: input.fix,
      verdict: null,
      distance_m: between(input.fix, office),
      explanation: null,
      flags: [],
      accepted: null,
      reason,
      sync: 'local',
    }
    await write.t.office_check_ins.add(checkIn)
    await write.enqueue({
      kind: 'office.check_in',
      record_id: checkIn.id,
      payload: { office_id: input.office_id, at: write.at, fix: input.fix, reason },
    })
    return checkIn.id
  }, clock)
}
