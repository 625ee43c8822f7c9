import { createApp, h } from 'vue'

createApp({ render: () => h('h1', '巡店管理台 Storewalk Console') }).mount('#app')
