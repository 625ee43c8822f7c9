// The floors: the same rows and bytes into plain IndexedDB, with nothing of the app between. The page's own functions.
window.bare = (() => {
  const STORES = ['visits', 'photos', 'outbox', 'uploads', 'blobs', 'thumbs', 'meta', 'stores']

  const open = () => new Promise((resolve, reject) => {
    const asked = indexedDB.open('bare', 1)
    asked.onupgradeneeded = () => { for (const name of STORES) asked.result.createObjectStore(name) }
    asked.onsuccess = () => resolve(asked.result)
    asked.onerror = () => reject(asked.error)
  })

  /** One transaction on the disk: [store, key, value] each. */
  const write = (database, rows) => new Promise((resolve, reject) => {
    const names = [...new Set(rows.map(([store]) => store))]
    const transaction = database.transaction(names, 'readwrite', { durability: 'strict' })
    for (const [store, key, value] of rows) transaction.objectStore(store).put(value, key)
    transaction.oncomplete = () => resolve()
    transaction.onerror = () => reject(transaction.error)
    transaction.onabort = () => reject(transaction.error)
  })

  const noise = (bytes) => {
    const made = new Uint8Array(bytes)
    for (let at = 0; at < bytes; at += 65_536) crypto.getRandomValues(made.subarray(at, Math.min(bytes, at + 65_536)))
    return new Blob([made], { type: 'image/jpeg' })
  }

  const frame = () => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)))
  const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

  /** Milliseconds of each visit: as many transactions, rows and bytes as the app's five saves write. */
  async function visits(count, photosEach, bytes, thumbBytes, sample) {
    const database = await open()
    const times = []
    for (let number = 0; number < count; number += 1) {
      const pictures = Array.from({ length: photosEach }, () => [noise(bytes), noise(thumbBytes)])
      await pause(200)
      const began = performance.now()
      const visit = `v${number}`
      const op = (at) => ['outbox', `o${number}-${at}`, sample.op]
      await write(database, [['visits', visit, sample.visit], op('in'), ['meta', 'device_seq', number]])
      for (const [at, [image, thumb]] of pictures.entries()) {
        const key = `${visit}-${at}`
        await write(database, [
          ['photos', key, sample.photo], op(at), ['meta', 'device_seq', number], ['blobs', key, image], ['thumbs', key, thumb],
          ['uploads', key, sample.upload],
        ])
      }
      await write(database, [['visits', visit, sample.visit], op('out'), ['meta', 'device_seq', number]])
      times.push(performance.now() - began)
    }
    database.close()
    return times
  }

  /** Milliseconds to write so many stores, a page of the feed in each transaction. */
  async function stores(rows, page) {
    const database = await open()
    await frame()
    const began = performance.now()
    for (let at = 0; at < rows.length; at += page) {
      await write(database, rows.slice(at, at + page).map((row) => ['stores', row.id, row]))
    }
    const took = performance.now() - began
    database.close()
    return took
  }

  return { visits, stores }
})()
