// The photo wall: pictures by day, the way of the arrow keys across them, and pairs of before and after.
import type { LocationQuery } from 'vue-router'

export interface WallPhoto {
  id: string; visit_id: string; store_id: string | null; store_name: string; store_code: string
  author_id: string; author_name: string; region_id: string; region_name: string
  kind: string; source: string; taken_at: string
  /** The organisation's day of taken_at. */
  day: string
}

export interface WallPage { items: WallPhoto[]; next: string | null }

/** Photos by their day, in the order in which they come. */
export function byDay(photos: readonly WallPhoto[]): { day: string; photos: WallPhoto[] }[] {
  const days: { day: string; photos: WallPhoto[] }[] = []
  for (const photo of photos) {
    const last = days[days.length - 1]
    if (last?.day === photo.day) last.photos.push(photo)
    else days.push({ day: photo.day, photos: [photo] })
  }
  return days
}

/** Where something stands on the screen. */
export interface Corner { x: number; y: number }

/** The one that an arrow key leads to; itself at an edge, null for another key. */
export function arrowTo(key: string, from: number, corners: readonly Corner[]): number | null {
  const last = corners.length - 1
  if (key === 'ArrowLeft') return Math.max(0, from - 1)
  if (key === 'ArrowRight') return Math.min(last, from + 1)
  if (key === 'Home') return 0
  if (key === 'End') return last
  if (key !== 'ArrowUp' && key !== 'ArrowDown') return null
  const here = corners[from]
  if (!here) return from
  const down = key === 'ArrowDown'
  const beyond = corners.filter((one) => (down ? one.y > here.y : one.y < here.y)).map((one) => one.y)
  if (beyond.length === 0) return from
  const row = down ? Math.min(...beyond) : Math.max(...beyond)
  let best = from
  corners.forEach((one, index) => {
    if (one.y !== row) return
    const nearer = best === from || Math.abs(one.x - here.x) < Math.abs((corners[best] as Corner).x - here.x)
    if (nearer) best = index
  })
  return best
}

/** `compare=left,right`; one alone has its partner found. */
export function pairFromQuery(query: LocationQuery): string[] {
  const value = query['compare']
  const ids = typeof value === 'string' ? value.split(',').filter((id) => /^[\w-]{1,36}$/.test(id)) : []
  return [...new Set(ids)].slice(0, 2)
}

/** Whether two photos can be before and after: of one store, of one kind, of different days. */
export function comparable(a: WallPhoto, b: WallPhoto): boolean {
  return a.store_id !== null && a.store_id === b.store_id && a.kind === b.kind && a.day !== b.day
}

/** What a photo is best compared with: the last one before its day, else the first one after it. */
export function partnerOf(photo: WallPhoto, others: readonly WallPhoto[]): WallPhoto | null {
  const fit = others.filter((other) => comparable(photo, other)).sort((a, b) => (a.taken_at < b.taken_at ? -1 : 1))
  return fit.filter((other) => other.day < photo.day).pop() ?? fit.find((other) => other.day > photo.day) ?? null
}

/** The photos each once, the newest first. */
export function united(...lists: readonly (readonly WallPhoto[])[]): WallPhoto[] {
  const known = new Map(lists.flat().map((photo) => [photo.id, photo]))
  return [...known.values()].sort((a, b) => (a.taken_at === b.taken_at ? (a.id < b.id ? 1 : -1) : a.taken_at < b.taken_at ? 1 : -1))
}

/** How many days lie between two photos. */
export function daysApart(a: WallPhoto, b: WallPhoto): number {
  return Math.abs(Math.round((Date.parse(a.day) - Date.parse(b.day)) / 86_400_000))
}
