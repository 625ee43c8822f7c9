// The console's words: its own files, both languages at once. The choice is shared with the rep's app.
import { createI18n } from 'vue-i18n'
import { chooseLanguage, storedLanguage, storeLanguage, type Language } from '@/app/language'

interface Messages { [key: string]: string | Messages }

const files = import.meta.glob<Messages>('../../locales/*/console-*.json', { eager: true, import: 'default' })

// console-map.json is the words below "map".
function messagesOf(language: Language): Messages {
  const found: Messages = {}
  for (const [path, words] of Object.entries(files)) {
    const match = /locales\/([^/]+)\/console-(.+)\.json$/.exec(path)
    if (match?.[1] === language && match[2]) found[match[2]] = words
  }
  return found
}

export const i18n = createI18n({
  legacy: false,
  locale: chooseLanguage(storedLanguage(), navigator.languages),
  fallbackLocale: 'zh-CN',
  messages: { 'zh-CN': messagesOf('zh-CN'), en: messagesOf('en') },
})

/** The language on screen. */
export function language(): Language {
  return i18n.global.locale.value === 'en' ? 'en' : 'zh-CN'
}

/** Switch the language, and keep the choice for both apps on this device. */
export function setLanguage(chosen: Language): void {
  i18n.global.locale.value = chosen
  storeLanguage(chosen)
}

/** Translate outside a component's set-up. */
export const t = (key: string, values: Record<string, unknown> = {}): string => i18n.global.t(key, values)
