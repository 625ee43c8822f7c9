// The rep app's words. One language is loaded at the start, the other when somebody asks for it;
// both are among the files kept for offline use.
import { createI18n } from 'vue-i18n'
import { chooseLanguage, storedLanguage, storeLanguage, type Language } from './language'

export interface Messages { [key: string]: string | Messages }

const loaders: Record<Language, () => Promise<{ default: Messages }>> = {
  'zh-CN': () => import('../locales/zh-CN'),
  en: () => import('../locales/en'),
}

export const i18n = createI18n({
  legacy: false,
  locale: 'zh-CN',
  fallbackLocale: 'zh-CN',
  missingWarn: false,
  fallbackWarn: false,
  messages: {} as Record<Language, Messages>,
})

/** The language on screen. */
export function language(): Language {
  return i18n.global.locale.value === 'en' ? 'en' : 'zh-CN'
}

/** Load the first language. The app is mounted after this. */
export async function startLanguage(): Promise<void> {
  await show(chooseLanguage(storedLanguage(), navigator.languages))
}

/** Make the words of a language ready without showing them: a report for others is written in both. */
export async function loadLanguage(wanted: Language): Promise<void> {
  if (i18n.global.availableLocales.includes(wanted)) return
  i18n.global.setLocaleMessage(wanted, (await loaders[wanted]()).default)
}

/** Switch the language, and keep the choice for both apps on this device. */
export async function setLanguage(chosen: Language): Promise<void> {
  await show(chosen)
  storeLanguage(chosen)
}

/** Translate outside a component's set-up. */
export function t(key: string, values: Record<string, unknown> = {}): string {
  return i18n.global.t(key, values)
}

/** The words of this language from a record that carries several, e.g. an explanation of the server. */
export function wordsOf(words: Partial<Record<string, string>> | null | undefined): string {
  return words?.[language()] ?? words?.['zh-CN'] ?? words?.['en'] ?? ''
}

async function show(chosen: Language): Promise<void> {
  await loadLanguage(chosen)
  i18n.global.locale.value = chosen
  document.documentElement.lang = chosen
}
