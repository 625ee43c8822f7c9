// Numbers and times as a person reads them, in the language on screen.
import { language } from './i18n'

const KILO = 1024

const formats = new Map<string, Intl.DateTimeFormat>()

/** A formatter, made once: making one costs a cheap phone milliseconds, and a list asks for dozens. */
function dates(locale: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = locale + JSON.stringify(options)
  let format = formats.get(key)
  if (!format) formats.set(key, (format = new Intl.DateTimeFormat(locale, options)))
  return format
}

/** "85 m", "1.3 km" / "85 米", "1.3 公里". Never more exact than the reading is. */
export function metres(value: number): string {
  const zh = language() === 'zh-CN'
  if (value < 1000) return `${Math.round(value)} ${zh ? '米' : 'm'}`
  const km = value / 1000
  return `${km < 100 ? km.toFixed(1) : Math.round(km)} ${zh ? '公里' : 'km'}`
}

/** A length of time in the two largest units that matter: "3 min", "1 h 20 min", "2 d". */
export function duration(seconds: number): string {
  const [min, hour, day, sec] = language() === 'zh-CN' ? ['分钟', '小时', '天', '秒'] : ['min', 'h', 'd', 's']
  const s = Math.max(0, Math.floor(seconds))
  if (s < 60) return `${s} ${sec}`
  const minutes = Math.floor(s / 60)
  if (minutes < 60) return `${minutes} ${min}`
  const hours = Math.floor(minutes / 60)
  if (hours >= 48) return `${Math.floor(hours / 24)} ${day}`
  return minutes % 60 === 0 ? `${hours} ${hour}` : `${hours} ${hour} ${minutes % 60} ${min}`
}

/** "12:05", or "1:02:05" from an hour on: a running clock. */
export function stopwatch(seconds: number): string {
  const s = Math.max(0, Math.floor(seconds))
  const two = (n: number) => String(n).padStart(2, '0')
  const rest = `${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`
  return s < 3600 ? rest : `${Math.floor(s / 3600)}:${rest}`
}

/** "340 KB", "2.4 MB". */
export function bytes(value: number): string {
  if (value < KILO) return `${value} B`
  if (value < KILO * KILO) return `${Math.round(value / KILO)} KB`
  if (value < KILO ** 3) return `${(value / KILO ** 2).toFixed(1)} MB`
  return `${(value / KILO ** 3).toFixed(1)} GB`
}

/** "17:05" in the organisation's zone. */
export function clockTime(at: string, timeZone: string): string {
  return dates(language(), { hour: '2-digit', minute: '2-digit', hour12: false, timeZone }).format(
    new Date(at),
  )
}

/** "11/23 17:05" (zh) or "23 Nov, 17:05" (en) in the organisation's zone; with the year when it is another one. */
export function dayTime(at: string, timeZone: string, now: Date = new Date()): string {
  const then = new Date(at)
  const options: Intl.DateTimeFormatOptions = { hour: '2-digit', minute: '2-digit', hour12: false, timeZone, day: 'numeric' }
  if (then.getFullYear() !== now.getFullYear()) options.year = 'numeric'
  return dates(language() === 'en' ? 'en-GB' : 'zh-CN', {
    ...options,
    month: language() === 'en' ? 'short' : 'numeric',
  }).format(then)
}

/** Today as a heading: "11月23日 星期一" / "Monday 23 November". */
export function longDay(at: Date, timeZone: string): string {
  return dates(language() === 'en' ? 'en-GB' : 'zh-CN', {
    month: 'long', day: 'numeric', weekday: 'long', timeZone,
  }).format(at)
}
