// The names and sentences of a rescue report, out of the phone's own records and both languages.
import { i18n, loadLanguage } from '@/app/i18n'
import type { Db } from '@/db'
import type { OutboxOp } from '@/db/types'
import type { Problem } from '@/kernel/problem'
import { storesOfOps } from '../queries'
import type { Both, ReportWords } from './report'

/** Everything the report says about these ops. timeZone: the organisation's. */
export async function reportWords(db: Db, ops: readonly OutboxOp[], timeZone: string): Promise<ReportWords> {
  await Promise.all([loadLanguage('zh-CN'), loadLanguage('en')])
  const [materials, offices, stores] = await Promise.all([db.materials.toArray(), db.offices.toArray(), storesOfOps(db, ops)])
  const names = new Map([...materials, ...offices].map((one) => [one.id, one.name]))
  // Swedish writes dates as ISO 8601 does: the same for both readers.
  const times = new Intl.DateTimeFormat('sv-SE', { dateStyle: 'short', timeStyle: 'medium', timeZone })
  return {
    say: (key) => [say('zh-CN', key), say('en', key)],
    problem: ({ problem }) => (problem ? bothProblem(problem) : null),
    time: (at) => times.format(new Date(at)),
    name: (id) => names.get(id) ?? null,
    store: (op) => stores.get(op.op_id) ?? null,
  }
}

function say(locale: 'zh-CN' | 'en', key: string, values: Record<string, unknown> = {}): string {
  return i18n.global.t(key, values, { locale })
}

function bothProblem(problem: Problem): Both {
  const key = `common.problem.${problem.code}`
  if (i18n.global.te(key, 'zh-CN')) return [say('zh-CN', key, problem.params ?? {}), say('en', key, problem.params ?? {})]
  // Only in the language that the server was asked in.
  const theirs = [problem.title, problem.detail].filter(Boolean).join(' · ') || problem.code
  return [theirs, theirs]
}
