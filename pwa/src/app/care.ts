// Sheets that several screens open; the shell holds them, so that they outlive the screen.
import { ref, type Ref } from 'vue'

/** The rescue file: everything unsent as one file. */
export const rescueShown: Ref<boolean> = ref(false)

/** How to put the app on the home screen. */
export const installShown: Ref<boolean> = ref(false)
