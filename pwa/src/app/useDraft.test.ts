import 'fake-indexeddb/auto'
import { effectScope } from 'vue'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Db } from '@/db'
import { loadDraft, saveDraft } from '@/db/drafts'
import { useDraft, type DraftForm } from './useDraft'

interface Form { text: string; bytes: ArrayBuffer | null }
const EMPTY: Form = { text: '', bytes: null }

let db: Db
let scopes: ReturnType<typeof effectScope>[] = []

beforeEach(() => {
  db = new Db('rep', `draft-test-${Math.random()}`)
})

afterEach(async () => {
  for (const scope of scopes) scope.stop()
  scopes = []
  await db.delete()
})

/** A screen with the form; `kill` ends it as leaving the screen does. */
function open(): { form: DraftForm<Form>; kill: () => void } {
  const scope = effectScope()
  scopes.push(scope)
  const form = scope.run(() => useDraft<Form>(db, 'note:1', 'note', EMPTY))
  if (!form) throw new Error('no form')
  return { form, kill: () => scope.stop() }
}

const kept = () => loadDraft<Form>(db, 'note:1')

describe('useDraft', () => {
  it('keeps what is entered, bytes included, and gives it back to the next screen', async () => {
    const first = open()
    first.form.data.text = 'half a sen'
    first.form.data.bytes = new Uint8Array([1, 2, 3]).buffer
    first.kill()
    await vi.waitFor(async () => expect(await kept()).not.toBeNull())
    const second = open()
    await vi.waitFor(() => expect(second.form.data.text).toBe('half a sen'))
    expect(new Uint8Array(second.form.data.bytes ?? new ArrayBuffer(0))).toEqual(new Uint8Array([1, 2, 3]))
  })

  it('does not overtake somebody who has begun to write', async () => {
    await saveDraft(db, 'note:1', { text: 'old', bytes: null }, 'note')
    const { form } = open()
    form.data.text = 'new'
    await vi.waitFor(async () => expect(await kept()).toMatchObject({ text: 'new' }))
    expect(form.data.text).toBe('new')
  })

  it('takes nothing over that this form does not know', async () => {
    await saveDraft(db, 'note:1', { text: 'kept', from_before: true }, 'note')
    const { form } = open()
    await vi.waitFor(() => expect(form.data.text).toBe('kept'))
    expect(Object.keys(form.data).sort()).toEqual(['bytes', 'text'])
  })

  it('forgets what has been saved for good', async () => {
    const { form, kill } = open()
    form.data.text = 'done'
    await vi.waitFor(async () => expect(await kept()).not.toBeNull())
    await form.drop()
    expect(form.data.text).toBe('')
    kill()
    expect(await kept()).toBeNull()
  })
})
