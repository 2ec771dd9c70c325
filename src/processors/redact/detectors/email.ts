/** E-mail addresses in their common form: a dot-atom of RFC 5322 before the `@`, a host name with at least one dot behind it. */
import { type Detector, isAlphanumeric, isLetter, runEnd } from './detector.ts'

const LOCAL_MAX = 64
const DOMAIN_MAX = 255
const DOT = 0x2e
const DASH = 0x2d
const SPECIAL = new Set([...".!#$%&'*+/=?^_`{|}~-"].map((character) => character.charCodeAt(0)))

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
  // Punctuation that leads into an address is not of it: `to=/a@b.c`, `{a@b.c`.
  while (start < at && !isAlphanumeric(text.charCodeAt(start)) && text.charCodeAt(start) !== 0x5f) start++
  return text.charCodeAt(at - 1) === DOT ? at : start
}

function isLocal(code: number): boolean {
  return isAlphanumeric(code) || SPECIAL.has(code)
}

/** Position behind the host name, or `from` when it is none. */
function domainEnd(text: string, from: number): number {
  let end = Math.min(runEnd(text, from, isDomain), from + DOMAIN_MAX)
  while (end > from && !isAlphanumeric(text.charCodeAt(end - 1))) end--
  const dot = lastDot(text, from, end)
  const isName =
    dot > from && end - dot > 2 && isLetter(text.charCodeAt(dot + 1)) && isAlphanumeric(text.charCodeAt(from))
  return isName && !text.slice(from, end).includes('..') ? end : from
}

/** Position of the last dot of [from, end), or -1: `lastIndexOf` would run back to the last one of the block. */
function lastDot(text: string, from: number, end: number): number {
  let at = end - 1
  while (at >= from && text.charCodeAt(at) !== DOT) at--
  return at >= from ? at : -1
}

function isDomain(code: number): boolean {
  return isAlphanumeric(code) || code === DOT || code === DASH
}
