// The console's way to the API: same origin, cookie session, JSON; every error is an ApiProblem.
import { language } from './i18n'

const BASE = '/api/v1'

export interface FieldError { field: string; message: string; code?: string }

/** An error answer (RFC 9457), its words already in the reader's language. */
export class ApiProblem extends Error {
  readonly code: string
  readonly status: number
  readonly title: string
  readonly detail: string
  readonly field: string | null
  readonly errors: FieldError[]

  constructor(body: ProblemBody, status: number) {
    super(body.title ?? body.code ?? String(status))
    this.code = body.code ?? 'http_error'
    this.status = status
    this.title = body.title ?? ''
    this.detail = body.detail ?? ''
    this.field = body.field ?? null
    this.errors = body.errors ?? []
  }
}

interface ProblemBody { code?: string; title?: string; detail?: string; field?: string; errors?: FieldError[] }

/** Codes for failures that never reached the server, or came back as something else than a problem. */
export const OFFLINE = 'offline'
export const UNREADABLE = 'unreadable_answer'

export type Query = Record<string, string | number | boolean | null | undefined>

let onLoggedOut: () => void = () => undefined

/** Call this when the server says that nobody is logged in (any request but the log-in itself). */
export function whenLoggedOut(callback: () => void): void {
  onLoggedOut = callback
}

/** The address of an API path with its query; empty values are left out. */
export function url(path: string, query: Query = {}): string {
  const words = new URLSearchParams()
  for (const [key, value] of Object.entries(query)) {
    if (value !== null && value !== undefined && value !== '') words.set(key, String(value))
  }
  const text = words.toString()
  return `${BASE}${path}${text ? `?${text}` : ''}`
}

interface Options { query?: Query; body?: unknown; file?: Blob; fileType?: string; rev?: number; signal?: AbortSignal }

/**
 * One request. Raises ApiProblem for every failure but an abort, which stays the browser's AbortError.
 * `rev` is sent as If-Match, so that a change to what somebody else has changed is refused (412).
 */
export async function request<T>(method: string, path: string, options: Options = {}): Promise<T> {
  const headers: Record<string, string> = { Accept: 'application/json', 'Accept-Language': language() }
  let body: BodyInit | null = null
  if (options.file) {
    headers['Content-Type'] = options.fileType ?? 'text/csv'
    body = options.file
  } else if (options.body !== undefined) {
    headers['Content-Type'] = 'application/json'
    body = JSON.stringify(options.body)
  }
  if (options.rev !== undefined) headers['If-Match'] = `"${options.rev}"`
  const answer = await send(url(path, options.query), {
    method, headers, body, credentials: 'same-origin', signal: options.signal ?? null,
  })
  if (answer.ok) return (answer.status === 204 ? null : await parse(answer)) as T
  const problem = new ApiProblem(await problemBody(answer), answer.status)
  if (problem.status === 401 && path !== '/session') onLoggedOut()
  throw problem
}

export const get = <T>(path: string, query?: Query, signal?: AbortSignal): Promise<T> =>
  request<T>('GET', path, { ...(query && { query }), ...(signal && { signal }) })

export const post = <T>(path: string, body?: unknown): Promise<T> => request<T>('POST', path, { body })

/** A file that a request makes, with the name the server gives it. Raises ApiProblem. */
export async function download(path: string, query: Query = {}): Promise<{ name: string; file: Blob }> {
  const headers = { 'Accept-Language': language() }
  const answer = await send(url(path, query), { method: 'POST', headers, credentials: 'same-origin' })
  if (!answer.ok) throw new ApiProblem(await problemBody(answer), answer.status)
  const name = /filename="([^"]+)"/.exec(answer.headers.get('Content-Disposition') ?? '')?.[1] ?? 'export'
  return { name, file: await answer.blob() }
}

export const patch = <T>(path: string, body: unknown, rev: number): Promise<T> =>
  request<T>('PATCH', path, { body, rev })

/** Whether this is the browser's word for a request that we gave up ourselves. */
export function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'AbortError'
}

async function send(address: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(address, init)
  } catch (error) {
    if (isAbort(error)) throw error
    throw new ApiProblem({ code: OFFLINE }, 0)
  }
}

async function parse(answer: Response): Promise<unknown> {
  try {
    return (await answer.json()) as unknown
  } catch (error) {
    if (isAbort(error)) throw error
    throw new ApiProblem({ code: UNREADABLE }, answer.status)
  }
}

async function problemBody(answer: Response): Promise<ProblemBody> {
  const kind = answer.headers.get('Content-Type') ?? ''
  if (!kind.includes('json')) return { code: UNREADABLE }
  return answer.json().catch(() => ({ code: UNREADABLE })) as Promise<ProblemBody>
}
