// A page around the real service worker and the real update module, for test_service_worker.py.
import { applyUpdate, startUpdates, updateOffered, updateReplaced, updateWaiting } from './app/update'
import { VERSION } from './version'
import 'vant/es/icon/style/index'

const state = { version: VERSION, busy: false, messages: [] as unknown[] }
const probe = {
  state,
  lazy: async () => (await import('./lazy')).word,
  applyUpdate,
  waiting: () => updateWaiting.value,
  replaced: () => updateReplaced.value,
  offered: () => updateOffered.value,
  check: async () => (await navigator.serviceWorker.ready).update(),
}
Object.assign(window, { probe })
navigator.serviceWorker.addEventListener('message', (event) => state.messages.push(event.data))
document.querySelector('#app')!.textContent = `version ${VERSION}`
void startUpdates(() => state.busy)
