// One picture at a time through the worker; on the page where the worker cannot.
import { UnreadablePhotoError } from './errors'
import type { Answer, Job } from './photo.worker'
import { shrink, type Mark, type ReadyPhoto, type Tools } from './shrink'

/** The slowest phone needs a tenth of it. A worker that never answers must not keep a visit open for ever. */
const PATIENCE_MS = 60_000

/** Makes pictures ready to be kept. Calls wait for each other: two 12-megapixel pictures fill a small phone. */
export interface PhotoProcessor {
  /** Raises UnreadablePhotoError when the file is no picture this browser can read. */
  process(file: Blob, mark: Mark): Promise<ReadyPhoto>
  /** Ends the worker as soon as the pictures that wait are done. */
  close(): void
}

/** `startWorker` returns null where the browser cannot draw in a worker. */
export function createPhotoProcessor(startWorker: () => Worker | null = photoWorker): PhotoProcessor {
  let worker: Worker | null = null
  let able = true
  let last: Promise<unknown> = Promise.resolve()
  let lastId = 0

  async function one(file: Blob, mark: Mark): Promise<ReadyPhoto> {
    if (able) worker ??= startWorker()
    able = worker !== null
    if (worker) {
      const answer = await ask(worker, { id: (lastId += 1), file, mark })
      if ('ready' in answer) return answer.ready
      if (answer.failed === 'unable') {
        console.warn('Photos are made ready on the page:', answer.why)
        able = false
        end()
      }
    }
    // An unreadable one comes here, too: a page reads formats that its worker does not (HEIC on iOS).
    return shrink(file, mark, pageTools)
  }

  function end(): void {
    worker?.terminate()
    worker = null
  }

  return {
    process(file, mark) {
      const mine = last.then(() => one(file, mark))
      last = mine.catch(() => undefined)
      return mine
    },
    close() {
      last = last.then(end)
    },
  }
}

function photoWorker(): Worker | null {
  if (typeof OffscreenCanvas === 'undefined' || typeof createImageBitmap === 'undefined') return null
  return new Worker(new URL('./photo.worker.ts', import.meta.url), { type: 'module' })
}

function ask(worker: Worker, job: Job): Promise<Answer> {
  return new Promise((resolve) => {
    const done = (answer: Answer) => {
      clearTimeout(timer)
      worker.removeEventListener('message', onMessage)
      worker.removeEventListener('error', onError)
      resolve(answer)
    }
    const onMessage = (event: MessageEvent<Answer>) => {
      if (event.data.id === job.id) done(event.data)
    }
    // A worker that could not even start, or ran out of memory.
    const onError = (event: Event) => {
      done({ id: job.id, failed: 'unable', why: event instanceof ErrorEvent ? event.message : event.type })
    }
    const timer = setTimeout(() => done({ id: job.id, failed: 'unable', why: 'no answer' }), PATIENCE_MS)
    worker.addEventListener('message', onMessage)
    worker.addEventListener('error', onError)
    worker.postMessage(job)
  })
}

const pageTools: Tools<HTMLCanvasElement> = {
  async decode(file) {
    const url = URL.createObjectURL(file)
    const image = new Image()
    image.src = url
    try {
      await image.decode()
    } catch (error) {
      URL.revokeObjectURL(url)
      throw new UnreadablePhotoError(String(error))
    }
    return {
      source: image,
      width: image.naturalWidth,
      height: image.naturalHeight,
      release: () => URL.revokeObjectURL(url),
    }
  },
  surface(width, height) {
    const surface = Object.assign(document.createElement('canvas'), { width, height })
    const pen = surface.getContext('2d')
    if (!pen) throw new Error('this browser cannot draw')
    return { surface, pen }
  },
  jpeg(surface, quality) {
    return new Promise((resolve, reject) => {
      const made = (blob: Blob | null) => (blob ? resolve(blob) : reject(new Error('the picture could not be encoded')))
      surface.toBlob(made, 'image/jpeg', quality)
    })
  },
}
