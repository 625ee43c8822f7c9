import { expect, it } from 'vitest'
import type { LocalPhoto } from '@/db'
import { localProblem } from '@/kernel/problem'
import type { PhotoItem } from './queries'
import { photoWord } from './words'

const item = (photo: Partial<LocalPhoto>, problem: PhotoItem['problem'] = null): PhotoItem => ({
  photo: { state: 'awaiting_bytes', upload: 'waiting', ...photo } as LocalPhoto,
  thumb: null,
  thumb_url: null,
  problem,
})

it.each([
  [item({}), 'waiting'],
  [item({ upload: 'sending' }), 'sending'],
  [item({ upload: 'done' }), 'done'],
  [item({ upload: 'failed' }), 'failed'],
  [item({}, localProblem('store_unknown')), 'failed'],
  [item({ state: 'stored' }), 'done'],
  [item({ state: 'complete', upload: 'waiting' }), 'done'], // sent from another phone
  [item({ state: 'unreadable', upload: 'done' }), 'unreadable'],
])('%o is %s', (photo, word) => {
  expect(photoWord(photo).key).toBe(word)
})
