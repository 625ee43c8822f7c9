import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readExif, takenAt, withExif } from './exif'

const SOI = [0xff, 0xd8]
const SCAN = [0xff, 0xda, 0, 2]
const JFIF = [0xff, 0xe0, 0, 16, 0x4a, 0x46, 0x49, 0x46, 0, 1, 1, 0, 0, 1, 0, 1, 0, 0]

/** An APP1 segment with an orientation and the two times, in either byte order. */
function app1(little: boolean, orientation: number, taken = '2026:11:23 09:15:00\0', offset = '+08:00\0'): Uint8Array {
  const tiff = new Uint8Array(160)
  const view = new DataView(tiff.buffer)
  const put = (at: number, text: string) => tiff.set(new TextEncoder().encode(text), at)
  const entry = (at: number, tag: number, type: number, count: number, value: number, short = false) => {
    view.setUint16(at, tag, little)
    view.setUint16(at + 2, type, little)
    view.setUint32(at + 4, count, little)
    if (short) view.setUint16(at + 8, value, little)
    else view.setUint32(at + 8, value, little)
  }
  put(0, little ? 'II' : 'MM')
  view.setUint16(2, 42, little)
  view.setUint32(4, 8, little)
  view.setUint16(8, 2, little)
  entry(10, 0x0112, 3, 1, orientation, true)
  entry(22, 0x8769, 4, 1, 40)
  view.setUint16(40, 2, little)
  entry(42, 0x9003, 2, taken.length, 100)
  entry(54, 0x9011, 2, offset.length, 130)
  put(100, taken)
  put(130, offset)
  const length = 2 + 6 + tiff.length
  return Uint8Array.from([0xff, 0xe1, length >> 8, length & 255, 0x45, 0x78, 0x69, 0x66, 0, 0, ...tiff])
}

describe('readExif', () => {
  it.each([[true], [false]])('reads orientation and times (little endian: %s)', (little) => {
    const facts = readExif(Uint8Array.from([...SOI, ...JFIF, ...app1(little, 6), ...SCAN]))
    expect(facts).toMatchObject({ orientation: 6, taken: '2026:11:23 09:15:00', offset: '+08:00' })
    expect(takenAt(facts)).toBe('2026-11-23T01:15:00.000Z')
  })

  it('finds nothing in what is no JPEG, is cut off, or points outside', () => {
    const block = app1(true, 6)
    const wild = block.slice()
    wild.set([0xff, 0xff, 0xff, 0x7f], 10 + 4)
    for (const bytes of [[], [0x89, 0x50, 0x4e, 0x47], [...SOI, ...SCAN], [...SOI, ...block.slice(0, 50)], [...SOI, ...wild]]) {
      expect(readExif(Uint8Array.from(bytes)).app1).toBeNull()
    }
  })

  it('takes the zero date of a camera whose clock was never set for no date', () => {
    const facts = readExif(Uint8Array.from([...SOI, ...app1(true, 1, '0000:00:00 00:00:00\0'), ...SCAN]))
    expect(takenAt(facts)).toBeNull()
  })
})

describe('withExif', () => {
  it('carries the block over, upright, in place of the JFIF header', () => {
    const block = app1(false, 8)
    const made = withExif(Uint8Array.from([...SOI, ...JFIF, ...SCAN, 1, 2, 3]), block)
    expect(readExif(made)).toMatchObject({ orientation: 1, taken: '2026:11:23 09:15:00' })
    expect(Array.from(made.slice(-7))).toEqual([...SCAN, 1, 2, 3])
    expect(made.length).toBe(2 + block.length + SCAN.length + 3)
    expect(readExif(Uint8Array.from([...SOI, ...block])).orientation).toBe(8) // the original is untouched
  })

  it('refuses to write into something else', () => {
    expect(() => withExif(Uint8Array.from([1, 2, 3, 4]), app1(true, 1))).toThrow(RangeError)
  })
})

const realData = join(process.env['STOREWALK_REALDATA'] ?? join(process.cwd(), '../../shared/data'), 'exif')
if (!existsSync(realData)) console.warn(`Real camera files are absent: ${realData} (set STOREWALK_REALDATA)`)

describe.runIf(existsSync(realData))('files of real cameras', () => {
  const facts = (name: string) => readExif(new Uint8Array(readFileSync(join(realData, name))))

  it.each([1, 2, 3, 4, 5, 6, 7, 8])('reads orientation %i', (orientation) => {
    expect(facts(`orient_tiny_${orientation}.jpg`).orientation).toBe(orientation)
  })

  it.each(['google_pixel_gps.jpg', 'samsung_j327_ori6.jpg', 'huawei_exif_small.jpg', 'iphone4_gps.jpg'])(
    'carries the block of %s over', (name) => {
      const found = facts(name)
      expect(found.app1).not.toBeNull()
      const made = readExif(withExif(Uint8Array.from([...SOI, ...SCAN]), found.app1 ?? new Uint8Array()))
      expect(made).toMatchObject({ orientation: 1, taken: found.taken })
    },
  )

  it.each(['huawei_offset_garbage.jpg', 'zero_date_olympus.jpg', 'moto_gps_nan.jpg', 'datetime_0000.jpg'])(
    'survives %s', (name) => {
      const at = takenAt(facts(name))
      expect(at === null || /^\d{4}-.*Z$/.test(at)).toBe(true)
    },
  )
})
