// What the server found about a visit's photos, and what their files say, as lines to be read.
import { language, t } from '../i18n'
import { duration } from '../lib/format'

/** What a file says of itself; anybody can write that into it. */
export interface Exif {
  /** The camera's own clock, without a zone: 2026-11-20T10:30:15.000 */
  taken_at: string | null
  offset_min: number | null; utc: string | null
  make: string | null; model: string | null; software: string | null
  lat: number | null; lon: number | null; orientation: number
}

/** One photo of a pair; out of the reader's scope only day and region are told. */
export interface PhotoSide {
  visible: boolean; day: string; region_name: string; photo_id: string | null; kind: string | null
  added_at: string | null; visit_id: string | null; office_check_in_id: string | null
  store_name: string | null; store_code: string | null; author_name: string | null
}

export interface PhotoFinding {
  kind: 'reused_exact' | 'reused_near' | 'old'
  photo: PhotoSide; other: PhotoSide | null
  distance_bits: number | null; likeness: number | null; exif_difference_s: number | null
}

const DAY_S = 86_400

/** How sure it is, in words: the same file, or how much alike. */
export function sureness(finding: PhotoFinding): string {
  if (finding.kind === 'reused_exact') return t('evidence.exact')
  // Only the same bytes are wholly the same.
  const share = Math.min(99, Math.floor((finding.likeness ?? 0) * 100))
  return t('evidence.near', { share, bits: finding.distance_bits ?? 0 })
}

/** A time span; from two days on in days. */
export function span(seconds: number): string {
  return seconds < 2 * DAY_S ? duration(seconds) : t('evidence.days', { n: Math.floor(seconds / DAY_S) })
}

/** A day 2026-11-23 in full. */
export function wholeDay(day: string): string {
  return new Intl.DateTimeFormat(language(), { dateStyle: 'medium', timeZone: 'UTC' }).format(new Date(`${day}T00:00:00Z`))
}

/** +08:00 */
export function offset(minutes: number): string {
  const two = (value: number) => String(value).padStart(2, '0')
  const size = Math.abs(minutes)
  return `${minutes < 0 ? '-' : '+'}${two(Math.floor(size / 60))}:${two(size % 60)}`
}

/** The camera's clock as it stood, with its offset where the file tells it; '' without a time. */
export function cameraTime(exif: Exif): string {
  if (!exif.taken_at) return ''
  const clock = exif.taken_at.slice(0, 19).replace('T', ' ')
  return exif.offset_min === null ? clock : `${clock} (UTC${offset(exif.offset_min)})`
}

/** What the file says, part by part; empty where it says nothing. */
export function exifWords(exif: Exif | null): string[] {
  if (!exif) return []
  const { make, model } = exif
  // Many models begin with the make.
  const device = make && model?.toLowerCase().startsWith(make.toLowerCase()) ? model : [make, model].filter(Boolean).join(' ')
  const place = exif.lat === null || exif.lon === null ? '' : `${exif.lat.toFixed(5)}, ${exif.lon.toFixed(5)}`
  return [cameraTime(exif), device, exif.software ?? '', place].filter((part) => part !== '')
}
