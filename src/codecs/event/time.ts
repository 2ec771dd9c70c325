/** Times as logs write them: RFC 3339 and its looser relatives, or a number of seconds, milli-, micro- or nanoseconds. */

/** Unix time: milliseconds, and the nanoseconds (0 to 999,999) beyond them. */
export interface Time {
  ms: number
  nanos: number
}

/** From here on a number is milliseconds, microseconds, nanoseconds: as seconds it would be the year 5138 or later. */
const MILLISECONDS_FROM = 1e11
const MICROSECONDS_FROM = 1e14
const NANOSECONDS_FROM = 1e17
/** What fits into the signed 64 bits of nanoseconds that vendors count in: the year 2262. */
const MS_MAX = 9_223_372_036_854

const DASH = 0x2d
const COLON = 0x3a
const DOT = 0x2e
const COMMA = 0x2c
const PLUS = 0x2b
const UPPER_T = 0x54
const LOWER_T = 0x74
const UPPER_Z = 0x5a
const LOWER_Z = 0x7a
const SPACE = 0x20

/** Reads [from, to) of `text` into `time`. False: it is no time that we know, and `time` is as it was. */
export function parseTime(text: string, from: number, to: number, time: Time): boolean {
  if (to - from > 64) return false
  return isNumber(text, from, to) ? parseEpoch(text, from, to, time) : parseDate(text, from, to, time)
}

function isNumber(text: string, from: number, to: number): boolean {
  let dots = 0
  for (let at = from; at < to; at++) {
    const code = text.charCodeAt(at)
    if (code === DOT) dots++
    else if (!isDigit(code)) return false
  }
  return to > from && dots <= 1
}

function parseEpoch(text: string, from: number, to: number, time: Time): boolean {
  const dot = text.indexOf('.', from)
  const whole = dot === -1 || dot >= to ? to : dot
  const value = Number(text.slice(from, whole))
  // Digits that a double would round: whole milliseconds and what is beyond them are read apart.
  const digits = whole - from
  if (value >= NANOSECONDS_FROM)
    return set(time, Number(text.slice(from, whole - 6)), Number(text.slice(whole - 6, whole)))
  if (value >= MICROSECONDS_FROM)
    return set(time, Number(text.slice(from, whole - 3)), Number(text.slice(whole - 3, whole)) * 1000)
  const fraction = whole < to ? text.slice(whole + 1, to) : ''
  if (value >= MILLISECONDS_FROM) return set(time, value, digitsOf(fraction, 0, 6))
  if (digits === 0) return false
  return set(time, value * 1000 + digitsOf(fraction, 0, 3), digitsOf(fraction, 3, 6))
}

/** `length` digits of a fraction from `from` on, with zeros where it has none. */
function digitsOf(fraction: string, from: number, length: number): number {
  let value = 0
  for (let i = from; i < from + length; i++) {
    const code = fraction.charCodeAt(i)
    value = value * 10 + (isDigit(code) ? code - 0x30 : 0)
  }
  return value
}

/** `2026-01-31T08:15:30.123456789+02:00`: a space for the `T`, a comma for the dot, no colon in the offset, or none at all (UTC). */
function parseDate(text: string, from: number, to: number, time: Time): boolean {
  if (to - from < 19) return false
  const year = number(text, from, 4)
  const month = number(text, from + 5, 2)
  const day = number(text, from + 8, 2)
  const hour = number(text, from + 11, 2)
  const minute = number(text, from + 14, 2)
  const second = number(text, from + 17, 2)
  if (year < 0 || month < 1 || month > 12 || day < 1 || day > 31 || hour < 0 || hour > 24) return false
  if (minute < 0 || minute > 59 || second < 0 || second > 60) return false
  const separator = text.charCodeAt(from + 10)
  if (separator !== UPPER_T && separator !== LOWER_T && separator !== SPACE) return false
  if (text.charCodeAt(from + 4) !== DASH || text.charCodeAt(from + 7) !== DASH) return false
  if (text.charCodeAt(from + 13) !== COLON || text.charCodeAt(from + 16) !== COLON) return false
  let at = from + 19
  let fraction = 0
  const mark = text.charCodeAt(at)
  if (at < to && (mark === DOT || mark === COMMA)) {
    let places = 0
    for (at++; at < to && isDigit(text.charCodeAt(at)); at++) {
      if (places++ < 9) fraction = fraction * 10 + text.charCodeAt(at) - 0x30
    }
    for (; places < 9; places++) fraction *= 10
  }
  const offsetMinutes = parseOffset(text, at, to)
  if (Number.isNaN(offsetMinutes)) return false
  const ms = Date.UTC(year, month - 1, day, hour, minute, second) - offsetMinutes * 60_000
  return set(time, ms + Math.floor(fraction / 1_000_000), fraction % 1_000_000)
}

/** Minutes east of UTC of `Z`, `+02:00`, `+0200`, `+02` or nothing; NaN for anything else. */
function parseOffset(text: string, from: number, to: number): number {
  let at = from
  while (at < to && text.charCodeAt(at) === SPACE) at++
  if (at === to) return 0
  const first = text.charCodeAt(at)
  if (first === UPPER_Z || first === LOWER_Z) return at + 1 === to ? 0 : Number.NaN
  if (first !== PLUS && first !== DASH) return Number.NaN
  const hours = number(text, at + 1, 2)
  const colon = text.charCodeAt(at + 3) === COLON ? 1 : 0
  const short = at + 3 === to
  const minutes = short ? 0 : number(text, at + 3 + colon, 2)
  if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59) return Number.NaN
  if (!short && at + 5 + colon !== to) return Number.NaN
  return (first === DASH ? -1 : 1) * (hours * 60 + minutes)
}

/** A number of exactly `length` digits, or -1. */
function number(text: string, from: number, length: number): number {
  let value = 0
  for (let at = from; at < from + length; at++) {
    const code = text.charCodeAt(at)
    if (!isDigit(code)) return -1
    value = value * 10 + code - 0x30
  }
  return value
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39
}

function set(time: Time, ms: number, nanos: number): boolean {
  if (!(ms >= 0 && ms <= MS_MAX)) return false
  time.ms = ms
  time.nanos = nanos
  return true
}
