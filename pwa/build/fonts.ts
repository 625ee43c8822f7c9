import { createHash } from 'node:crypto'
import type { Plugin } from 'vite'

const DATA_FONT = /url\(["']?data:font\/woff2;(?:charset=utf-8;)?base64,([A-Za-z0-9+/=]+)["']?\)/g
const FOREIGN_URL = /,?\s*url\(["']?(?:https?:)?\/\/[^)]*\)(?:\s*format\([^)]*\))?/g

/**
 * Vant's CSS carries its icon font as base64 and names a copy on a foreign host.
 * The base64 becomes a file, fetched only when an icon is drawn; the foreign address goes:
 * the content security policy would refuse it, and nobody should learn who opens the app.
 */
export function fontFiles(): Plugin {
  return {
    name: 'storewalk-fonts',
    generateBundle: {
      order: 'post',
      handler(_options, bundle) {
        for (const file of Object.values(bundle)) {
          if (file.type !== 'asset' || !file.fileName.endsWith('.css')) continue
          const css = typeof file.source === 'string' ? file.source : Buffer.from(file.source).toString('utf8')
          file.source = css
            .replace(DATA_FONT, (_match, base64: string) => {
              const source = Buffer.from(base64, 'base64')
              const hash = createHash('sha256').update(source).digest('hex').slice(0, 8)
              const fileName = `assets/icons-${hash}.woff2`
              this.emitFile({ type: 'asset', fileName, source })
              return `url(/${fileName})`
            })
            .replace(FOREIGN_URL, '')
        }
      },
    },
  }
}
