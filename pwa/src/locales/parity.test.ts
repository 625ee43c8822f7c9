import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createI18n } from 'vue-i18n'
import { describe, expect, it } from 'vitest'

interface Words { [key: string]: string | Words }

const read = (language: string, file: string) =>
  JSON.parse(readFileSync(join(import.meta.dirname, language, file), 'utf8')) as Words
const filesOf = (language: string) =>
  readdirSync(join(import.meta.dirname, language)).filter((file) => file.endsWith('.json')).sort()

function leaves(words: Words, before = ''): Map<string, string> {
  const found = new Map<string, string>()
  for (const [key, value] of Object.entries(words)) {
    if (typeof value === 'string') found.set(before + key, value)
    else for (const [inner, text] of leaves(value, `${before}${key}.`)) found.set(inner, text)
  }
  return found
}

const slots = (text: string) => [...new Set(text.match(/\{\w+\}/g) ?? [])].sort()

describe('both languages', () => {
  it('have the same files', () => {
    expect(filesOf('en')).toEqual(filesOf('zh-CN'))
    expect(filesOf('en').length).toBeGreaterThan(0)
  })

  it.each(filesOf('zh-CN'))('%s says the same things with the same values', (file) => {
    const chinese = leaves(read('zh-CN', file))
    const english = leaves(read('en', file))
    expect([...english.keys()].sort()).toEqual([...chinese.keys()].sort())
    for (const [key, text] of chinese) {
      expect(slots(english.get(key) ?? ''), key).toEqual(slots(text))
      expect((english.get(key) ?? '') === '', key).toBe(text === '')
    }
  })

  it.each(['zh-CN', 'en'])('%s can be read by the message compiler', (language) => {
    for (const file of filesOf(language)) {
      const messages = read(language, file)
      const { t } = createI18n({ legacy: false, locale: language, messages: { [language]: { words: messages } } }).global
      for (const [key, text] of leaves(messages)) if (text !== '') expect(t(`words.${key}`), `${file} ${key}`).not.toBe(`words.${key}`)
    }
  })

  it('have every word that the rep app asks for', () => {
    const words = new Set<string>()
    for (const file of filesOf('en').filter((name) => !name.startsWith('console-'))) {
      for (const key of leaves(read('en', file), `${file.replace('.json', '')}.`).keys()) words.add(key)
    }
    const source = join(import.meta.dirname, '..')
    const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter(
      (file) => /^(app|features)\//.test(file) && !file.startsWith('features/console') && /(?<!\.test)\.(vue|ts)$/.test(file),
    )
    const asked = files.flatMap((file) => [...readFileSync(join(source, file), 'utf8').matchAll(/\bt\('([\w.]+)'/g)].map(([, key]) => key))
    expect(asked.length).toBeGreaterThan(100)
    expect(asked.filter((key) => !words.has(key ?? ''))).toEqual([])
  })
})
