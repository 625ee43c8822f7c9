// @vitest-environment node
// What the server really answers to a file on its way (tests/contract/uploads.json).
import { afterEach, describe, expect, it, vi } from 'vitest'
import { answerWith, exchange, storiesOf, type Exchange } from './contract-files'
import { createTransport } from './transport'
import { sendFile } from './uploads'

const transport = createTransport('rep')
afterEach(() => {
  vi.unstubAllGlobals()
})

describe('a file', () => {
  const stories = storiesOf('uploads')

  async function upload(story: string, file: Exchange[], ...names: string[]) {
    const exchanges = names.map((name) => exchange(stories[story], name))
    const bytes = file.map((one) => new Uint8Array(Buffer.from(one.request.base64 ?? '', 'base64')))
    const sha256 = exchanges[0]?.request.path.split('/').at(-1) ?? ''
    const asked = answerWith(...exchanges)
    const end = await sendFile(transport, sha256, new Blob(bytes), async () => undefined)
    for (const [at, one] of exchanges.entries()) {
      expect(asked[at]).toMatchObject({ method: one.request.method, path: one.request.path })
      const offset = one.request.headers?.['Upload-Offset'] ?? null
      expect(asked[at]?.headers.get('Upload-Offset') ?? null).toBe(offset)
    }
    expect(asked).toHaveLength(exchanges.length)
    return end
  }

  const part = (story: string, name: string) => exchange(stories[story], name)

  it('goes whole, and is not sent again when it is there', async () => {
    const file = [part('whole', 'all of it')]
    await expect(upload('whole', file, 'unknown', 'all of it')).resolves.toEqual({ complete: true })
    await expect(upload('whole', file, 'complete')).resolves.toEqual({ complete: true })
  })

  it('goes on where the server stands', async () => {
    const file = [part('resumed', 'the first half, before the link broke'), part('resumed', 'the rest')]
    await expect(upload('resumed', file, 'where it stands', 'the rest')).resolves.toEqual({ complete: true })
  })

  it('takes the true offset from the refusal', async () => {
    const names = ['unknown', 'from the beginning', 'from where it stands']
    const file = [part('from a wrong offset', 'from the beginning')]
    await expect(upload('from a wrong offset', file, ...names)).resolves.toEqual({ complete: true })
  })

  it('starts anew when it was damaged on the way', async () => {
    const names = ['unknown', 'damaged', 'nothing is kept', 'once more']
    const file = [part('damaged on the way', 'once more')]
    await expect(upload('damaged on the way', file, ...names)).resolves.toEqual({ complete: true })
  })

  it.each([['too large', 'too_large'], ['more than announced', 'length_mismatch']])(
    'ends with a problem where sending again cannot help: %s',
    async (name, code) => {
      const end = await upload('refused', [part('refused', 'more than announced')], 'unknown', name)
      expect(end).toMatchObject({ complete: false, problem: { code } })
    },
  )
})
