// Putting the app on the home screen: then the browser keeps its data, and it opens like any other app.
import { computed, shallowRef, type ComputedRef } from 'vue'

/** Chromium's own event; no standard, hence not in TypeScript's library. */
interface InstallPromptEvent extends Event {
  prompt(): Promise<unknown>
}

const offered = shallowRef<InstallPromptEvent | null>(null)

/** The browser is ready to install the app. */
export const installable: ComputedRef<boolean> = computed(() => offered.value !== null)

/** Listen for the browser's offer; it comes once, early. */
export function watchInstall(): void {
  window.addEventListener('beforeinstallprompt', (event) => {
    event.preventDefault()
    offered.value = event as InstallPromptEvent
  })
  window.addEventListener('appinstalled', () => {
    offered.value = null
  })
}

/** Show the browser's question. It can be asked once per offer. */
export async function install(): Promise<void> {
  const event = offered.value
  offered.value = null
  await event?.prompt()
}

/** Opened from the home screen, without the browser around it? */
export function standalone(): boolean {
  // Older iOS says it in a way of its own.
  const ios = (navigator as Navigator & { readonly standalone?: boolean }).standalone === true
  return ios || window.matchMedia('(display-mode: standalone)').matches
}

/** What to tell where no offer comes: `ios` has the share menu; null when installed already or elsewhere. */
export function installHint(): 'ios' | null {
  return !standalone() && isIos() ? 'ios' : null
}

function isIos(): boolean {
  // An iPad calls itself a Mac; no Mac has a touch screen.
  const { userAgent, maxTouchPoints } = navigator
  return /iPhone|iPad|iPod/.test(userAgent) || (userAgent.includes('Macintosh') && maxTouchPoints > 1)
}

const OFFERED_KEY = 'storewalk.install_offered'

/** True once on this phone: then the person is told, unasked, how to put the app on the home screen. */
export function firstOffer(): boolean {
  if ((!installable.value && installHint() === null) || localStorage.getItem(OFFERED_KEY) !== null) return false
  localStorage.setItem(OFFERED_KEY, '1')
  return true
}
