// Offices and the week's check-in.
import { organisation } from '../../app/session'
import type { Db } from '../../db/schema'
import type { IsoWeek, LocalOfficeCheckIn, OfficeRecord } from '../../db/types'
import { weekOf } from '../../kernel/clock'
import { between, type Place } from '../../kernel/geo'

export interface OfficeRow { office: OfficeRecord; distance_m: number | null }

/** Active offices, nearest first where a position is known, else by code. */
export async function officeList(db: Db, fix: Place | null = null): Promise<OfficeRow[]> {
  const offices = (await db.offices.toArray()).filter((office) => office.active)
  return offices
    .map((office) => ({ office, distance_m: between(fix, office) }))
    .sort((a, b) => (a.distance_m ?? 0) - (b.distance_m ?? 0) || a.office.code.localeCompare(b.office.code))
}

/** `sending`: made, and the server has not judged yet. `doubtful`: judged, and not surely at an office. */
export type WeekState = 'done' | 'doubtful' | 'sending' | 'open' | 'missed'

export interface WeekPage {
  week: IsoWeek
  state: WeekState
  /** Newest first. */
  check_ins: { check_in: LocalOfficeCheckIn; office: OfficeRecord | null }[]
}

/** A week (this one, if none is named) with its check-ins. */
export async function weekPage(db: Db, week: IsoWeek = thisWeek()): Promise<WeekPage> {
  const rows = await db.office_check_ins.where('week').equals(week).toArray()
  rows.sort((a, b) => b.at.localeCompare(a.at))
  const offices = await db.offices.bulkGet(rows.map((row) => row.office_id ?? ''))
  return {
    week,
    state: weekState(rows, week < thisWeek()),
    check_ins: rows.map((check_in, at) => ({ check_in, office: offices[at] ?? null })),
  }
}

/** The state of a week by its check-ins: one accepted is enough. */
export function weekState(checkIns: readonly LocalOfficeCheckIn[], past: boolean): WeekState {
  if (checkIns.some((one) => one.accepted)) return 'done'
  if (checkIns.some((one) => one.accepted === null)) return 'sending'
  if (checkIns.length > 0) return 'doubtful'
  return past ? 'missed' : 'open'
}

function thisWeek(): IsoWeek {
  return weekOf(new Date(), organisation.value.time_zone)
}
