import { describe, expect, it, vi } from 'vitest'
import { UnreadablePhotoError } from './errors'
import type { Answer, Job } from './photo.worker'
import { createPhotoProcessor } from './process'
import type { ReadyPhoto } from './shrink'

const MARK = { lines: [], taken_at: '2026-11-23T09:15:00.000Z', time_zone: 'Asia/Shanghai' }
const READY: ReadyPhoto = {
  image: new ArrayBuffer(3), thumb: new ArrayBuffer(1), width: 3, height: 2, mime: 'image/jpeg',
  sha256: 'a'.repeat(64), taken_at: MARK.taken_at,
}

/** A worker that hands each job to the test, which answers when it likes. */
class FakeWorker extends EventTarget {
  readonly jobs: Job[] = []
  terminated = false
  postMessage(job: Job): void {
    this.jobs.push(job)
  }
  terminate(): void {
    this.terminated = true
  }
  answer(answer: Answer): void {
    this.dispatchEvent(new MessageEvent('message', { data: answer }))
  }
}

/** happy-dom decodes nothing, as a browser does with a broken file. */
const nothingDecodes = () => {
  vi.spyOn(URL, 'createObjectURL').mockReturnValue('blob:none')
  Image.prototype.decode = () => Promise.reject(new Error('broken'))
}

const start = (worker: FakeWorker) => createPhotoProcessor(() => worker as unknown as Worker)

describe('createPhotoProcessor', () => {
  it('gives the worker one picture at a time', async () => {
    const worker = new FakeWorker()
    const processor = start(worker)
    const first = processor.process(new Blob(['1']), MARK)
    const second = processor.process(new Blob(['2']), MARK)
    await vi.waitFor(() => expect(worker.jobs).toHaveLength(1))
    worker.answer({ id: 99, ready: { ...READY, width: 99 } }) // not ours
    worker.answer({ id: 1, ready: READY })
    expect((await first).width).toBe(3)
    await vi.waitFor(() => expect(worker.jobs).toHaveLength(2))
    worker.answer({ id: 2, ready: { ...READY, width: 4 } })
    expect((await second).width).toBe(4)
  })

  it('tries on the page what the worker cannot read, and then says so; the next picture goes on', async () => {
    nothingDecodes()
    const worker = new FakeWorker()
    const processor = start(worker)
    const broken = processor.process(new Blob(['1']), MARK)
    await vi.waitFor(() => expect(worker.jobs).toHaveLength(1))
    worker.answer({ id: 1, failed: 'unreadable', why: 'no picture' })
    await expect(broken).rejects.toBeInstanceOf(UnreadablePhotoError)
    const good = processor.process(new Blob(['2']), MARK)
    await vi.waitFor(() => expect(worker.jobs).toHaveLength(2))
    worker.answer({ id: 2, ready: READY })
    expect(await good).toBe(READY)
  })

  it('stays on the page once the worker turned out to be unable', async () => {
    nothingDecodes()
    vi.spyOn(console, 'warn').mockImplementation(() => undefined)
    const worker = new FakeWorker()
    const processor = start(worker)
    const first = processor.process(new Blob(['1']), MARK)
    await vi.waitFor(() => expect(worker.jobs).toHaveLength(1))
    worker.dispatchEvent(new ErrorEvent('error', { message: 'out of memory' }))
    await expect(first).rejects.toBeInstanceOf(UnreadablePhotoError)
    expect(worker.terminated).toBe(true)
    await expect(processor.process(new Blob(['2']), MARK)).rejects.toBeInstanceOf(UnreadablePhotoError)
    expect(worker.jobs).toHaveLength(1)
  })

  it('does without a worker that never answers', async () => {
    nothingDecodes()
    vi.useFakeTimers()
    vi.spyOn(console, 'warn').mockImplementation(() => undefined)
    const worker = new FakeWorker()
    const first = start(worker).process(new Blob(['1']), MARK)
    const failed = expect(first).rejects.toBeInstanceOf(UnreadablePhotoError)
    await vi.advanceTimersByTimeAsync(60_000)
    await failed
    expect(worker.terminated).toBe(true)
    vi.useRealTimers()
  })
})
