import { beforeAll, describe, expect, it, vi } from 'vitest'
import { InvalidInputError, SaveFailedError, StorageFullError } from '@/db/errors'
import { ApiError, localProblem, type Problem } from '@/kernel/problem'
import { setLanguage } from './i18n'
import { problemWords, useProblem, wordsOfProblem } from './problem'

beforeAll(() => setLanguage('en'))

const foreign: Problem = { type: '/problems/new_one', code: 'new_one', title: 'A new rule', status: 422, detail: 'Ask the office.' }

describe('words for what went wrong', () => {
  it('are our own where we have them, else those of the server, else name the code', () => {
    expect(wordsOfProblem(localProblem('hash_mismatch'))).toBe('The file was damaged on its way. It is sent again.')
    expect(wordsOfProblem(foreign)).toBe('A new rule · Ask the office.')
    expect(wordsOfProblem(localProblem('never_heard'))).toContain('never_heard')
  })

  it.each([
    [new ApiError('offline'), 'cannot be reached'],
    [new ApiError('auth', 401, { ...foreign, code: 'wrong_credentials' }), 'Wrong user name'],
    [new StorageFullError('full'), 'phone is full'],
    [new SaveFailedError('no'), 'could not be saved'],
    [new InvalidInputError('quantity', 'no'), 'not valid'],
    [new TypeError('oops'), 'TypeError'],
  ])('%s', (error, words) => {
    expect(problemWords(error)).toContain(words)
  })
})

describe('useProblem', () => {
  it('runs one action at a time: fingers press twice', async () => {
    const { run, busy } = useProblem()
    let finish: () => void = () => undefined
    const action = vi.fn(() => new Promise<void>((resolve) => { finish = resolve }))
    const first = run(action)
    await run(action)
    expect(action).toHaveBeenCalledOnce()
    expect(busy.value).toBe(true)
    finish()
    await first
    expect(busy.value).toBe(false)
  })

  it('tells the failure and forgets it with the next try', async () => {
    vi.spyOn(console, 'warn').mockImplementation(() => undefined)
    const { run, problem } = useProblem()
    await run(() => Promise.reject(new StorageFullError('full')))
    expect(problem.value).toContain('phone is full')
    await run(() => Promise.resolve())
    expect(problem.value).toBe('')
  })
})
