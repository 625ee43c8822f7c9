// @vitest-environment node
import { describe, expect, it } from 'vitest'
import { sha256Hex } from '../kernel/hash'
import { ApiError, localProblem } from '../kernel/problem'
import { ModelServer } from './model-server'
import type { Transport } from './transport'
import { sendFile } from './uploads'

const BYTES = new Uint8Array(1000).map((_, at) => at % 251)
const FILE = new Blob([BYTES])
const SHA = await sha256Hex(BYTES)

interface Told { from: number; bytes: number }

/** A server that runs `before` ahead of each PATCH, and the PATCHes it got. */
function serverWith(before: (server: ModelServer, patch: number) => void = () => undefined) {
  const server = new ModelServer([], () => new Date(0))
  server.session = 'rep'
  const real = server.transport()
  const patches: Told[] = []
  const transport: Transport = {
    ...real,
    async uploadFrom(sha256, offset, length, rest) {
      patches.push({ from: offset, bytes: rest.size })
      before(server, patches.length)
      return real.uploadFrom(sha256, offset, length, rest)
    },
  }
  const send = (file: Blob = FILE) => sendFile(transport, SHA, file, async () => undefined)
  return { server, patches, send, kept: () => server.files.get(`rep ${SHA}`) }
}

describe('an upload', () => {
  it('goes in one body, and is complete when the server says so', async () => {
    const { send, patches, kept } = serverWith()
    await expect(send()).resolves.toEqual({ complete: true })
    expect(patches).toEqual([{ from: 0, bytes: 1000 }])
    expect(kept()).toMatchObject({ complete: true, bytes: BYTES })
  })

  it('goes on where a broken link left it', async () => {
    const { send, patches, kept } = serverWith((server, patch) => {
      if (patch > 1) return
      server.appendPart(SHA, 0, BYTES.slice(0, 400))
      throw new ApiError('offline')
    })
    await expect(send()).rejects.toMatchObject({ kind: 'offline' })
    await expect(send()).resolves.toEqual({ complete: true })
    expect(patches).toEqual([{ from: 0, bytes: 1000 }, { from: 400, bytes: 600 }])
    expect(kept()?.bytes).toEqual(BYTES)
  })

  it('sends nothing when it was complete and only the answer got lost', async () => {
    const { send, patches } = serverWith()
    await send()
    await expect(send()).resolves.toEqual({ complete: true })
    expect(patches).toHaveLength(1)
  })

  it('takes the true offset from a 409', async () => {
    const { send, patches } = serverWith((server, patch) => {
      if (patch === 1) server.appendPart(SHA, 0, BYTES.slice(0, 250))
    })
    await expect(send()).resolves.toEqual({ complete: true })
    expect(patches).toEqual([{ from: 0, bytes: 1000 }, { from: 250, bytes: 750 }])
  })

  it('asks again when another tab finished it in between', async () => {
    const { send, kept } = serverWith((server, patch) => {
      if (patch > 1) return
      const file = server.files.get(`rep ${SHA}`)
      if (file) Object.assign(file, { bytes: BYTES, complete: true })
      throw new ApiError('refused', 409, localProblem('offset_mismatch'), null, new Headers({ 'Upload-Offset': '0' }))
    })
    await expect(send()).resolves.toEqual({ complete: true })
    expect(kept()?.complete).toBe(true)
  })

  it('starts anew when bytes were damaged on the way', async () => {
    const { send, patches } = serverWith((server, patch) => {
      if (patch > 1) return
      server.appendPart(SHA, 0, new Uint8Array(600))
      throw new ApiError('refused', 409, localProblem('offset_mismatch'), null, new Headers({ 'Upload-Offset': '600' }))
    })
    await expect(send()).resolves.toEqual({ complete: true })
    expect(patches.map((one) => one.from)).toEqual([0, 600, 0])
  })

  it('fails for good when the bytes on the phone are not what was hashed', async () => {
    const { send, kept } = serverWith()
    await expect(send(new Blob([new Uint8Array(1000)]))).resolves.toMatchObject({ complete: false, problem: { code: 'bytes_damaged' } })
    expect(kept()?.complete).toBe(false)
  })

  it.each<[string, ApiError, string]>([
    ['a file too large', new ApiError('too_large', 413, localProblem('too_large')), 'too_large'],
    ['a refusal', new ApiError('refused', 422, localProblem('length_mismatch')), 'length_mismatch'],
  ])('is parked after %s', async (_why, error, code) => {
    const { send } = serverWith(() => {
      throw error
    })
    await expect(send()).resolves.toMatchObject({ complete: false, problem: { code } })
  })

  it('does not go on for ever with a server that never agrees', async () => {
    const { send, patches } = serverWith((_server, patch) => {
      throw new ApiError('refused', 409, null, null, new Headers({ 'Upload-Offset': String(patch) }))
    })
    await expect(send()).resolves.toEqual({ complete: false, problem: null })
    expect(patches.length).toBeLessThan(10)
  })
})
