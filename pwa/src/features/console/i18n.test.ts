import { describe, expect, it } from 'vitest'
import { LANGUAGES } from '@/app/language'
import { FLAGS, REVIEW_STATES } from './reviews/types'
import { i18n } from './i18n'
import { HEALTH_PROBLEMS, OP_KINDS, OP_STATUSES } from './sync/health'
import { CAMPAIGN_STATES, DONE, TARGET_KINDS } from './campaigns/types'
import { VISIT_STATES } from './lib/filters'
import { PHOTO_KINDS } from './lib/photos'
import { VERDICTS, WEEK_STATES } from './lib/verdicts'

const sources = import.meta.glob<string>(['./**/*.vue', './**/*.ts', '../../console.ts', '!./**/*.test.ts'], {
  query: '?raw', import: 'default', eager: true,
})

/** Keys written out in the code: t('…'), title: '…' of a route, and both arms of t(a ? '…' : '…'). */
function literalKeys(): Set<string> {
  const keys = new Set<string>()
  for (const text of Object.values(sources)) {
    for (const call of text.matchAll(/\bt\(([^)]*)\)/g)) {
      for (const key of (call[1] ?? '').matchAll(/'([a-z]+(?:\.[a-z_0-9]+)+)'/g)) keys.add(key[1] ?? '')
    }
    for (const title of text.matchAll(/title: '([a-z]+\.[a-z_]+)'/g)) keys.add(title[1] ?? '')
  }
  return keys
}

/** Keys put together from a code of the API. */
const COMPOSED = [
  ...VERDICTS.map((code) => `visits.verdicts.${code}`),
  ...[...VISIT_STATES, 'planned'].map((code) => `visits.states.${code}`),
  ...[...PHOTO_KINDS, 'other'].map((code) => `visits.kinds.${code}`),
  ...WEEK_STATES.map((code) => `weeks.states.${code}`),
  ...['rep', 'supervisor', 'office'].map((code) => `people.roles.${code}`),
  ...['posm', 'giveaway', 'sample'].map((code) => `materials.kinds.${code}`),
  ...['issue', 'receive', 'return', 'transfer'].flatMap((code) => [`materials.moves.${code}`, `materials.moves_do.${code}`]),
  ...['wgs84', 'gcj02', 'bd09'].map((code) => `stores.systems.${code}`),
  ...['rows', 'created', 'updated', 'unchanged', 'refused'].map((code) => `stores.report.${code}`),
  ...['map', 'visits', 'reviews', 'reaudit', 'weeks', 'sync', 'stores', 'people', 'regions', 'materials', 'campaigns', 'offices', 'groups.daily', 'groups.keeping'].map((code) => `nav.${code}`),
  ...[...FLAGS, 'far', 'repeat'].map((code) => `reviews.flags.${code}`),
  ...[...REVIEW_STATES, 'cleared'].map((code) => `reviews.states.${code}`),
  ...['accept', 'reject', 'ask', 'undo'].flatMap((code) => [`reviews.actions.${code}`, `reviews.said.${code}`, `reviews.keys.${code}`]),
  ...['next', 'previous', 'help'].map((code) => `reviews.keys.${code}`),
  ...[1, 2, 3].map((number) => `reviews.ready.${number}`),
  ...OP_KINDS.map((kind) => `sync.kinds.${kind.replace('.', '_')}`),
  ...HEALTH_PROBLEMS.flatMap((code) => [`sync.problems.${code}`, `sync.totals.${code}`]),
  ...OP_STATUSES.map((code) => `sync.statuses.${code}`),
  ...CAMPAIGN_STATES.map((code) => `campaigns.states.${code}`),
  ...CAMPAIGN_STATES.filter((code) => code !== 'draft').map((code) => `campaigns.become.${code}`),
  ...DONE.map((code) => `campaigns.done.${code}`),
  ...['plan', ...TARGET_KINDS].map((code) => `campaigns.targets.${code}`),
  ...['add', 'replace', 'remove'].map((code) => `campaigns.ways.${code}`),
  ...['board', 'numbers', 'summary'].map((code) => `campaigns.tabs.${code}`),
  ...['region', 'rep', 'material'].map((code) => `campaigns.by.${code}`),
  ...['stored', 'known', 'bad'].map((code) => `sync.files.${code}`),
  ...['offline', 'unreadable_answer'].flatMap((code) => [`common.problems.${code}`, `common.problems.${code}_do`]),
]

describe.each(LANGUAGES)('words in %s', (language) => {
  it('are there for every key that the console uses', () => {
    const keys = literalKeys()
    expect(keys.size).toBeGreaterThan(150)
    expect([...keys, ...COMPOSED].filter((key) => !i18n.global.te(key, language))).toEqual([])
  })
})
