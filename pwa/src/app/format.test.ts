import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { bytes, clockTime, dayTime, duration, longDay, metres, stopwatch } from './format'
import { i18n } from './i18n'

const ZONE = 'Asia/Shanghai'
const AT = '2026-11-23T09:05:00.000Z'

describe.each(['zh-CN', 'en'] as const)('numbers in %s', (language) => {
  const zh = language === 'zh-CN'
  beforeEach(() => {
    i18n.global.locale.value = language
  })
  afterEach(() => {
    i18n.global.locale.value = 'zh-CN'
  })

  it.each([
    [0.4, '0 米', '0 m'],
    [84.6, '85 米', '85 m'],
    [1300, '1.3 公里', '1.3 km'],
    [123_456, '123 公里', '123 km'],
  ])('%d metres', (value, chinese, english) => {
    expect(metres(value)).toBe(zh ? chinese : english)
  })

  it.each([
    [-5, '0 秒', '0 s'],
    [59.9, '59 秒', '59 s'],
    [60, '1 分钟', '1 min'],
    [3600, '1 小时', '1 h'],
    [4800, '1 小时 20 分钟', '1 h 20 min'],
    [200_000, '2 天', '2 d'],
  ])('%d seconds', (seconds, chinese, english) => {
    expect(duration(seconds)).toBe(zh ? chinese : english)
  })

  it('tells times in the zone of the organisation, with the year only when it is another one', () => {
    const now = new Date(AT)
    expect(clockTime(AT, ZONE)).toBe('17:05')
    expect(dayTime(AT, ZONE, now)).toBe(zh ? '11/23 17:05' : '23 Nov, 17:05')
    expect(dayTime('2017-11-23T09:05:00.000Z', ZONE, now)).toContain('2017')
    expect(longDay(now, ZONE)).toContain(zh ? '11月23日' : '23 November')
  })
})

it.each([[5, '00:05'], [65, '01:05'], [3725, '1:02:05'], [-1, '00:00']])('a stopwatch at %d s says %s', (seconds, said) => {
  expect(stopwatch(seconds)).toBe(said)
})

it.each([[12, '12 B'], [340 * 1024, '340 KB'], [2.4 * 1024 ** 2, '2.4 MB'], [10 * 1024 ** 3, '10.0 GB']])(
  '%d bytes are %s', (value, said) => {
    expect(bytes(value)).toBe(said)
  },
)
