// From camera and files into the local database, one picture after the other.
import { onScopeDispose, ref, type Ref } from 'vue'
import { problemWords } from '@/app/problem'
import { storageFull } from '@/app/storage'
import type { Db } from '@/db'
import { StorageFullError } from '@/db/errors'
import type { Id, PhotoKind } from '@/db/types'
import { nowIso } from '@/kernel/clock'
import { whileUnsaved } from '@/kernel/unsaved'
import { addPhoto } from './actions'
import { createPhotoProcessor, type PhotoProcessor } from './process'

export interface PhotoTarget {
  visit_id: string | null
  office_check_in_id: string | null
  /** Words drawn into the picture: where, who. */
  lines: string[]
  time_zone: string
}

export interface PhotoIntake {
  /** Pictures being made ready now. */
  making: Readonly<Ref<number>>
  /** One sentence per picture that could not be kept. */
  failures: Ref<string[]>
  /** Resolves when the picture is on the phone (its id) or has been reported as failed (null); never rejects. */
  add(file: Blob, kind: PhotoKind, source: 'camera' | 'file'): Promise<Id | null>
}

/** Pictures already chosen are still kept after the screen has been left. */
export function usePhotoIntake(
  db: Db,
  target: () => PhotoTarget,
  processor: PhotoProcessor = createPhotoProcessor(),
): PhotoIntake {
  const making = ref(0)
  const failures = ref<string[]>([])

  async function add(file: Blob, kind: PhotoKind, source: 'camera' | 'file'): Promise<Id | null> {
    const { visit_id, office_check_in_id, lines, time_zone } = target()
    making.value += 1
    try {
      return await whileUnsaved(async () => {
        const ready = await processor.process(file, { lines, time_zone, taken_at: nowIso() })
        return addPhoto(db, { ...ready, visit_id, office_check_in_id, kind, source })
      })
    } catch (error) {
      const name = file instanceof File ? `${file.name}: ` : ''
      failures.value.push(name + problemWords(error))
      if (error instanceof StorageFullError) storageFull.value = true
      return null
    } finally {
      making.value -= 1
    }
  }

  onScopeDispose(() => processor.close())
  return { making, failures, add }
}
