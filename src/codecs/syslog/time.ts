/**
 * Times in syslog headers: RFC 3339 (RFC 5424, section 6.2.3), and what RFC 3164, section 4.1.2 has, with the year and
 * the fraction that some devices add.
 *
 *   2026-01-31T08:15:30.123456+01:00      Jan 31 08:15:30      Jan  1 2026 08:15:30.123
 */
import { parseTime, type Time } from '#codecs/event/time.ts'
import { type Bytes, latin1 } from '#std/bytes.ts'
import type { Zone } from './zone.ts'

/** A time without a year is not later than its arrival, but for a clock that is fast by this much. */
const AHEAD_MS_MAX = 7 * 86_400_000
const MONTHS = 'JanFebMarAprMayJunJulAugSepOctNovDec'
/** Digits of a fraction that count as part of a time. */
const FRACTION_DIGITS_MAX = 9

const SPACE = 0x20
const PLUS = 0x2b
const COMMA = 0x2c
const DASH = 0x2d
const DOT = 0x2e
const COLON = 0x3a
const UPPER_T = 0x54
const LOWER_T = 0x74
const UPPER_Z = 0x5a
const LOWER_Z = 0x7a

/** Position behind the date and time of RFC 3339 at `from`, its offset if it has one included; -1: there is none. */
export function isoTimeEnd(bytes: Bytes, from: number, to: number): number {
  if (to - from < 19 || !areDigits(bytes, from, 4) || bytes[from + 4] !== DASH || bytes[from + 7] !== DASH) return -1
  const separator = bytes[from + 10]
  if (separator !== UPPER_T && separator !== LOWER_T && separator !== SPACE) return -1
  const [month, day] = [number(bytes, from + 5), number(bytes, from + 8)]
  if (month < 1 || month > 12 || day < 1 || day > 31 || !isClock(bytes, from + 11)) return -1
  const at = fractionEnd(bytes, from + 19, to)
  if (at >= to) return at
  const mark = bytes[at]
  if (mark === UPPER_Z || mark === LOWER_Z) return at + 1
  if (mark !== PLUS && mark !== DASH) return at
  const minutes = at + 3 < to && bytes[at + 3] === COLON ? at + 4 : at + 3
  return minutes + 2 <= to && areDigits(bytes, at + 1, 2) && areDigits(bytes, minutes, 2) ? minutes + 2 : -1
}

/**
 * Whether the time that `isoTimeEnd` found is one of RFC 5424: upper case, an offset, at most six digits of a second,
 * no leap second.
 */
export function isStrictTime(bytes: Bytes, from: number, to: number): boolean {
  if (bytes[from + 10] !== UPPER_T || number(bytes, from + 17) > 59 || number(bytes, from + 11) > 23) return false
  const fraction = fractionEnd(bytes, from + 19, to)
  if (fraction > from + 19 && (bytes[from + 19] !== DOT || fraction > from + 26)) return false
  if (bytes[fraction] === UPPER_Z) return fraction + 1 === to
  return fraction + 6 === to && number(bytes, fraction + 1) <= 23 && number(bytes, fraction + 4) <= 59
}

/** Position behind `Mmm dd hh:mm:ss`, the year between and the fraction behind included; -1: there is none. */
export function bsdTimeEnd(bytes: Bytes, from: number, to: number): number {
  if (to - from < 14 || monthOf(bytes, from) === -1) return -1
  const clock = clockOf(bytes, from, to)
  return clock === -1 ? -1 : fractionEnd(bytes, clock + 8, to)
}

/**
 * Reads the time in [from, to), as one of the above found it, into `time`. A missing year is the latest that does not
 * make it a thing of the future; a missing zone is `zone`. False: there is no such day.
 */
export function readTime(bytes: Bytes, from: number, to: number, arrivalMs: number, zone: Zone, time: Time): boolean {
  const isIso = isDigit(bytes[from]!)
  if (isIso) {
    const text = latin1(bytes, from, to)
    if (!parseTime(text, 0, text.length, time)) return false
    if (fractionEnd(bytes, from + 19, to) === to) time.ms = zone.utcOf(time.ms)
    return true
  }
  const clock = clockOf(bytes, from, to)
  const month = monthOf(bytes, from)
  const day = dayOf(bytes, from)
  const clockMs = ((number(bytes, clock) * 60 + number(bytes, clock + 3)) * 60 + number(bytes, clock + 6)) * 1000
  const written = yearOf(bytes, from, clock)
  const ms = written === -1 ? latest(month, day, clockMs, arrivalMs, zone) : utcOf(written, month, day, clockMs, zone)
  if (Number.isNaN(ms) || ms < 0) return false
  let nanos = 0
  for (let at = clock + 9, worth = 100_000_000; at < to && worth >= 1; at++, worth /= 10)
    nanos += (bytes[at]! - 0x30) * worth
  time.ms = ms + Math.floor(nanos / 1_000_000)
  time.nanos = nanos % 1_000_000
  return true
}

function latest(month: number, day: number, clockMs: number, arrivalMs: number, zone: Zone): number {
  const year = new Date(arrivalMs).getUTCFullYear()
  // Four years further back for the 29th of February.
  for (let back = -1; back <= 4; back++) {
    const ms = utcOf(year - back, month, day, clockMs, zone)
    if (ms <= arrivalMs + AHEAD_MS_MAX) return ms
  }
  return Number.NaN
}

/** NaN where the month has no such day. */
function utcOf(year: number, month: number, day: number, clockMs: number, zone: Zone): number {
  const midnight = Date.UTC(year, month, day)
  return new Date(midnight).getUTCDate() === day ? zone.utcOf(midnight + clockMs) : Number.NaN
}

/** 0 for January. */
function monthOf(bytes: Bytes, from: number): number {
  for (let month = 0; month < 12; month++) {
    if (bytes[from] !== MONTHS.charCodeAt(3 * month)) continue
    if (bytes[from + 1] === MONTHS.charCodeAt(3 * month + 1) && bytes[from + 2] === MONTHS.charCodeAt(3 * month + 2))
      return month
  }
  return -1
}

/** The day of `Jan  1`, `Jan 01` or `Jan 1`. */
function dayOf(bytes: Bytes, from: number): number {
  const first = bytes[from + 4]! === SPACE ? 0 : bytes[from + 4]! - 0x30
  return isDigit(bytes[from + 5]!) ? 10 * first + bytes[from + 5]! - 0x30 : first
}

/** Position of `hh:mm:ss`, or -1: behind month and day, and the year, if there is one. */
function clockOf(bytes: Bytes, from: number, to: number): number {
  if (bytes[from + 3] !== SPACE) return -1
  const hasFirst = isDigit(bytes[from + 4]!)
  const hasSecond = isDigit(bytes[from + 5]!)
  if (!hasSecond && !hasFirst) return -1
  if (!hasFirst && bytes[from + 4] !== SPACE) return -1
  const day = dayOf(bytes, from)
  let at = from + (hasSecond ? 6 : 5)
  if (day < 1 || day > 31 || bytes[at] !== SPACE) return -1
  at++
  if (at + 5 < to && areDigits(bytes, at, 4) && bytes[at + 4] === SPACE) at += 5
  return at + 8 <= to && isClock(bytes, at) ? at : -1
}

/** The year between the day and the clock, or -1. */
function yearOf(bytes: Bytes, from: number, clock: number): number {
  return clock - from >= 11 ? 100 * number(bytes, clock - 5) + number(bytes, clock - 3) : -1
}

function isClock(bytes: Bytes, at: number): boolean {
  if (bytes[at + 2] !== COLON || bytes[at + 5] !== COLON) return false
  if (!areDigits(bytes, at, 2) || !areDigits(bytes, at + 3, 2) || !areDigits(bytes, at + 6, 2)) return false
  return number(bytes, at) <= 23 && number(bytes, at + 3) <= 59 && number(bytes, at + 6) <= 60
}

/** Behind the fraction at `from`, or `from` where there is none. */
function fractionEnd(bytes: Bytes, from: number, to: number): number {
  if (from + 1 >= to || (bytes[from] !== DOT && bytes[from] !== COMMA) || !isDigit(bytes[from + 1]!)) return from
  let at = from + 1
  while (at < to && isDigit(bytes[at]!) && at - from <= FRACTION_DIGITS_MAX) at++
  return at
}

/** The number that two digits make. */
function number(bytes: Bytes, at: number): number {
  return 10 * (bytes[at]! - 0x30) + bytes[at + 1]! - 0x30
}

function areDigits(bytes: Bytes, at: number, count: number): boolean {
  for (let i = at; i < at + count; i++) if (!isDigit(bytes[i]!)) return false
  return true
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39
}
