// One value of a record in words, for a person to read.
import { dayTime } from '@/app/format'
import { i18n, language, t, wordsOf } from '@/app/i18n'

const TIME = /^\d{4}-\d\d-\d\dT[\d:.]+Z$/
/** Groups of words that say what a code means. */
const GROUPS: Record<string, string> = {
  state: 'visits.state', verdict: 'visits.verdict', kind: 'photos.kind', viewer_role: 'mydata.roles', role: 'mydata.roles',
}

/** Columns whose texts are codes; all others are somebody's own words. */
const CODED = new Set([...Object.keys(GROUPS), 'source', 'client', 'cause', 'event'])

/** A flag or an explanation as the server writes it. */
interface Said { code: string; words: Record<string, string> }

export function cell(column: string, value: unknown, timeZone: string): string {
  if (value === null || value === undefined || value === '') return ''
  if (Array.isArray(value)) return value.map((one) => cell(column, one, timeZone)).join(language() === 'zh-CN' ? '；' : '; ')
  if (isSaid(value)) return wordsOf(value.words)
  if (typeof value === 'object') return JSON.stringify(value)
  if (typeof value === 'boolean') return t(value ? 'mydata.yes' : 'mydata.no')
  if (typeof value === 'number') return Number.isInteger(value) ? String(value) : String(Math.round(value * 1e6) / 1e6)
  const text = String(value as string)
  if (TIME.test(text)) return dayTime(text, timeZone)
  const keys = [`${GROUPS[column] ?? ''}.${text}`, `mydata.codes.${text.replace('.', '_')}`]
  const key = CODED.has(column) ? keys.find((one) => i18n.global.te(one)) : undefined
  return key ? t(key) : text
}

function isSaid(value: unknown): value is Said {
  return typeof value === 'object' && value !== null && 'words' in value && 'code' in value
}
