// The contract of the local store as a page, for a real browser: vite build --config build/store-contract.vite.ts
// It is written beside the other things that make makes, never into the app.
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))

export default defineConfig({
  root: here('../src/db/contract'),
  resolve: { alias: { '@': here('../src') } },
  define: { __VUE_OPTIONS_API__: false, __VUE_PROD_DEVTOOLS__: false, __VUE_I18N_LEGACY_API__: false, __VUE_I18N_FULL_INSTALL__: false },
  build: { target: 'es2020', outDir: here('../../build/store-contract'), emptyOutDir: true, modulePreload: false },
})
