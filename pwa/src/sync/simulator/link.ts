// The network between a phone's run and the server, with the faults of the script.
import type { Id } from '../../db/types'
import { ApiError, localProblem } from '../../kernel/problem'
import type { ModelServer } from '../model-server'
import type { Transport } from '../transport'
import type { Actor, Scheduler } from './scheduler'
import type { Fault } from './script'

/** Where a link belongs to. */
export interface Ends {
  server: ModelServer
  scheduler: Scheduler
  actor: Actor
  /** Whose phone it is. */
  owner: Id
  /** Whom the phone's cookie belongs to. */
  session: { of: Id | null }
  /** Another person who may log in on this phone. */
  visitor: Id
  /** Copies that arrive at some later time. */
  late: Late[]
  faultAt(request: number): Fault | undefined
  /** A fault that really happened. */
  happened(what: string): void
  /** The page ends; `power`: with the whole phone. */
  die(power: boolean): Promise<never>
}

/** A request on its way; `pause` is awaited between the server's steps. */
export type Late = (pause: () => Promise<void>) => Promise<unknown>

type Send<T> = (server: Transport) => Promise<T>

/** The transport of one run. `names` takes the requests down. */
export function linkOf(ends: Ends, names: string[]): Transport {
  const ask = <T>(name: string, send: Send<T>, change: Change<T> = {}) => {
    names.push(name)
    return request(ends, names.length - 1, send, change)
  }
  return {
    me: () => ask('me', (server) => server.me()),
    push(body) {
      const sent = structuredClone(body)
      return ask('push', (server) => server.push(structuredClone(sent)), {
        answer(answer, { what }) {
          if (what === 'shuffled') answer.results.reverse()
          if (what === 'short') answer.results.pop()
        },
      })
    },
    pull: (cursor) => ask('pull', (server) => server.pull(cursor, 7)),
    uploadStatus: (sha256) => ask('head', (server) => server.uploadStatus(sha256)),
    uploadFrom: (sha256, offset, length, rest) => ask('patch', (server) => server.uploadFrom(sha256, offset, length, rest), {
      cut: async (server, { what, n }) => {
        const bytes = new Uint8Array(await rest.arrayBuffer())
        const part = bytes.slice(0, Math.floor(n * bytes.length))
        if (what === 'damage' && part.length > 0) part[0] = 255 - (part[0] ?? 0)
        return server.uploadFrom(sha256, offset, length, new Blob([part]))
      },
    }),
  }
}

interface Change<T> {
  /** The answer is another one. */
  answer?(answer: T, fault: Fault): void
  /** Only part of it arrives, or what was not sent. */
  cut?: (server: Transport, fault: Fault) => Promise<T>
}

async function request<T>(ends: Ends, at: number, send: Send<T>, change: Change<T>): Promise<T> {
  await ends.actor.pause()
  const fault = ends.faultAt(at)
  if (!fault) return serve(ends, send)
  ends.happened(fault.what)
  const { what, n } = fault
  switch (what) {
    case 'lost':
      throw new ApiError(n < 0.5 ? 'offline' : 'timeout')
    case 'crash':
    case 'power':
      return ends.die(what === 'power')
    case 'failing':
      throw new ApiError('transient', 503, localProblem('unavailable'), 3)
    case 'garbled':
      throw new ApiError('transient', 200)
    case 'unanswered':
      await serve(ends, send).catch(() => undefined)
      throw new ApiError(n < 0.5 ? 'offline' : 'timeout')
    case 'gave_up':
      begin(ends, send)
      throw new ApiError('timeout')
    case 'crash_after':
      begin(ends, send)
      return ends.die(n < 0.5)
    case 'twice':
      if (n < 0.5) begin(ends, send)
      else await serve(ends, send).catch(() => undefined)
      return serve(ends, send)
    case 'again_later':
      ends.late.push(later(ends, send))
      return serve(ends, send)
    case 'only_later':
      ends.late.push(later(ends, send))
      throw new ApiError('timeout')
    case 'cut':
    case 'damage': {
      const { cut } = change
      if (!cut) throw new ApiError('offline')
      await serve(ends, (server) => cut(server, fault)).catch(() => undefined)
      throw new ApiError(n < 0.5 ? 'offline' : 'timeout')
    }
    case 'visitor': {
      // Somebody else is logged in, in another tab, for this one request.
      const before = ends.session.of
      ends.session.of = ends.visitor
      return serve(ends, send).finally(() => {
        ends.session.of = before
      })
    }
    case 'log_out':
      ends.session.of = n < 0.5 ? null : ends.visitor
      return serve(ends, send)
    case 'sweep':
      ends.server.sweep()
      return serve(ends, send)
    case 'stumble':
      return serve(ends, send, { stumbles: (opId) => digit(opId) < n })
    case 'restart':
      return serve(ends, send, { diesAt: Math.floor(n * 5) })
    default: {
      const answer = await serve(ends, send)
      change.answer?.(answer, fault)
      return answer
    }
  }
}

/** 0 to 1, out of the time in an id: the rest of it is random, and another one at each play. */
function digit(opId: Id): number {
  return ((parseInt(opId.slice(0, 8), 16) + parseInt(opId.slice(9, 13), 16)) % 97) / 97
}

interface Troubles { stumbles?(opId: Id): boolean; diesAt?: number }

/** Wait for the answer. The server goes on with it whatever becomes of the phone. */
async function serve<T>(ends: Ends, send: Send<T>, troubles: Troubles = {}): Promise<T> {
  const job = begin(ends, send, troubles)
  await ends.actor.until(job.actor)
  return job.answer()
}

function begin<T>(ends: Ends, send: Send<T>, troubles: Troubles = {}): { actor: Actor; answer(): T } {
  let answer: () => T = () => {
    throw new ApiError('offline')
  }
  // The cookie goes with the request: who logs in later does not change whose it is.
  const who = ends.session.of
  let pauses = 0
  const actor = ends.scheduler.spawn('request', async (job) => {
    const server = ends.server.transport({
      person: ends.owner,
      who: () => who,
      async pause() {
        if (pauses++ === troubles.diesAt) ends.server.restart(0.5)
        await job.pause()
      },
      ...(troubles.stumbles ? { stumbles: troubles.stumbles } : {}),
    })
    try {
      const found = await send(server)
      answer = () => found
    } catch (error) {
      answer = () => {
        throw error
      }
    }
  })
  return { actor, answer: () => answer() }
}

/** The same request, to arrive another time. */
function later<T>(ends: Ends, send: Send<T>): Late {
  const who = ends.session.of
  return (pause) => send(ends.server.transport({ person: ends.owner, who: () => who, pause }))
}
