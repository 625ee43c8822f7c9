import { createApp } from 'vue'
import App from './app/App.vue'
import { i18n, startLanguage } from './app/i18n'
import { watchInstall } from './app/install'
import { createAppRouter } from './app/router'
import './app/theme.css'
import { followSession } from './sync'

async function start(): Promise<void> {
  watchInstall()
  await startLanguage()
  const router = createAppRouter()
  createApp(App).use(i18n).use(router).mount('#app')
  followSession()
}

void start()
