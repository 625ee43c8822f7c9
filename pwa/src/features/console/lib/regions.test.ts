import { expect, it } from 'vitest'
import type { Region } from '../types'
import { regionTree } from './regions'

const region = (id: string, parent_id: string | null, code = id): Region =>
  ({ id, parent_id, code, name: id, active: true, rev: 1 })
const shape = (regions: Region[], except: string | null = null) =>
  regionTree(regions, except).map(({ region: { id }, depth }) => `${depth}${id}`)

it('reads the tree from the top, children by code', () => {
  const regions = [region('b', 'hq', '2'), region('a1', 'a'), region('hq', null), region('a', 'hq', '1')]
  expect(shape(regions)).toEqual(['0hq', '1a', '2a1', '1b'])
})

it('begins at the own region where the ones above are not seen', () => {
  expect(shape([region('a', 'hq'), region('a1', 'a')])).toEqual(['0a', '1a1'])
})

it('leaves out a region with all below it', () => {
  const regions = [region('hq', null), region('a', 'hq'), region('a1', 'a'), region('b', 'hq')]
  expect(shape(regions, 'a')).toEqual(['0hq', '1b'])
})
