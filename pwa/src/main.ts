import { createApp, h } from 'vue'
import { startUpdates } from './app/update'

createApp({ render: () => h('h1', '巡店 Storewalk') }).mount('#app')
void startUpdates(() => false)
