// Which sheets lie over the page. The phone's back key closes the topmost one instead of leaving,
// and what lies below can neither be pressed nor reached with the keyboard.
import type { Router } from 'vue-router'

const open: (() => void)[] = []

/** Put a sheet on top; the returned function takes it away again. `close` is what the back key does. */
export function pushSheet(close: () => void): () => void {
  open.push(close)
  setInert()
  return () => {
    const at = open.indexOf(close)
    if (at >= 0) open.splice(at, 1)
    setInert()
  }
}

/** Let the back key close sheets. A way forward (a link, a redirect) closes them all. */
export function guardSheets(router: Router): void {
  // The router numbers its history entries. During a step back the browser already shows the earlier one.
  const position = () => (window.history.state as { position?: number } | null)?.position ?? 0
  let last = position()
  router.afterEach((_to, _from, failure) => {
    if (!failure) last = position()
  })
  router.beforeEach(() => {
    const top = open.at(-1)
    if (!top) return true
    if (position() < last) {
      top()
      return false
    }
    for (const close of [...open]) close()
    return true
  })
}

function setInert(): void {
  document.getElementById('app')?.toggleAttribute('inert', open.length > 0)
}
