/// <reference lib="webworker" />
// Pictures are shrunk here, so that the screen stays alive while a 12-megapixel photo is decoded.
import { UnreadablePhotoError } from './errors'
import { shrink, type Mark, type ReadyPhoto, type Tools } from './shrink'

declare const self: DedicatedWorkerGlobalScope

export interface Job { id: number; file: Blob; mark: Mark }
/** `unable`: this worker has no canvas, or none that encodes; the page has to do it. */
export type Answer =
  | { id: number; ready: ReadyPhoto }
  | { id: number; failed: 'unreadable' | 'unable'; why: string }

const tools: Tools<OffscreenCanvas> = {
  async decode(file) {
    const bitmap = await createImageBitmap(file, { imageOrientation: 'from-image' }).catch((error: unknown) => {
      throw new UnreadablePhotoError(String(error))
    })
    return { source: bitmap, width: bitmap.width, height: bitmap.height, release: () => bitmap.close() }
  },
  surface(width, height) {
    const surface = new OffscreenCanvas(width, height)
    const pen = surface.getContext('2d')
    if (!pen) throw new Error('no 2d context in a worker')
    return { surface, pen }
  },
  jpeg(surface, quality) {
    return surface.convertToBlob({ type: 'image/jpeg', quality })
  },
}

self.addEventListener('message', (event: MessageEvent<Job>) => void work(event.data))

async function work({ id, file, mark }: Job): Promise<void> {
  try {
    const ready = await shrink(file, mark, tools)
    const answer: Answer = { id, ready }
    self.postMessage(answer, [ready.image, ready.thumb])
  } catch (error) {
    const failed = error instanceof UnreadablePhotoError ? 'unreadable' : 'unable'
    const answer: Answer = { id, failed, why: String(error) }
    self.postMessage(answer)
  }
}
