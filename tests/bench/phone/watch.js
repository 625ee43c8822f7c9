// Runs before each page's own scripts: how long the screen stood still, and when something first stood on it.
window.watched = (() => {
  let frames = []
  let tasks = []
  let last = null

  const tick = (now) => {
    if (last !== null) frames.push(now - last)
    last = now
    requestAnimationFrame(tick)
  }

  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) tasks.push(duration)
  }).observe({ entryTypes: ['longtask'] })
  requestAnimationFrame(tick)

  return {
    /** Forget what was seen so far. */
    begin() { frames = []; tasks = []; last = null },
    /** Milliseconds between the frames, and those of each task of more than 50 ms. */
    seen: () => ({ frames, tasks }),
    /** Resolves with the milliseconds since the navigation once the selector's first match has been drawn. */
    drawn: (selector) => new Promise((resolve) => {
      const look = () => {
        if (!document.querySelector(selector)) return false
        requestAnimationFrame(() => setTimeout(() => resolve(performance.now())))
        return true
      }
      if (look()) return
      const seeing = new MutationObserver(() => { if (look()) seeing.disconnect() })
      seeing.observe(document, { childList: true, subtree: true })
    }),
  }
})()
