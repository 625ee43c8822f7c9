// The weekly check-in at an office, and what a rep asks for about a week.
import { organisation } from '../../app/session'
import { InvalidInputError } from '../../db/errors'
import type { Db } from '../../db/schema'
import type { ExemptionRecord, Fix, Id, IsoWeek, LocalOfficeCheckIn, WeekSummary } from '../../db/types'
import { needText, save, someText } from '../../db/write'
import { systemClock, weekOf, type Clock } from '../../kernel/clock'
import { between } from '../../kernel/geo'
import { newId } from '../../kernel/ids'
import { REASON_MAX } from '../visits/actions'

export interface OfficeCheckInInput {
  /** Null: the server takes the nearest one. */
  office_id: Id | null
  fix: Fix | null
  reason: string | null
  /** What the phone counted of the week, and the rep's own words. */
  summary?: WeekSummary | null
}

/** Check in at an office; returns the check-in's id. Raises StorageFullError, SaveFailedError. */
export function officeCheckIn(db: Db, input: OfficeCheckInInput, clock: Clock = systemClock): Promise<Id> {
  return save(db, async (write) => {
    const office = input.office_id ? await write.t.offices.get(input.office_id) : undefined
    const reason = someText(input.reason, REASON_MAX)
    const summary = input.summary ? { ...input.summary, text: someText(input.summary.text, REASON_MAX) } : null
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
      summary,
      review: null,
      sync: 'local',
    }
    await write.t.office_check_ins.add(checkIn)
    await write.enqueue({
      kind: 'office.check_in',
      record_id: checkIn.id,
      payload: { office_id: input.office_id, at: write.at, fix: input.fix, reason, summary },
    })
    return checkIn.id
  }, clock)
}

/** Ask that a missed week be counted. Raises InvalidInputError, StorageFullError, SaveFailedError. */
export function askMakeUp(db: Db, input: { week: IsoWeek; reason: string }, clock: Clock = systemClock): Promise<Id> {
  return save(db, async (write) => {
    const said = { week: input.week, reason: needText('reason', input.reason, REASON_MAX) }
    const id = newId(Date.parse(write.at))
    await write.t.office_make_ups.add({
      id, person_id: write.author, ...said, state: 'pending', asked_at: write.at, decided_at: null, note: null, sync: 'local',
    })
    await write.enqueue({ kind: 'office.make_up', record_id: id, payload: { ...said, at: write.at } })
    return id
  }, clock)
}

export type ExemptionInput = Pick<ExemptionRecord, 'kind' | 'first_day' | 'last_day' | 'reason'>

/** Ask to be free of the week rule for some days. Raises InvalidInputError, StorageFullError, SaveFailedError. */
export function askExemption(db: Db, input: ExemptionInput, clock: Clock = systemClock): Promise<Id> {
  return save(db, async (write) => {
    const { kind, first_day, last_day } = input
    if (!isDay(first_day)) throw new InvalidInputError('first_day', 'is no day')
    if (!isDay(last_day) || last_day < first_day) throw new InvalidInputError('last_day', 'is before the first day')
    const said = { kind, first_day, last_day, reason: needText('reason', input.reason, REASON_MAX) }
    const id = newId(Date.parse(write.at))
    await write.t.office_exemptions.add({
      id, person_id: write.author, ...said, state: 'pending', asked_at: write.at, decided_at: null, note: null, sync: 'local',
    })
    await write.enqueue({ kind: 'office.exemption_request', record_id: id, payload: { ...said, at: write.at } })
    return id
  }, clock)
}

function isDay(text: string): boolean {
  return /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(text))
}
