import { describe, expect, it } from 'vitest'
import { ApiProblem } from '../api'
import { t } from '../i18n'
import { changedValues } from './editor'
import { useForm } from './form'

const start = () => ({ name: '', code: '', lat: null as number | null })

describe('a form', () => {
  it('asks for what is required, and sends nothing before it is there', async () => {
    const form = useForm(start)
    let sent = 0
    expect(await form.submit(['name', 'lat'], async () => { sent += 1 })).toBe(false)
    expect(Object.keys(form.errors.value).sort()).toEqual(['lat', 'name'])
    expect(form.errors.value['name']).toBe(t('common.form.required'))
    expect(sent).toBe(0)
  })

  it('zero is a value', async () => {
    const form = useForm(start)
    form.values.lat = 0
    expect(await form.submit(['lat'], async () => undefined)).toBe(true)
  })

  it('shows a problem at the field that it names, and not a second time above', async () => {
    const form = useForm(start)
    const problem = new ApiProblem({ code: 'store_code_taken', title: '编码已存在', detail: '请换一个。', field: 'code' }, 409)
    expect(await form.submit([], () => Promise.reject(problem))).toBe(false)
    expect(form.errors.value).toEqual({ code: t('common.form.problem', { title: '编码已存在', detail: '请换一个。' }) })
    expect(form.problem.value).toBeNull()
  })

  it('shows above what belongs to no field of the form', async () => {
    const form = useForm(start)
    const problem = new ApiProblem({ code: 'stale', title: 'x', field: 'If-Match' }, 412)
    await form.submit([], () => Promise.reject(problem))
    expect(form.problem.value).toBe(problem)
    expect(form.errors.value).toEqual({})
  })

  it('shows the server\'s words at each field', async () => {
    const form = useForm(start)
    const errors = [{ field: 'name', message: '长度不能超过 120。' }, { field: 'lat', message: '应为数字。' }]
    await form.submit([], () => Promise.reject(new ApiProblem({ code: 'validation_failed', errors, field: 'name' }, 422)))
    expect(form.errors.value).toEqual({ name: '长度不能超过 120。', lat: '应为数字。' })
  })

  it('is sent once, however often the button is pressed', async () => {
    const form = useForm(start)
    let sent = 0
    let answer = () => undefined as void
    const slow = () => new Promise<void>((resolve) => { sent += 1; answer = resolve })
    const first = form.submit([], slow)
    expect(await form.submit([], slow)).toBe(false)
    answer()
    expect(await first).toBe(true)
    expect(sent).toBe(1)
  })
})

describe('what has changed', () => {
  it('is found by value', () => {
    const before = { name: 'a', rep_ids: ['1', '2'], lat: 31.3, radius: null as number | null }
    expect(changedValues(before, { ...before, rep_ids: ['1', '2'] })).toEqual({})
    expect(changedValues(before, { ...before, rep_ids: ['1'], radius: 300 })).toEqual({ rep_ids: ['1'], radius: 300 })
  })
})
