// Who is logged in, and the rules of their organisation: the answer of GET /me.
import type { Id, IsoTime, Role } from '../db/types'

/** The logged-in person. */
export interface User {
  id: Id
  username: string
  name: string
  role: Role
  region_id: Id
  region_name: string
  locale: string
}

/** The organisation's rules: metres and seconds. */
export interface Organisation {
  name: string
  /** Days and weeks are those of this zone. */
  time_zone: string
  radius_m: number
  office_radius_m: number
  max_accuracy_m: number
  cached_fix_max_age_s: number
  short_visit_s: number
  fix_countdown_s: number
}

/** The schemas of ops and records that a server speaks. */
export interface SchemaRange { oldest: number; newest: number }

export interface Me {
  user: User
  regions: { id: Id; parent_id: Id | null; name: string }[]
  organisation: Organisation
  server_time: IsoTime
  /** Missing on older servers, which refuse nobody. */
  schema?: SchemaRange
}

/** What holds until the server has told. */
export const DEFAULT_ORGANISATION: Organisation = {
  name: '',
  time_zone: 'Asia/Shanghai',
  radius_m: 200,
  office_radius_m: 300,
  max_accuracy_m: 150,
  cached_fix_max_age_s: 120,
  short_visit_s: 180,
  fix_countdown_s: 20,
}
