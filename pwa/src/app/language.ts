// Which language the person reads. One choice for the rep's app and the console on this device.

export type Language = 'zh-CN' | 'en'
export const LANGUAGES: readonly Language[] = ['zh-CN', 'en']

const KEY = 'storewalk.lang'

/** The language to start with: the stored choice, else the first one the browser asks for that we speak. */
export function chooseLanguage(stored: string | null, wanted: readonly string[]): Language {
  if (stored === 'zh-CN' || stored === 'en') return stored
  for (const tag of wanted) {
    if (tag.toLowerCase().startsWith('zh')) return 'zh-CN'
    if (tag.toLowerCase().startsWith('en')) return 'en'
  }
  return 'zh-CN'
}

/** The language kept on this device, or null. */
export function storedLanguage(): string | null {
  try {
    return localStorage.getItem(KEY)
  } catch {
    return null // storage is refused in some private windows; the browser's language will do
  }
}

/** Keep the choice for the next start. */
export function storeLanguage(language: Language): void {
  try {
    localStorage.setItem(KEY, language)
  } catch {
    return // not kept: the next start asks the browser again
  }
}
