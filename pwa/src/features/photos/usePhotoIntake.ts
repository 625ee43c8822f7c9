// From camera and files into the local database, one picture after the other.
import { computed, onScopeDispose, ref, type Ref } from 'vue'
import { t } from '@/app/i18n'
import { problemWords } from '@/app/problem'
import { storageFull } from '@/app/storage'
import { toast } from '@/app/toast'
import type { Db } from '@/db'
import { StorageFullError } from '@/db/errors'
import type { Id, PhotoKind } from '@/db/types'
import { nowIso } from '@/kernel/clock'
import { addPhoto } from './actions'
import { beingMade, whileMade } from './making'
import { createPhotoProcessor, type PhotoProcessor } from './process'

/** A lost picture is worth more than a glance. */
const LOST_SHOWN_MS = 8_000

export interface PhotoTarget {
  visit_id: string | null
  office_check_in_id: string | null
  /** Words drawn into the picture: where, who. */
  lines: string[]
  time_zone: string
}

export interface PhotoIntake {
  /** Pictures of the same visit or office check-in that are being made ready now, wherever they were added. */
  making: Readonly<Ref<number>>
  /** One sentence per picture that could not be kept, until somebody has read them. */
  failures: Ref<string[]>
  /** Resolves when the picture is on the phone (its id) or has been reported as failed (null); never rejects. */
  add(file: Blob, kind: PhotoKind, source: 'camera' | 'file'): Promise<Id | null>
}

/**
 * Pictures already chosen are still kept after the screen has been left. Those that cannot be are then told over
 * whatever screen there is.
 */
export function usePhotoIntake(
  db: Db,
  target: () => PhotoTarget,
  processor: PhotoProcessor = createPhotoProcessor(),
): PhotoIntake {
  const making = computed(() => beingMade(parentOf(target())))
  const failures = ref<string[]>([])
  let left = false

  function tellIfLeft(): void {
    const n = failures.value.length
    if (left && n > 0) toast(t('photos.lost', { n, why: failures.value[n - 1] }), LOST_SHOWN_MS)
  }

  async function add(file: Blob, kind: PhotoKind, source: 'camera' | 'file'): Promise<Id | null> {
    const to = target()
    const { visit_id, office_check_in_id, lines, time_zone } = to
    try {
      return await whileMade(parentOf(to), async () => {
        const ready = await processor.process(file, { lines, time_zone, taken_at: nowIso() })
        return addPhoto(db, { ...ready, visit_id, office_check_in_id, kind, source })
      })
    } catch (error) {
      const name = file instanceof File ? `${file.name}: ` : ''
      failures.value.push(name + problemWords(error))
      if (error instanceof StorageFullError) storageFull.value = true
      tellIfLeft()
      return null
    }
  }

  onScopeDispose(() => {
    left = true
    tellIfLeft()
    processor.close()
  })
  return { making, failures, add }
}

function parentOf({ visit_id, office_check_in_id }: PhotoTarget): Id {
  return visit_id ?? office_check_in_id ?? ''
}
