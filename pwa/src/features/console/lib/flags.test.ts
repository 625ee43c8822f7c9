import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { FILTER_FLAGS, FLAGS } from './flags'
import { VERDICTS } from './verdicts'

describe('flags to filter by', () => {
  it('are all but those that a verdict says already', () => {
    expect(FLAGS.filter((flag) => !FILTER_FLAGS.includes(flag)).sort()).toEqual(
      VERDICTS.filter((verdict) => verdict !== 'on_site').sort(),
    )
  })

  it.each(['zh-CN', 'en'])('each have a name in %s', (language) => {
    const file = join(import.meta.dirname, '../../../locales', language, 'console-flags.json')
    const words = JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>
    expect(FILTER_FLAGS.filter((flag) => !words[flag])).toEqual([])
  })
})
