// The readable part of a rescue file: a page and a note in both languages, with no code and no network.
import type { Fix, OutboxOp, Upload } from '../../../db/types'
import type { RescueFile, RescueMaker } from './contents'

/** A text in Chinese and in English. */
export type Both = readonly [zh: string, en: string]

/** What the report needs to know besides the ops. */
export interface ReportWords {
  /** A key of the locales, in both languages. */
  say(key: string): Both
  problem(op: Pick<OutboxOp, 'problem'>): Both | null
  /** A time as people of this organisation read it. */
  time(at: string): string
  /** Names by id; null where this phone does not know it. */
  name(id: string): string | null
  /** The store of an op's visit. */
  store(op: OutboxOp): string | null
}

export interface ReportInput {
  maker: RescueMaker
  ops: readonly OutboxOp[]
  /** Files in the ZIP by hash. */
  files: ReadonlyMap<string, RescueFile>
  /** All unsent files, those that could not be read as well. */
  uploads: readonly Upload[]
  words: ReportWords
}

/** Text as HTML: whatever a person typed stays text. */
export function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (one) => `&#${one.charCodeAt(0)};`)
}

/** report.html */
export function reportHtml(input: ReportInput): string {
  const { maker, ops, uploads, words } = input
  const named = new Set(ops.flatMap(hashesOf))
  const alone = uploads.filter((one) => !named.has(one.sha256))
  const facts = [
    fact(words.say('rescue.report.by'), `${maker.author.name} (${maker.author.username})`),
    fact(words.say('rescue.report.made'), words.time(maker.made_at)),
    fact(words.say('rescue.report.device'), `${maker.device.id} · ${maker.device.app_version}`),
  ]
  const title = words.say('rescue.report.title')
  return `<!doctype html>
<html lang="zh-CN">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="script-src 'none'">
<title>${escaped(title.join(' · '))}</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 760px; margin: 0 auto; padding: 16px; color: #14202e; }
article, dl.head { border: 1px solid #dbe1e8; border-radius: 10px; padding: 12px 16px; margin: 12px 0; }
h3 { margin: 0 0 8px; } .en { color: #4a5766; font-weight: 400; font-size: 14px; }
dl { margin: 0; } dt { font-size: 14px; color: #4a5766; } dd { margin: 0 0 8px; overflow-wrap: anywhere; white-space: pre-wrap; }
.bad { color: #b3261e; } img { display: block; max-width: 100%; max-height: 420px; border: 1px solid #dbe1e8; background: #fff; }
</style>
</head>
<body>
<h1>${both(title)}</h1>
<dl class="head">${facts.join('')}</dl>
<h2>${both(words.say('rescue.report.records'))} · ${ops.length}</h2>
${ops.map((op) => article(op, input)).join('\n') || `<p>${both(words.say('rescue.report.none'))}</p>`}
${alone.length > 0 ? `<h2>${both(words.say('rescue.report.files'))} · ${alone.length}</h2>\n${alone.map((one) => `<article>${picture(one.sha256, input)}</article>`).join('\n')}` : ''}
</body>
</html>
`
}

/** README.txt */
export function readmeText(say: ReportWords['say']): string {
  const lines = ['what', 'todo', 'read', 'keep'].map((key) => say(`rescue.readme.${key}`))
  // A byte order mark and CRLF: the plainest of editors on a Windows desk shows Chinese only with them.
  const text = [...lines.map(([zh]) => zh), '', ...lines.map(([, en]) => en), '']
  return `\uFEFF${text.join('\r\n')}`
}

/** The hashes of the files that an op names. */
export function hashesOf(op: OutboxOp): string[] {
  return [op.payload['sha256'], op.payload['signature_sha256']].filter((one) => typeof one === 'string')
}

function article(op: OutboxOp, input: ReportInput): string {
  const { words } = input
  const problem = words.problem(op)
  const state = words.say(`sync.item.${op.state}`)
  const facts = [
    fact(words.say('rescue.report.at'), words.time(text(op.payload['at']) ?? text(op.payload['taken_at']) ?? op.device_at)),
    ...details(op, words),
    bothFact(words.say('rescue.report.state'), state),
    ...(problem ? [bothFact(words.say('rescue.report.problem'), problem, 'bad')] : []),
  ]
  const pictures = hashesOf(op).map((sha256) => picture(sha256, input))
  const kind = words.say(`sync.kind.${op.kind.replace('.', '_')}`)
  return `<article>\n<h3>${both(kind)}</h3>\n<dl>${facts.join('')}</dl>\n${pictures.join('\n')}\n</article>`
}

function details(op: OutboxOp, words: ReportWords): string[] {
  const { payload } = op
  const found: string[] = []
  const add = (key: string, value: string | null) => {
    if (value !== null && value !== '') found.push(fact(words.say(`rescue.report.${key}`), value))
  }
  const id = (key: string) => {
    const value = text(payload[key])
    return value === null ? null : (words.name(value) ?? value)
  }
  add('store', words.store(op))
  add('office', id('office_id'))
  if (op.kind.endsWith('check_in')) found.push(place(payload['fix'] as Fix | null, words))
  add('reason', text(payload['reason']))
  add('text', text(payload['text']))
  if (op.kind === 'photo.add') found.push(bothFact(words.say('rescue.report.photo'), words.say(`photos.kind.${text(payload['kind']) ?? 'other'}`)))
  if (payload['material_id'] !== undefined) {
    add('material', `${id('material_id')} × ${String(payload['quantity'] ?? payload['counted'])}`)
  } else if (op.kind === 'stock.confirm') add('material', `× ${String(payload['quantity'])}`)
  add('recipient', text(payload['recipient']))
  return found
}

function place(fix: Fix | null, words: ReportWords): string {
  const name = words.say('rescue.report.place')
  if (!fix) return bothFact(name, words.say('rescue.report.noPlace'))
  const accuracy = fix.accuracy_m === null ? '' : ` ± ${Math.round(fix.accuracy_m)} m`
  return fact(name, `${fix.lat.toFixed(6)}, ${fix.lon.toFixed(6)}${accuracy}`)
}

function picture(sha256: string, { files, uploads, words }: ReportInput): string {
  const file = files.get(sha256)
  if (file) return `<img src="${escaped(file.name)}" alt="${escaped(file.what)}" loading="lazy">`
  const lost = uploads.some((one) => one.sha256 === sha256)
  return lost ? `<p class="bad">${both(words.say('rescue.report.notHere'))}</p>` : ''
}

function fact(name: Both, value: string): string {
  return `<dt>${both(name)}</dt><dd>${escaped(value)}</dd>`
}

function bothFact(name: Both, value: Both, look = ''): string {
  return `<dt>${both(name)}</dt><dd class="${look}">${both(value)}</dd>`
}

function both([zh, en]: Both): string {
  return zh === en ? escaped(zh) : `${escaped(zh)} <span class="en" lang="en">${escaped(en)}</span>`
}

function text(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}
