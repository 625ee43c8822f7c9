// Files of the stock screens: tables to take away, pictures to keep.
import { sha256Hex } from '@/kernel/hash'
import { ApiProblem, OFFLINE, UNREADABLE, url } from '../api'
import { language } from '../i18n'

/** Ask for a table as a file, and hand it to the browser. Raises ApiProblem. */
export async function download(table: string, format: 'csv' | 'xlsx', filters: object): Promise<void> {
  const said = Object.fromEntries(Object.entries(filters).filter(([, value]) => value !== null && value !== ''))
  await downloadFrom('/stock/export', { ...said, table, format }, `${table}.${format}`)
}

/** Post a body to a path that answers with a file, and hand that to the browser under a name. Raises ApiProblem. */
export async function downloadFrom(path: string, body: object, name: string): Promise<void> {
  const answer = await send(path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'Accept-Language': language() },
    body: JSON.stringify(body),
  })
  const address = URL.createObjectURL(await answer.blob())
  const link = Object.assign(document.createElement('a'), { href: address, download: name })
  link.click()
  setTimeout(() => { URL.revokeObjectURL(address) }, 10_000)
}

const LONGEST_SIDE = 800

/** A picture, made small and uploaded under its hash, which is returned. Raises ApiProblem. */
export async function uploadPicture(file: File): Promise<string> {
  const bytes = await small(file)
  const sha256 = await sha256Hex(bytes)
  await send(`/uploads/${sha256}`, {
    method: 'PATCH', headers: { 'Upload-Offset': '0', 'Upload-Length': String(bytes.byteLength) }, body: bytes,
  })
  return sha256
}

async function small(file: File): Promise<ArrayBuffer> {
  const picture = await createImageBitmap(file).catch(() => {
    throw new ApiProblem({ code: UNREADABLE }, 0)
  })
  const scale = Math.min(1, LONGEST_SIDE / Math.max(picture.width, picture.height))
  const canvas = document.createElement('canvas')
  canvas.width = Math.max(1, Math.round(picture.width * scale))
  canvas.height = Math.max(1, Math.round(picture.height * scale))
  const context = canvas.getContext('2d')
  if (!context) throw new ApiProblem({ code: UNREADABLE }, 0)
  // JPEG knows no transparency: what would be black is white.
  context.fillStyle = '#fff'
  context.fillRect(0, 0, canvas.width, canvas.height)
  context.drawImage(picture, 0, 0, canvas.width, canvas.height)
  picture.close()
  const blob = await new Promise<Blob | null>((resolve) => { canvas.toBlob(resolve, 'image/jpeg', 0.85) })
  if (!blob) throw new ApiProblem({ code: UNREADABLE }, 0)
  return blob.arrayBuffer()
}

async function send(path: string, init: RequestInit): Promise<Response> {
  const answer = await fetch(url(path), { credentials: 'same-origin', ...init }).catch(() => {
    throw new ApiProblem({ code: OFFLINE }, 0)
  })
  if (answer.ok) return answer
  throw new ApiProblem((await answer.json().catch(() => ({ code: UNREADABLE }))) as { code: string }, answer.status)
}
