// The one way to the API: same origin, cookie session, a limit on waiting, every failure an ApiError.
import { ApiError, isProblem, type FailureKind, type Problem } from './problem'

const BASE = '/api/v1'
const TIMEOUT_MS = 30_000

export interface RequestOptions {
  body?: unknown
  /** Bytes instead of JSON. */
  bytes?: Blob
  query?: Record<string, string | number | undefined>
  headers?: Record<string, string>
  timeout_ms?: number
  signal?: AbortSignal
}

/** One request; the answer with its body unread. Raises ApiError. */
export async function send(method: string, path: string, options: RequestOptions = {}): Promise<Response> {
  const answer = await attempt(address(path, options.query), method, options)
  if (answer.ok) return answer
  const problem = await problemOf(answer)
  throw new ApiError(kindOf(answer, problem), answer.status, problem, retryAfterS(answer), answer.headers)
}

/** One request; the answer's JSON. Raises ApiError. */
export async function request<T>(method: string, path: string, options: RequestOptions = {}): Promise<T> {
  const answer = await send(method, path, options)
  if (answer.status === 204) return undefined as T
  return readJson<T>(answer)
}

/** The JSON of an answer. A page of something else on the way (a hotel's log-in) is a transient failure. */
export async function readJson<T>(answer: Response): Promise<T> {
  if (!isJson(answer)) throw new ApiError('transient', answer.status)
  try {
    return (await answer.json()) as T
  } catch {
    throw new ApiError('offline', answer.status)
  }
}

async function attempt(url: string, method: string, options: RequestOptions): Promise<Response> {
  const abort = new AbortController()
  let late = false
  const timer = setTimeout(() => {
    late = true
    abort.abort()
  }, options.timeout_ms ?? TIMEOUT_MS)
  const stop = () => abort.abort()
  options.signal?.addEventListener('abort', stop)
  try {
    const answer = await fetch(url, {
      method,
      headers: headersOf(options),
      body: options.bytes ?? (options.body === undefined ? null : JSON.stringify(options.body)),
      credentials: 'same-origin',
      cache: 'no-store',
      signal: abort.signal,
    })
    // The body must arrive in time as well; a Response made of it can be read at leisure.
    const body = method === 'HEAD' || answer.status === 204 ? null : await answer.blob()
    return new Response(body, { status: answer.status, headers: answer.headers })
  } catch {
    throw new ApiError(late ? 'timeout' : 'offline')
  } finally {
    clearTimeout(timer)
    options.signal?.removeEventListener('abort', stop)
  }
}

function headersOf(options: RequestOptions): Record<string, string> {
  const headers: Record<string, string> = { Accept: 'application/json', ...options.headers }
  const language = typeof document === 'undefined' ? '' : document.documentElement.lang
  if (language) headers['Accept-Language'] = language
  if (options.body !== undefined) headers['Content-Type'] = 'application/json'
  return headers
}

function address(path: string, query: RequestOptions['query'] = {}): string {
  const words = new URLSearchParams()
  for (const [key, value] of Object.entries(query)) if (value !== undefined) words.set(key, String(value))
  const text = words.toString()
  return `${BASE}${path}${text ? `?${text}` : ''}`
}

function isJson(answer: Response): boolean {
  return (answer.headers.get('Content-Type') ?? '').includes('json')
}

/** The answer's problem; null where it was not our server that answered. */
async function problemOf(answer: Response): Promise<Problem | null> {
  if (!isJson(answer)) return null
  const body: unknown = await answer.json().catch(() => null)
  return isProblem(body) ? body : null
}

function kindOf(answer: Response, problem: Problem | null): FailureKind {
  const status = answer.status
  if (status === 413) return 'too_large'
  if (status === 408) return 'timeout'
  if (status === 429 || status >= 500) return 'transient'
  // Only our own server ends our session; a proxy on the way that wants a password does not.
  if (status === 401) return isJson(answer) ? 'auth' : 'transient'
  // A HEAD answer carries no body; its type says who wrote it.
  return problem !== null || isJson(answer) ? 'refused' : 'transient'
}

/** Retry-After in seconds, whichever of its two forms it has. */
function retryAfterS(answer: Response): number | null {
  const text = answer.headers.get('Retry-After')
  if (text === null) return null
  const seconds = /^\d+$/.test(text) ? Number(text) : (Date.parse(text) - Date.now()) / 1000
  return Number.isFinite(seconds) ? Math.max(0, seconds) : null
}
