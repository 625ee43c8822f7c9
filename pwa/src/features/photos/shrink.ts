// From what the camera gives to what is kept: upright, at most 1,600 px, with the words of who, where
// and when drawn in, hashed. The same code runs in the worker and, where that has no canvas, on the page.
import { readExif, takenAt, withExif } from './exif'

export const LONG_SIDE = 1600
export const THUMB_SIDE = 320
const QUALITY = 0.8
const THUMB_QUALITY = 0.7
// The Exif block stands at the front and holds 64 KiB at most; some cameras write others before it.
const HEAD_BYTES = 256 * 1024

/** A picture ready to be kept. Sizes in pixels; `sha256` lower-case hex of `image`. */
export interface ReadyPhoto {
  image: ArrayBuffer
  thumb: ArrayBuffer
  width: number
  height: number
  mime: 'image/jpeg'
  sha256: string
  /** UTC ISO: the camera's own time where the file tells it, else the mark's. */
  taken_at: string
}

/** What is drawn with; the part that a page's canvas and a worker's have in common. */
export type Pen = Pick<
  OffscreenCanvasRenderingContext2D,
  | 'drawImage' | 'fillRect' | 'fillText' | 'fillStyle' | 'font' | 'textBaseline'
  | 'imageSmoothingEnabled' | 'imageSmoothingQuality'
>

/** What differs between worker and page; S is its kind of canvas. */
export interface Tools<S extends CanvasImageSource> {
  /** Decode upright. Raises UnreadablePhotoError. */
  decode(file: Blob): Promise<{ source: CanvasImageSource; width: number; height: number; release(): void }>
  surface(width: number, height: number): { surface: S; pen: Pen }
  jpeg(surface: S, quality: number): Promise<Blob>
}

/** The size that fits into a square of `side` pixels; never larger than the original. */
export function fit(width: number, height: number, side: number): { width: number; height: number } {
  const scale = Math.min(1, side / Math.max(width, height))
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) }
}

/** Lower-case hex of the SHA-256 of some bytes. */
export async function sha256Hex(bytes: BufferSource): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** Who, where and when, for the readers of a picture. It proves nothing and is not meant to. */
export interface Mark {
  /** Store and person, one line each. */
  lines: string[]
  /** UTC ISO time to use where the file does not tell its own. */
  taken_at: string
  /** The organisation's zone, e.g. Asia/Shanghai. */
  time_zone: string
}

/**
 * Shrink, sign and hash one picture; the time and the mark's lines are drawn in at the lower left.
 * Raises UnreadablePhotoError.
 */
export async function shrink<S extends CanvasImageSource>(file: Blob, mark: Mark, tools: Tools<S>): Promise<ReadyPhoto> {
  const facts = readExif(new Uint8Array(await file.slice(0, HEAD_BYTES).arrayBuffer()))
  const taken = capturedAt(takenAt(facts), mark.taken_at)
  const decoded = await tools.decode(file)
  const size = fit(decoded.width, decoded.height, LONG_SIDE)
  const large = tools.surface(size.width, size.height)
  draw(large.pen, decoded.source, size)
  decoded.release()
  watermark(large.pen, size, [stamp(taken, mark.time_zone), ...mark.lines])
  const small = fit(size.width, size.height, THUMB_SIDE)
  const thumb = tools.surface(small.width, small.height)
  draw(thumb.pen, large.surface, small)

  const encoded = new Uint8Array(await (await tools.jpeg(large.surface, QUALITY)).arrayBuffer())
  const image = facts.app1 ? withExif(encoded, facts.app1) : encoded
  return {
    image: image.buffer,
    thumb: await (await tools.jpeg(thumb.surface, THUMB_QUALITY)).arrayBuffer(),
    ...size,
    mime: 'image/jpeg',
    sha256: await sha256Hex(image),
    taken_at: taken,
  }
}

/** The file's own time, unless it is missing or lies after `now`: a clock set wrong says nothing. */
export function capturedAt(own: string | null, now: string): string {
  return own !== null && own <= now ? own : now
}

/** "2026-11-23 17:15:00" in a zone. */
export function stamp(at: string, timeZone: string): string {
  // Swedish writes dates as ISO 8601 does.
  return new Intl.DateTimeFormat('sv-SE', { dateStyle: 'short', timeStyle: 'medium', timeZone }).format(new Date(at))
}

function draw(pen: Pen, source: CanvasImageSource, size: { width: number; height: number }): void {
  pen.imageSmoothingEnabled = true
  pen.imageSmoothingQuality = 'high'
  // A transparent PNG would turn black as a JPEG.
  pen.fillStyle = '#ffffff'
  pen.fillRect(0, 0, size.width, size.height)
  pen.drawImage(source, 0, 0, size.width, size.height)
}

/** Draw the lines over a dark band at the bottom, in a size that follows the picture's. */
function watermark(pen: Pen, size: { width: number; height: number }, lines: readonly string[]): void {
  const font = Math.max(12, Math.round(Math.max(size.width, size.height) / 52))
  const step = Math.round(font * 1.35)
  const pad = Math.round(font * 0.6)
  const band = step * lines.length + pad * 2 - (step - font)
  pen.fillStyle = 'rgba(0, 0, 0, 0.45)'
  pen.fillRect(0, size.height - band, size.width, band)
  pen.fillStyle = '#ffffff'
  pen.textBaseline = 'top'
  pen.font = `${font}px system-ui, "PingFang SC", "Noto Sans CJK SC", sans-serif`
  lines.forEach((line, index) => {
    pen.fillText(line, pad, size.height - band + pad + index * step, size.width - pad * 2)
  })
}
