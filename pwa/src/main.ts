import { createApp } from 'vue'
import App from './app/App.vue'
import { i18n, startLanguage, t } from './app/i18n'
import { watchInstall } from './app/install'
import { createAppRouter } from './app/router'
import { currentUser, hearOtherTabs, openDb } from './app/session'
import './app/theme.css'
import { toast } from './app/toast'
import { openWhatWasTapped } from './app/opened'
import { followSession } from './sync'

async function start(): Promise<void> {
  watchInstall()
  // A screen that is not on the phone yet, and no network to fetch it.
  window.addEventListener('vite:preloadError', () => toast(t('common.notLoaded')))
  // The router begins to load the first screen here, while the words are on their way.
  // The phone's database opens meanwhile, too.
  if (currentUser.value) openDb().open().catch(() => undefined) // a screen that asks it hears why
  const router = createAppRouter()
  const app = createApp(App).use(i18n).use(router)
  openWhatWasTapped((url) => void router.push(url))
  await startLanguage()
  app.mount('#app')
  followSession()
  hearOtherTabs()
}

void start()
