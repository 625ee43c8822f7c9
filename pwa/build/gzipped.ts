import { readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { Plugin } from 'vite'
import { filesIn } from './service-worker.ts'

/** Writes a .gz beside every text file, so that the server sends it without working at each request. */
export function gzipped(): Plugin {
  let outDir = ''
  return {
    name: 'storewalk-gzipped',
    apply: 'build',
    configResolved(config) {
      outDir = resolve(config.root, config.build.outDir)
    },
    // Not closeBundle: that runs after a failed build as well and would hide why it failed.
    writeBundle: {
      order: 'post',
      sequential: true,
      handler() {
        for (const file of filesIn(outDir)) {
          if (!/\.(html|js|css|svg|json|webmanifest)$/.test(file)) continue
          const path = join(outDir, file)
          writeFileSync(`${path}.gz`, gzipSync(readFileSync(path), { level: 9 }))
        }
      },
    },
  }
}
