import { fileURLToPath } from 'node:url'
import { VantResolver } from '@vant/auto-import-resolver'
import vue from '@vitejs/plugin-vue'
import Components from 'unplugin-vue-components/vite'
import { ElementPlusResolver } from 'unplugin-vue-components/resolvers'
import { defineConfig } from 'vitest/config'
import { fontFiles } from './build/fonts.ts'
import { gzipped } from './build/gzipped.ts'
import { serviceWorker } from './build/service-worker.ts'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))

export default defineConfig({
  plugins: [
    vue(),
    Components({
      dirs: [],
      // Vant is the rep's kit (van-*), Element Plus the console's (el-*): only what is used is shipped.
      resolvers: [VantResolver(), ElementPlusResolver()],
      dts: process.env['VITEST'] ? false : 'src/components.d.ts',
    }),
    fontFiles(),
    serviceWorker({ source: here('./src/sw.ts'), entry: 'index.html' }),
    gzipped(),
  ],
  resolve: { alias: { '@': here('./src') } },
  define: {
    __VUE_OPTIONS_API__: false,
    __VUE_PROD_DEVTOOLS__: false,
    __VUE_I18N_LEGACY_API__: false,
    __VUE_I18N_FULL_INSTALL__: false,
    __INTLIFY_PROD_DEVTOOLS__: false,
  },
  worker: { format: 'es' },
  build: {
    target: 'es2020',
    // Old Android WebViews are the floor; without this the minifier writes newer CSS than they read.
    cssTarget: 'chrome80',
    // An inlined asset is a data: URL, which the content security policy forbids.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 1200,
    rolldownOptions: { input: { index: here('./index.html'), console: here('./console.html') } },
  },
  test: {
    include: ['src/**/*.test.ts'],
    environment: 'happy-dom',
    restoreMocks: true,
  },
})
