// Which names are written on the plain map, so that none lies upon another.

export interface Label {
  text: string
  /** Pixels of the point that the name belongs to. */
  x: number
  y: number
  /** The heavier is placed first. */
  weight: number
}

export interface Placed extends Label { width: number; height: number }

export const LINE_HEIGHT = 16
const GAP = 4

/** The width in pixels that a 12 px text needs at most: a Chinese character is as wide as high. */
export function textWidth(text: string): number {
  let width = 0
  for (const char of text) width += char.codePointAt(0)! > 0x2e7f ? 12.5 : 7.2
  return Math.ceil(width)
}

/** Room that is taken already, such as by a bubble; measured like the labels. */
export type Taken = Pick<Placed, 'x' | 'y' | 'width' | 'height'>

/** The labels that fit, heaviest first; each is centred below its point. The same input gives the same map. */
export function thin(labels: readonly Label[], most = 80, taken: readonly Taken[] = []): Placed[] {
  const order = [...labels].sort((a, b) => b.weight - a.weight || (a.text < b.text ? -1 : a.text > b.text ? 1 : a.x - b.x))
  const placed: Placed[] = []
  for (const label of order) {
    if (placed.length >= most) break
    const candidate = { ...label, width: textWidth(label.text), height: LINE_HEIGHT }
    if (![...taken, ...placed].some((other) => overlap(candidate, other))) placed.push(candidate)
  }
  return placed
}

/** Whether two labels touch, with a little air between them. */
export function overlap(a: Taken, b: Taken): boolean {
  return (
    Math.abs(a.x - b.x) < (a.width + b.width) / 2 + GAP && Math.abs(a.y - b.y) < (a.height + b.height) / 2 + GAP
  )
}
