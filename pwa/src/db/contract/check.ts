// Saying what must hold, where there is no test runner: the cases also run inside a browser.

/** Raises where `found` is not `expected`, bytes and all. */
export function same(found: unknown, expected: unknown, what = 'value'): void {
  const [here, there] = [written(found), written(expected)]
  if (here !== there) throw new Error(`${what}: ${short(here)} instead of ${short(there)}`)
}

/** Raises where it is not so. */
export function holds(is: boolean, what: string): void {
  if (!is) throw new Error(what)
}

/** Raises unless `work` raises an error of that name. */
export async function raises(work: Promise<unknown>, name: string): Promise<void> {
  const error: unknown = await work.then(() => null, (raised: unknown) => raised)
  if (error === null) throw new Error(`no ${name} was raised`)
  // By its name: another realm has classes of its own.
  same(error instanceof Error ? error.name : error, name, 'raised')
}

/** A value as text; keys in order, bytes by their content. */
function written(value: unknown): string {
  return JSON.stringify(value, (_key, one: unknown) => {
    if (one instanceof ArrayBuffer) return { buffer: [...new Uint8Array(one)] }
    if (ArrayBuffer.isView(one)) return { bytes: [...new Uint8Array(one.buffer)] }
    if (one instanceof Blob) return { blob: one.size, type: one.type }
    if (one === undefined) return '(undefined)'
    if (typeof one !== 'object' || one === null || Array.isArray(one)) return one
    return Object.fromEntries(Object.entries(one).sort(([a], [b]) => (a < b ? -1 : 1)))
  })
}

function short(text: string): string {
  return text.length > 300 ? `${text.slice(0, 300)}...` : text
}
