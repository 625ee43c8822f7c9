// Which names are written on the plain map, so that none lies upon another.

export interface Label {
  text: string
  /** Pixels of the point that the name belongs to. */
  x: number
  y: number
  /** The heavier is placed first. */
  weight: number
}

/** A label with its room; dx and dy are the pixels it was moved by to find it. */
export interface Placed extends Label { width: number; height: number; dx: number; dy: number }

export const LINE_HEIGHT = 16
const GAP = 4

/** The width in pixels that a 12 px text needs at most: a Chinese character is as wide as high. */
export function textWidth(text: string): number {
  let width = 0
  for (const char of text) width += char.codePointAt(0)! > 0x2e7f ? 12.5 : 7.2
  return Math.ceil(width)
}

/** Where a label may stand instead of right below its point: above, further below, beside. */
const shifts = (width: number): [number, number][] => {
  const beside = width / 2 + 26
  return [[0, 0], [0, -40], [0, 22], [0, -58], [beside, -20], [-beside, -20]]
}

/** Room that is taken already, such as by a bubble; measured like the labels. */
export type Taken = Pick<Placed, 'x' | 'y' | 'width' | 'height'> & Partial<Pick<Placed, 'dx' | 'dy'>>

/** The labels that fit, heaviest first; each near its point. The same input gives the same map. */
export function thin(labels: readonly Label[], most = 80, taken: readonly Taken[] = []): Placed[] {
  const order = [...labels].sort((a, b) => b.weight - a.weight || (a.text < b.text ? -1 : a.text > b.text ? 1 : a.x - b.x))
  const placed: Placed[] = []
  for (const label of order) {
    if (placed.length >= most) break
    const width = textWidth(label.text)
    const spot = shifts(width)
      .map(([dx, dy]) => ({ ...label, width, height: LINE_HEIGHT, dx, dy }))
      .find((candidate) => ![...taken, ...placed].some((other) => overlap(candidate, other)))
    if (spot) placed.push(spot)
  }
  return placed
}

/** Whether two labels touch, with a little air between them. */
export function overlap(a: Taken, b: Taken): boolean {
  const apart = (one: number, other: number, room: number) => Math.abs(one - other) >= room / 2 + GAP
  return !(
    apart(a.x + (a.dx ?? 0), b.x + (b.dx ?? 0), a.width + b.width) ||
    apart(a.y + (a.dy ?? 0), b.y + (b.dy ?? 0), a.height + b.height)
  )
}
