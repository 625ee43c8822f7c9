import { afterEach, describe, expect, it, vi } from 'vitest'
import { between, distanceM, isPosition } from './geo'
import { request } from './http'
import { newId } from './ids'
import { ApiError } from './problem'

describe('ids', () => {
  it('are version 7 UUIDs that grow with time', () => {
    const ids = Array.from({ length: 200 }, (_, at) => newId(1_770_000_000_000 + at))
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    expect([...ids].sort()).toEqual(ids)
    expect(new Set(Array.from({ length: 1000 }, () => newId(1)))).toHaveProperty('size', 1000)
  })

  it('carry their time in the first 48 bits', () => {
    expect(parseInt(newId(1_770_000_123_456).replaceAll('-', '').slice(0, 12), 16)).toBe(1_770_000_123_456)
  })
})

describe('distances', () => {
  it.each<[string, [number, number, number, number], number]>([
    ['the same place', [31.3, 120.6, 31.3, 120.6], 0],
    ['one degree north', [0, 0, 1, 0], 111_195],
    ['Suzhou to Shanghai', [31.2989, 120.5853, 31.2304, 121.4737], 84_772],
    ['across the date line', [0, 179.5, 0, -179.5], 111_195],
  ])('%s', (_what, [lat1, lon1, lat2, lon2], metres) => {
    expect(Math.abs(distanceM(lat1, lon1, lat2, lon2) - metres)).toBeLessThan(Math.max(1, metres * 0.001))
  })

  it('need two places', () => {
    expect(between(null, { lat: 1, lon: 1 })).toBeNull()
    expect(between({ lat: 1, lon: 1 }, undefined)).toBeNull()
  })

  it.each<[number, number, boolean]>([[31.3, 120.6, true], [0, 0, false], [NaN, 1, false], [91, 0, false], [0, 181, false], [-90, 180, true]])(
    'is %d, %d a position? %s', (lat, lon, is) => expect(isPosition(lat, lon)).toBe(is),
  )
})

describe('requests', () => {
  afterEach(() => vi.unstubAllGlobals())

  const json = (status: number, body: unknown, headers: Record<string, string> = {}) =>
    new Response(JSON.stringify(body), { status, headers: { 'Content-Type': 'application/problem+json', ...headers } })
  const page = (status: number) => new Response('<html>', { status, headers: { 'Content-Type': 'text/html' } })
  const problem = (code: string) => ({ code, title: code, status: 0, detail: '', type: '' })

  it.each<[string, () => Response, Partial<ApiError>]>([
    ['the session has ended', () => json(401, problem('unauthenticated')), { kind: 'auth', status: 401 }],
    ['a proxy that wants a password', () => page(401), { kind: 'transient', status: 401 }],
    ['a refusal', () => json(422, problem('validation_failed')), { kind: 'refused', status: 422 }],
    ['a firewall\'s page', () => page(403), { kind: 'transient', status: 403 }],
    ['too large, said by a proxy', () => page(413), { kind: 'too_large', status: 413 }],
    ['too many tries', () => json(429, problem('rate_limited'), { 'Retry-After': '7' }), { kind: 'transient', retryAfterS: 7 }],
    ['an ill server', () => page(502), { kind: 'transient', status: 502 }],
    ['a hotel\'s log-in page', () => page(200), { kind: 'transient', status: 200 }],
    ['half an answer', () => new Response('{"a":', { headers: { 'Content-Type': 'application/json' } }), { kind: 'offline' }],
  ])('%s', async (_what, answer, error) => {
    vi.stubGlobal('fetch', vi.fn(async () => answer()))
    await expect(request('GET', '/me')).rejects.toMatchObject({ name: 'ApiError', ...error })
  })

  it('without a network are offline, and late ones time out', async () => {
    vi.stubGlobal('fetch', vi.fn(() => Promise.reject(new TypeError('failed'))))
    await expect(request('GET', '/me')).rejects.toMatchObject({ kind: 'offline' })
    vi.stubGlobal('fetch', (_url: string, init: RequestInit) => new Promise((_resolve, reject) => {
      init.signal?.addEventListener('abort', () => reject(new DOMException('aborted', 'AbortError')))
    }))
    await expect(request('GET', '/me', { timeout_ms: 1 })).rejects.toMatchObject({ kind: 'timeout' })
  })

  it('carry the problem and the language', async () => {
    document.documentElement.lang = 'en'
    const fetch = vi.fn(async (_url: string, _init: RequestInit) => json(404, problem('not_found')))
    vi.stubGlobal('fetch', fetch)
    const error: unknown = await request('GET', '/x', { query: { a: 1, b: undefined } }).catch((raised: unknown) => raised)
    expect((error as ApiError).problem?.code).toBe('not_found')
    expect(fetch).toHaveBeenCalledWith('/api/v1/x?a=1', expect.objectContaining({ credentials: 'same-origin', headers: expect.objectContaining({ 'Accept-Language': 'en' }) as unknown }))
  })
})
