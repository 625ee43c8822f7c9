import { beforeEach, describe, expect, it } from 'vitest'
import { setLanguage } from '../i18n'
import { cameraTime, exifWords, offset, span, sureness, wholeDay, type Exif, type PhotoFinding } from './photoEvidence'

const NOTHING: Exif = {
  taken_at: null, offset_min: null, utc: null, make: null, model: null, software: null, lat: null, lon: null, orientation: 1,
}
const finding = (more: Partial<PhotoFinding>) => ({ kind: 'reused_near', likeness: 0.978, distance_bits: 3, ...more }) as PhotoFinding

beforeEach(() => { setLanguage('en') })

describe('what a file says of itself', () => {
  it('is nothing for a photo of the app’s own camera', () => {
    expect(exifWords(null)).toEqual([])
    expect(exifWords(NOTHING)).toEqual([])
  })

  it('names the maker once', () => {
    expect(exifWords({ ...NOTHING, make: 'Canon', model: 'Canon EOS 30D' })).toEqual(['Canon EOS 30D'])
    expect(exifWords({ ...NOTHING, make: 'Apple', model: 'iPhone 13' })).toEqual(['Apple iPhone 13'])
    expect(exifWords({ ...NOTHING, model: 'TNY-AL00' })).toEqual(['TNY-AL00'])
  })

  it('shows the camera’s clock as it stood', () => {
    const at = { ...NOTHING, taken_at: '2026-11-20T10:30:15.250' }
    expect(cameraTime(at)).toBe('2026-11-20 10:30:15')
    expect(cameraTime({ ...at, offset_min: -240 })).toBe('2026-11-20 10:30:15 (UTC-04:00)')
  })

  it('tells the place with five digits', () => {
    expect(exifWords({ ...NOTHING, lat: 31.3, lon: -120.6 })).toEqual(['31.30000, -120.60000'])
  })
})

describe('words', () => {
  it('writes offsets with two digits', () => {
    expect([offset(480), offset(-30), offset(345), offset(0)]).toEqual(['+08:00', '-00:30', '+05:45', '+00:00'])
  })

  it('counts days from two on', () => {
    expect(span(30 * 3600)).toBe('30 h 0 min')
    expect(span(30 * 86_400)).toBe('30 days')
  })

  it('writes a day out', () => {
    expect(wholeDay('2026-11-17')).toBe('Nov 17, 2026')
  })

  it('never rounds up to certainty', () => {
    expect(sureness(finding({ likeness: 1 }))).toContain('99%')
    expect(sureness(finding({ likeness: 0.978 }))).toContain('97%')
    expect(sureness(finding({ kind: 'reused_exact' }))).toBe('The very same file')
  })
})
