import { createApp, watch } from 'vue'
import ConsoleApp from './features/console/ConsoleApp.vue'
import { whenLoggedOut } from './features/console/api'
import './features/console/console.css'
import { i18n, language, t } from './features/console/i18n'
import { createConsoleRouter } from './features/console/router'
import { forgetMe } from './features/console/session'

const router = createConsoleRouter()

whenLoggedOut(() => {
  const at = router.currentRoute.value
  forgetMe()
  // Before the first screen the router's own guard leads to the log-in.
  if (at.matched.length > 0 && !at.meta.open) void router.push({ name: 'login', query: { next: at.fullPath } })
})

watch([() => router.currentRoute.value.meta.title, language], ([title, lang]) => {
  document.documentElement.lang = lang
  document.title = [title ? t(title) : '', t('common.app')].filter(Boolean).join(' · ')
}, { immediate: true })

createApp(ConsoleApp).use(i18n).use(router).mount('#app')
