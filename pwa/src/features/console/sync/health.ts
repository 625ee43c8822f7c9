// Sync health: its filters in the address, its words, and a phone's story as text for a chat or a mail.
import type { LocationQuery } from 'vue-router'
import { t } from '../i18n'
import { bytes, count, dayTime, exactTime, say } from '../lib/format'
import type { DeviceStorage, HealthProblem, HealthRow, OpStatus, ParkedOp, RescueOp } from '../types'

export const HEALTH_PROBLEMS: readonly HealthProblem[] = ['parked', 'unsent_old', 'silent']
export const OP_STATUSES: readonly OpStatus[] = ['applied', 'replayed', 'deferred', 'rejected', 'conflict']
export const OP_KINDS: readonly string[] = [
  'visit.check_in', 'visit.check_out', 'visit.cancel', 'visit.note', 'visit.reply', 'photo.add', 'handout.add', 'campaign.seen',
  'office.check_in', 'task.done',
]

export interface HealthFilters { region: string | null; q: string; problem: HealthProblem | null }

/** The filters of an address; what is foreign to it is dropped. */
export function healthFromQuery(query: LocationQuery): HealthFilters {
  return {
    region: text(query['region']),
    q: text(query['q']) ?? '',
    problem: HEALTH_PROBLEMS.find((one) => one === text(query['problem'])) ?? null,
  }
}

export function healthToQuery({ region, q, problem }: HealthFilters): Record<string, string> {
  return { ...(region && { region }), ...(q && { q }), ...(problem && { problem }) }
}

/** What an op is, in words; the kind itself where a later app has a new one. */
export function kindWords(kind: string | null): string {
  if (kind === null) return t('common.unknown')
  return OP_KINDS.includes(kind) ? t(`sync.kinds.${kind.replace('.', '_')}`) : kind
}

/** Why an op is parked: the server's words, or at least its code. */
export function reasonOf(parked: ParkedOp): string {
  return say(parked.words) || t('sync.unknown_reason', { code: parked.code })
}

/** Used and all of a phone's storage, and whether the browser has promised to keep it. */
export function storageWords(storage: DeviceStorage | null): string[] {
  if (!storage) return []
  const { usage, quota, persisted } = storage
  const known = typeof usage === 'number' && typeof quota === 'number'
  return [
    ...(known ? [t('sync.used', { used: bytes(usage), quota: bytes(quota) })] : []),
    ...(typeof persisted === 'boolean' ? [t(persisted ? 'sync.persisted' : 'sync.not_persisted')] : []),
  ]
}

/** All that is known of a phone, as lines of text with the ids that a helper asks for. */
export function storyOf(row: HealthRow): string {
  const { person, parked } = row
  const storage = storageWords(row.storage)
  const lines = [
    `${person.name} · ${person.region_name}`,
    ...(row.device_id === null ? [] : [
      t('sync.story.device', { id: row.device_id }),
      t('sync.story.app', { version: row.app_version || '?', schema: row.schema ?? '?' }) + (row.too_old ? ` · ${t('sync.too_old')}` : ''),
    ]),
    row.last_contact_at === null ? t('sync.story.never') : t('sync.story.contact', { at: exactTime(row.last_contact_at) }),
    row.unsent > 0
      ? t('sync.story.unsent', { n: count(row.unsent), at: exactTime(row.oldest_unsent_at) || t('common.unknown') })
      : t('sync.story.none'),
    ...(parked.length > 0 ? [t('sync.story.parked', { n: count(parked.length) })] : []),
    ...parked.flatMap(parkedLines),
    ...(storage.length > 0 ? [t('sync.story.storage', { words: storage.join(' · ') })] : []),
  ]
  return lines.join('\n')
}

function parkedLines(parked: ParkedOp): string[] {
  const why = [reasonOf(parked), say(parked.remedy)].filter(Boolean).join(' ')
  const ids = t('sync.story.ids', { op: parked.op_id, record: parked.record_id })
  const field = parked.field ? [t('sync.story.field', { field: parked.field })] : []
  return [
    t('sync.story.op', { kind: kindWords(parked.kind), at: dayTime(parked.made_at), reason: why }),
    `  ${[parked.code, ...field, ids].join(' · ')}`,
  ]
}

const TROUBLE: Record<OpStatus, number> = { rejected: 0, conflict: 0, deferred: 1, applied: 2, replayed: 3 }

/** The ops of a rescue file, those that need a look first; else in the order of the file. */
export function troubleFirst(ops: readonly RescueOp[]): RescueOp[] {
  return [...ops].sort((a, b) => TROUBLE[a.status] - TROUBLE[b.status])
}

function text(value: LocationQuery[string] | undefined): string | null {
  const first = Array.isArray(value) ? value[0] : value
  return first ? first : null
}
