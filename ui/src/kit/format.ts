/** Figures as people read them: bytes in powers of 1024, money in its currency, times in the viewer's zone with UTC at hand. */
const BYTE_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB']
const COUNT_UNITS = ['', 'k', 'M', 'G', 'T']

/** `1.5 MiB`. Three digits that count, at least. */
export function bytes(value: number): string {
  const [scaled, unit] = scale(value, 1024, BYTE_UNITS)
  return `${digits(scaled)} ${unit}`
}

/** `12.3 k`; whole below ten thousand. */
export function count(value: number): string {
  if (Math.abs(value) < 10_000) return Number.isInteger(value) ? grouped.format(value) : digits(value)
  const [scaled, unit] = scale(value, 1000, COUNT_UNITS)
  return `${digits(scaled)} ${unit}`
}

/** All digits, in groups. */
export function exact(value: number): string {
  return grouped.format(value)
}

export function bytesPerSecond(value: number): string {
  return `${bytes(value)}/s`
}

export function countPerSecond(value: number): string {
  return `${count(value)}/s`
}

/** Of a share from 0 to 1. What is there is never shown as none, nor nearly all as all. */
export function percent(share: number): string {
  const value = share * 100
  if (!Number.isFinite(value)) return '–'
  if (value !== 0 && Math.abs(value) < 0.1) return value < 0 ? '> -0.1 %' : '< 0.1 %'
  if (value < 100 && value > 99.9) return '> 99.9 %'
  return `${Math.abs(value) >= 10 || value === 0 ? Math.round(value * 10) / 10 : Math.round(value * 100) / 100} %`
}

/** `1,234.50 USD` as the viewer's language writes it. Small amounts get the digits that they need. */
export function money(amount: number, currency: string): string {
  const fractions = amount !== 0 && Math.abs(amount) < 1 ? 4 : 2
  const options = { minimumFractionDigits: 2, maximumFractionDigits: fractions }
  try {
    return new Intl.NumberFormat(undefined, { style: 'currency', currency, ...options }).format(amount)
  } catch {
    return `${new Intl.NumberFormat(undefined, options).format(amount)} ${currency}`
  }
}

/** `3 min 20 s`: the two largest units. */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`
  const seconds = Math.floor(ms / 1000)
  const parts: [number, string][] = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'min'],
    [seconds % 60, 's'],
  ]
  const first = parts.findIndex(([value]) => value > 0)
  return parts
    .slice(first, first + 2)
    .filter(([value]) => value > 0)
    .map(([value, unit]) => `${value} ${unit}`)
    .join(' ')
}

/** `3 min ago`, `in 2 h`, `now`. */
export function ago(at: number, now: number): string {
  const ms = now - at
  if (Math.abs(ms) < 5000) return 'now'
  const largest = duration(Math.abs(ms)).split(' ').slice(0, 2).join(' ')
  return ms > 0 ? `${largest} ago` : `in ${largest}`
}

export function localTime(at: number): string {
  return local.format(at)
}

/** `16:20:45`: of today. */
export function clockTime(at: number): string {
  return clock.format(at)
}

/** `2026-11-21 16:20:45 UTC` */
export function utcTime(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')} UTC`
}

const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit' })
const grouped = new Intl.NumberFormat()
const local = new Intl.DateTimeFormat(undefined, {
  year: 'numeric',
  month: 'short',
  day: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
})

function scale(value: number, base: number, units: readonly string[]): [number, string] {
  let scaled = value
  let at = 0
  // 999.95 would be written as 1000.
  while (Math.abs(scaled) >= base * 0.99995 && at < units.length - 1) {
    scaled /= base
    at++
  }
  return [scaled, units[at]!]
}

function digits(value: number): string {
  const size = Math.abs(value)
  if (Number.isInteger(value)) return grouped.format(value)
  return String(
    size >= 100 ? Math.round(value) : size >= 10 ? Math.round(value * 10) / 10 : Math.round(value * 100) / 100,
  )
}

/** `1 gateway`, `2 gateways`. */
export function plural(number: number, word: string): string {
  return `${count(number)} ${word}${number === 1 ? '' : 's'}`
}

/** How much of the whole: from 0 to 1, also of nothing. */
export function share(part: number, whole: number): number {
  return whole > 0 ? Math.min(1, part / whole) : 0
}
