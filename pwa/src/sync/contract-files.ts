// The wire as the server's tests have it: tests/contract/*.json, for the app's own tests.
import { vi } from 'vitest'
import type { Problem } from '../kernel/problem'
import type { OpResult } from './engine'
import type { Change, PushBody } from './transport'

export interface Exchange {
  name: string
  request: {
    as: string | null
    method: string
    path: string
    query?: Record<string, string | number>
    headers?: Record<string, string>
    json?: PushBody
    base64?: string
  }
  answer: {
    status: number
    headers: Record<string, string>
    json?: Partial<Problem> & { results: OpResult[]; changes: Change[]; cursor: string; user: Record<string, unknown> }
  }
}

export type Stories = Record<string, Exchange[]>

const files = import.meta.glob<Stories>('../../../tests/contract/*.json', { eager: true, import: 'default' })

/** The stories of a file. */
export function storiesOf(name: string): Stories {
  const found = files[`../../../tests/contract/${name}.json`]
  if (!found) throw new Error(`no file tests/contract/${name}.json`)
  return found
}

/** One exchange of a story, by its name. */
export function exchange(story: readonly Exchange[] | undefined, name: string): Exchange {
  const found = story?.find((one) => one.name === name)
  if (!found) throw new Error(`no exchange ${name}`)
  return found
}

/** What the app asked. */
export interface Asked {
  method: string
  path: string
  query: URLSearchParams
  headers: Headers
  body: BodyInit | null
}

/** Answer the app's next requests with these exchanges, in this order; tells what it asked. */
export function answerWith(...exchanges: Exchange[]): Asked[] {
  const asked: Asked[] = []
  vi.stubGlobal('fetch', async (address: string, options: RequestInit) => {
    const next = exchanges[asked.length]
    if (!next) throw new Error(`not expected: ${options.method} ${address}`)
    const url = new URL(address, 'http://storewalk.test')
    asked.push({
      method: options.method ?? 'GET',
      path: url.pathname,
      query: url.searchParams,
      headers: new Headers(options.headers),
      body: options.body ?? null,
    })
    const { status, headers, json } = next.answer
    const hasBody = next.request.method !== 'HEAD' && status !== 204
    return new Response(hasBody ? JSON.stringify(json) : null, { status, headers })
  })
  return asked
}
