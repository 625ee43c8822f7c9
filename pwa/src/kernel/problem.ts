// What can go wrong on the way to the server, in a form that code can decide on and a screen can show.

/** The body of every error of the API (RFC 9457). */
export interface Problem {
  type: string
  /** Stable: code decides by it, screens may translate it. */
  code: string
  title: string
  status: number
  /** What the person can do. */
  detail: string
  field?: string
  errors?: { field: string; code?: string; message: string }[]
  params?: Record<string, unknown>
}

/**
 * `offline`: nobody answered. `transient`: somebody answered that it fails now (5xx, 429, a hotel's log-in
 * page). `timeout`: no answer in time. `auth`: the session is missing or has ended. `too_large`: 413.
 * `refused`: the server will not take this request, now or later.
 */
export type FailureKind = 'offline' | 'transient' | 'timeout' | 'auth' | 'too_large' | 'refused'

/** A request that did not succeed. */
export class ApiError extends Error {
  override readonly name = 'ApiError'

  constructor(
    readonly kind: FailureKind,
    readonly status: number = 0,
    readonly problem: Problem | null = null,
    /** Seconds the server asked to wait, or null. */
    readonly retryAfterS: number | null = null,
    /** The answer's headers, where there was one. */
    readonly headers: Headers | null = null,
  ) {
    super(problem ? `${problem.code}: ${problem.title}` : `${kind} (${status})`)
  }
}

/** True for a body that is a problem of the API, and not the error page of something on the way. */
export function isProblem(body: unknown): body is Problem {
  return (
    typeof body === 'object' && body !== null && 'code' in body && typeof body.code === 'string' &&
    'title' in body && typeof body.title === 'string'
  )
}

/** A problem that the phone itself finds; screens have words for its code. */
export function localProblem(code: string, params: Record<string, unknown> = {}): Problem {
  return { type: `/problems/${code}`, code, title: code, status: 0, detail: '', params }
}
