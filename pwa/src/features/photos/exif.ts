// What a JPEG says about itself. Only as much as a photo needs: the orientation and the time of capture
// are read, and the original block is carried over to the smaller picture, which a canvas would drop.
// Layout: JPEG is ISO/IEC 10918-1, the block is Exif 2.32 (TIFF inside an APP1 segment).

const SOI = 0xffd8
const APP0 = 0xffe0
const APP1 = 0xffe1
const START_OF_SCAN = 0xffda
const EXIF_MARK = [0x45, 0x78, 0x69, 0x66, 0, 0] // "Exif", 0, 0
const TIFF_AT = 10 // marker (2) + length (2) + mark (6)
const MAX_ENTRIES = 512

const ORIENTATION = 0x0112
const EXIF_IFD = 0x8769
const DATE_TIME_ORIGINAL = 0x9003
const OFFSET_TIME_ORIGINAL = 0x9011

/** Facts from a photo's Exif block. `app1` is the whole segment, marker and length included. */
export interface ExifFacts {
  app1: Uint8Array | null
  orientation: number
  /** "2026:11:23 09:15:00" as the camera wrote it, or null. */
  taken: string | null
  /** "+08:00" where the camera says it, or null. */
  offset: string | null
}

interface Entry { tag: number; count: number; valueAt: number }

const NOTHING: ExifFacts = { app1: null, orientation: 1, taken: null, offset: null }

/** Read the Exif block out of the first bytes of a file. Never fails: what cannot be read is absent. */
export function readExif(bytes: Uint8Array): ExifFacts {
  const app1 = findApp1(bytes)
  if (!app1) return NOTHING
  try {
    const view = viewOf(app1)
    const little = byteOrder(view)
    const first = entries(view, little, view.getUint32(TIFF_AT + 4, little))
    const orientation = first.find((entry) => entry.tag === ORIENTATION)
    const pointer = first.find((entry) => entry.tag === EXIF_IFD)
    const inner = pointer ? entries(view, little, view.getUint32(pointer.valueAt, little)) : []
    return {
      app1,
      orientation: orientation ? view.getUint16(orientation.valueAt, little) : 1,
      taken: text(view, little, inner.find((entry) => entry.tag === DATE_TIME_ORIGINAL)),
      offset: text(view, little, inner.find((entry) => entry.tag === OFFSET_TIME_ORIGINAL)),
    }
  } catch (error) {
    if (error instanceof RangeError) return NOTHING // an offset points out of the block
    throw error
  }
}

/**
 * Put an Exif segment after the start of a JPEG, with its orientation set to 1 because the pixels
 * have been turned upright. Raises RangeError when `jpeg` is no JPEG.
 */
export function withExif(jpeg: Uint8Array, app1: Uint8Array): Uint8Array<ArrayBuffer> {
  if (jpeg.length < 4 || viewOf(jpeg).getUint16(0) !== SOI) throw new RangeError('not a JPEG')
  const upright = uprightCopy(app1)
  // The canvas's JFIF segment would have to stand first; readers take Exif alone just as well.
  const rest = jpeg.subarray(afterApp0(jpeg))
  const joined = new Uint8Array(2 + upright.length + rest.length)
  joined.set([0xff, 0xd8])
  joined.set(upright, 2)
  joined.set(rest, 2 + upright.length)
  return joined
}

/**
 * When the photo was taken, as UTC ISO time; null when the camera's clock was never set.
 * Without an offset the camera's time is this phone's local time.
 */
export function takenAt(facts: ExifFacts): string | null {
  const match = /^(\d{4}):(\d{2}):(\d{2}) (\d{2}):(\d{2}):(\d{2})/.exec(facts.taken ?? '')
  if (!match || match[1] === '0000') return null
  const [, year, month, day, hour, minute, second] = match
  const zone = /^[+-]\d{2}:\d{2}$/.test(facts.offset ?? '') ? facts.offset : ''
  const at = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}${zone}`)
  return Number.isNaN(at.getTime()) ? null : at.toISOString()
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

function findApp1(bytes: Uint8Array): Uint8Array | null {
  const view = viewOf(bytes)
  if (bytes.length < 4 || view.getUint16(0) !== SOI) return null
  let at = 2
  while (at + 4 <= bytes.length) {
    const marker = view.getUint16(at)
    if (marker === START_OF_SCAN || marker >> 8 !== 0xff) return null
    const end = at + 2 + view.getUint16(at + 2)
    if (marker === APP1 && EXIF_MARK.every((byte, index) => bytes[at + 4 + index] === byte)) {
      return end <= bytes.length ? bytes.slice(at, end) : null
    }
    at = end
  }
  return null
}

function afterApp0(jpeg: Uint8Array): number {
  const view = viewOf(jpeg)
  return view.getUint16(2) === APP0 ? 4 + view.getUint16(4) : 2
}

function byteOrder(view: DataView): boolean {
  const order = view.getUint16(TIFF_AT)
  if (order !== 0x4949 && order !== 0x4d4d) throw new RangeError('no byte order')
  return order === 0x4949
}

function entries(view: DataView, little: boolean, offset: number): Entry[] {
  const start = TIFF_AT + offset
  const count = Math.min(view.getUint16(start, little), MAX_ENTRIES)
  return Array.from({ length: count }, (_, index) => {
    const at = start + 2 + index * 12
    return { tag: view.getUint16(at, little), count: view.getUint32(at + 4, little), valueAt: at + 8 }
  })
}

function text(view: DataView, little: boolean, entry: Entry | undefined): string | null {
  if (!entry || entry.count > 64) return null
  const at = entry.count <= 4 ? entry.valueAt : TIFF_AT + view.getUint32(entry.valueAt, little)
  let found = ''
  for (let index = 0; index < entry.count; index += 1) {
    const code = view.getUint8(at + index)
    if (code === 0) break
    found += String.fromCharCode(code)
  }
  return found
}

function uprightCopy(app1: Uint8Array): Uint8Array {
  const copy = app1.slice()
  const view = viewOf(copy)
  const little = byteOrder(view)
  const found = entries(view, little, view.getUint32(TIFF_AT + 4, little))
    .find((entry) => entry.tag === ORIENTATION)
  if (found) view.setUint16(found.valueAt, 1, little)
  return copy
}
