/**
 * E-mail addresses as they are in use: letters, digits and `._%+-'` before the `@`, a host name with at least one dot behind
 * it; letters beyond ASCII in both (RFC 6531). RFC 5322 allows more, such as `=`, but `to=a@b.co` is a key and its value.
 */
import { type Detector, isAlphanumeric, isDigit, runEnd } from './detector.ts'

const LOCAL_MAX = 64
const DOMAIN_MAX = 255
const DOT = 0x2e
const DASH = 0x2d
const UNDERSCORE = 0x5f
const SPECIAL = new Set([..."._%+-'"].map((character) => character.charCodeAt(0)))

export const email: Detector = {
  next(text, from) {
    for (let at = text.indexOf('@', from); at !== -1; at = text.indexOf('@', at + 1)) {
      const start = localStart(text, at, from)
      const end = domainEnd(text, at + 1)
      if (start < at && end > at + 1) return { from: start, to: end }
    }
    return undefined
  },
}

function localStart(text: string, at: number, from: number): number {
  const first = Math.max(from, at - LOCAL_MAX)
  let start = at
  while (start > first && isLocal(text.charCodeAt(start - 1))) start--
  // Punctuation that leads into an address is not of it, nor is the rest of a character that began before.
  while (start < at && !beginsLocal(text.charCodeAt(start))) start++
  return text.charCodeAt(at - 1) === DOT ? at : start
}

function isLocal(code: number): boolean {
  return isAlphanumeric(code) || code >= 0x80 || SPECIAL.has(code)
}

/** Above 0x80 the first byte of a character in UTF-8, not one of the others. */
function beginsLocal(code: number): boolean {
  return isAlphanumeric(code) || code === UNDERSCORE || code >= 0xc0
}

/** Position behind the host name, or `from` when it is none. */
function domainEnd(text: string, from: number): number {
  let end = Math.min(runEnd(text, from, isDomain), from + DOMAIN_MAX)
  while (end > from && !isLabel(text.charCodeAt(end - 1))) end--
  const dot = lastDot(text, from, end)
  const isName = dot > from && end - dot > 2 && !isDigit(text.charCodeAt(dot + 1)) && isLabel(text.charCodeAt(from))
  return isName && !text.slice(from, end).includes('..') ? end : from
}

/** Position of the last dot of [from, end), or -1: `lastIndexOf` would run back to the last one of the block. */
function lastDot(text: string, from: number, end: number): number {
  let at = end - 1
  while (at >= from && text.charCodeAt(at) !== DOT) at--
  return at >= from ? at : -1
}

function isDomain(code: number): boolean {
  return isLabel(code) || code === DOT || code === DASH
}

function isLabel(code: number): boolean {
  return isAlphanumeric(code) || code >= 0x80
}
