// The flags that a visit may carry, in the order in which the server lists them.
import type { paths } from '@/kernel/api.gen'

type Asked = NonNullable<NonNullable<paths['/api/v1/visits']['get']['parameters']['query']>['flag']>
export type FlagCode = Asked[number]

// By code, so that the type check misses one that the server has learned since. A verdict that is a
// flag as well is filtered by as a verdict.
const SHOWN: Record<FlagCode, boolean> = {
  off_site: false,
  uncertain: false,
  unverifiable: false,
  low_accuracy: true,
  clock_moved: true,
  impossible_travel: true,
  identical_fix: true,
  short_visit: true,
  no_photo: true,
  photo_reused: true,
  photo_old: true,
  over_issued: true,
}

/** Every flag. */
export const FLAGS = Object.keys(SHOWN) as FlagCode[]

/** Those that a filter offers. */
export const FILTER_FLAGS: readonly FlagCode[] = FLAGS.filter((flag) => SHOWN[flag])
