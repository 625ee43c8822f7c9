// The copy of one's own data, from the server into the phone's downloads.
import { send } from '../../kernel/http'

/** Years of records are gathered in one go. */
const TIMEOUT_MS = 180_000

/** Fetch the archive and hand it to the browser to save; the file's name. Raises ApiError. */
export async function downloadMyData(): Promise<string> {
  const answer = await send('POST', '/me/data/export', { timeout_ms: TIMEOUT_MS })
  const name = /filename="?([^";]+)"?/.exec(answer.headers.get('Content-Disposition') ?? '')?.[1] ?? 'storewalk-my-data.zip'
  const address = URL.createObjectURL(await answer.blob())
  const link = document.createElement('a')
  link.href = address
  link.download = name
  link.click()
  // The browser reads it after the click; a minute is enough to begin.
  setTimeout(() => URL.revokeObjectURL(address), 60_000)
  return name
}
