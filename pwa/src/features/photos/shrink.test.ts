import { describe, expect, it } from 'vitest'
import { UnreadablePhotoError } from './errors'
import { capturedAt, fit, sha256Hex, shrink, stamp, type Tools } from './shrink'

describe('fit', () => {
  it.each([
    // width, height, side, fitted
    [4000, 3000, 1600, { width: 1600, height: 1200 }],
    [3000, 4000, 1600, { width: 1200, height: 1600 }],
    [800, 600, 1600, { width: 800, height: 600 }],
    [10000, 1, 1600, { width: 1600, height: 1 }],
  ])('%i × %i into %i', (width, height, side, fitted) => {
    expect(fit(width, height, side)).toEqual(fitted)
  })
})

describe('the time in the picture', () => {
  it('is written in the zone of the organisation', () => {
    expect(stamp('2026-11-23T09:15:00.000Z', 'Asia/Shanghai')).toBe('2026-11-23 17:15:00')
  })

  it("is the file's own, unless that is missing or lies in the future", () => {
    const now = '2026-11-23T09:15:00.000Z'
    expect(capturedAt('2026-11-23T09:00:00.000Z', now)).toBe('2026-11-23T09:00:00.000Z')
    expect(capturedAt('2031-01-01T00:00:00.000Z', now)).toBe(now)
    expect(capturedAt(null, now)).toBe(now)
  })
})

it('hashes as everybody does', async () => {
  expect(await sha256Hex(new TextEncoder().encode('abc'))).toBe(
    'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
  )
})

/** A page without a real canvas: notes what was drawn, and encodes to given bytes. */
function fakeTools(width: number, height: number): { tools: Tools<HTMLCanvasElement>; words: string[]; released: () => boolean } {
  const words: string[] = []
  let released = false
  const pen = {
    fillRect: () => undefined,
    drawImage: () => undefined,
    fillText: (text: string) => words.push(text),
  } as unknown as CanvasRenderingContext2D
  const tools: Tools<HTMLCanvasElement> = {
    decode: () =>
      Promise.resolve({ source: new Image(), width, height, release: () => { released = true } }),
    surface: (w, h) => ({ surface: Object.assign(document.createElement('canvas'), { width: w, height: h }), pen }),
    jpeg: (surface) => Promise.resolve(new Blob([new Uint8Array([0xff, 0xd8, 0xff, 0xda, surface.width & 255])])),
  }
  return { tools, words, released: () => released }
}

const MARK = { lines: ['星湖店', '张小明'], taken_at: '2026-11-23T09:15:00.000Z', time_zone: 'Asia/Shanghai' }

describe('shrink', () => {
  it('gives picture, thumbnail, size, time and the hash of the very bytes', async () => {
    const { tools, words, released } = fakeTools(4000, 3000)
    const ready = await shrink(new Blob([new Uint8Array([1, 2, 3])]), MARK, tools)
    expect(ready).toMatchObject({ width: 1600, height: 1200, mime: 'image/jpeg', taken_at: MARK.taken_at })
    expect(ready.sha256).toBe(await sha256Hex(ready.image))
    expect(new Uint8Array(ready.thumb)[4]).toBe(320 & 255)
    expect(words).toEqual(['2026-11-23 17:15:00', '星湖店', '张小明'])
    expect(released()).toBe(true)
  })

  it('says when a picture cannot be read', async () => {
    const { tools } = fakeTools(1, 1)
    tools.decode = () => Promise.reject(new UnreadablePhotoError('no'))
    await expect(shrink(new Blob(['hello']), MARK, tools)).rejects.toBeInstanceOf(UnreadablePhotoError)
  })
})
