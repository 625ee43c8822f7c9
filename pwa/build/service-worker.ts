import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { build, type Plugin } from 'vite'

interface Precached { url: string; revision: string | null }

/** Files of `folder`, relative with forward slashes. */
export function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((found) => found.isFile())
    .map((found) => posix.relative(folder, posix.join(found.parentPath, found.name)))
}

/**
 * The files that `entry` can reach: a built file is reached when its name stands in a reached one.
 * That covers imports, lazy imports, styles, fonts and workers alike, and leaves the console's out.
 */
export function reachable(folder: string, entry: string): string[] {
  // A worker must never keep itself: the browser would not see a newer one.
  const all = filesIn(folder).filter((file) => file !== 'sw.js')
  const reached = new Set([entry])
  for (const file of reached) {
    if (!/\.(html|js|css|webmanifest)$/.test(file)) continue
    const text = readFileSync(join(folder, file), 'utf8')
    for (const other of all) if (other !== entry && text.includes(posix.basename(other))) reached.add(other)
  }
  return [...reached].sort()
}

/** Builds the service worker last, with the list of what it has to keep for offline use. */
export function serviceWorker(options: { source: string; entry: string }): Plugin {
  let outDir = ''
  let root = ''
  return {
    name: 'storewalk-service-worker',
    apply: 'build',
    configResolved(config) {
      root = config.root
      outDir = posix.resolve(config.root, config.build.outDir)
    },
    async writeBundle() {
      const manifest = reachable(outDir, options.entry).map((file): Precached => {
        const hashed = file.startsWith('assets/')
        const digest = () => createHash('sha256').update(readFileSync(join(outDir, file))).digest('hex')
        return { url: `/${file}`, revision: hashed ? null : digest().slice(0, 16) }
      })
      await build({
        root,
        configFile: false,
        logLevel: 'warn',
        define: { __PRECACHE__: JSON.stringify(manifest), 'process.env.NODE_ENV': '"production"' },
        build: {
          target: 'es2020',
          outDir,
          emptyOutDir: false,
          copyPublicDir: false,
          rolldownOptions: {
            input: options.source,
            output: { format: 'iife', entryFileNames: 'sw.js', codeSplitting: false },
          },
        },
      })
    },
  }
}
