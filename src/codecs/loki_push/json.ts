/**
 * Push requests of Loki in JSON (grafana.com/docs/loki, POST /loki/api/v1/push).
 *
 *   {"streams":[{"stream":{"app":"web"},"values":[["1700000000000000000","line",{"trace_id":"7"}], …]}, …]}
 */
import { skipSpace, valueEnd } from '#codecs/json/members.ts'
import { allocate, type Bytes, latin1 } from '#std/bytes.ts'
import type { PushWalker } from './push.ts'

const QUOTE = 0x22
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d
const COLON = 0x3a
const COMMA = 0x2c
/** Keys that mean something are shorter. */
const KEY_BYTES_MAX = 16
/** More digits are no nanoseconds of our time. */
const DIGITS_MAX = 20
const NANOS_DIGITS = 9

export class JsonPush implements PushWalker {
  #bytes: Bytes = allocate(0)
  #to = 0
  /** Where the next stream, entry or pair is looked for. */
  #streamAt = 0
  #entryAt = 0
  #pairAt = 0
  broken = false
  labelsFrom = 0
  labelsTo = 0
  streamFrom = 0
  entryFrom = 0
  entryEnd = 0
  seconds = Number.NaN
  nanos = 0
  lineFrom = 0
  lineTo = 0
  nameFrom = 0
  nameTo = 0
  valueFrom = 0
  valueTo = 0

  begin(bytes: Bytes, from: number, to: number): boolean {
    this.#bytes = bytes
    this.#to = to
    this.broken = false
    const streams = this.#member(this.#skip(from), 'streams')
    if (streams === -1 || bytes[streams] !== OPEN_BRACKET) return false
    this.#streamAt = streams + 1
    this.#entryAt = -1
    return true
  }

  nextStream(at: number): boolean {
    const bytes = this.#bytes
    if (this.#entryAt !== -1) this.#streamAt = this.#behindStream()
    for (;;) {
      const from = this.#element(this.#streamAt)
      if (from === -1) return false
      this.streamFrom = from
      if (at > from) {
        const end = valueEnd(bytes, from, this.#to)
        if (end !== -1 && end <= at) {
          this.#streamAt = end
          continue
        }
      }
      const values = this.#member(from, 'values')
      const labels = this.#member(from, 'stream')
      if (values === -1 || bytes[values] !== OPEN_BRACKET) return this.#break()
      this.labelsFrom = labels === -1 ? 0 : labels
      this.labelsTo = labels === -1 ? 0 : valueEnd(bytes, labels, this.#to)
      if (labels !== -1 && (bytes[labels] !== OPEN_BRACE || this.labelsTo === -1)) return this.#break()
      this.#entryAt = values + 1
      return true
    }
  }

  streamEnd(): number {
    return valueEnd(this.#bytes, this.streamFrom, this.#to)
  }

  nextEntry(at: number): boolean {
    if (at > this.#entryAt) this.#entryAt = at
    const from = this.#element(this.#entryAt)
    if (from === -1) return false
    const end = valueEnd(this.#bytes, from, this.#to)
    if (end === -1) return this.#break()
    this.entryFrom = from
    this.entryEnd = end
    this.#entryAt = end
    return this.#readEntry(from, end) || this.#break()
  }

  nextMetadata(): boolean {
    const bytes = this.#bytes
    if (this.#pairAt === -1) return false
    const name = this.#skip(this.#pairAt)
    if (bytes[name] !== QUOTE) return false
    const nameTo = valueEnd(bytes, name, this.entryEnd)
    const colon = this.#skip(nameTo)
    const value = this.#skip(colon + 1)
    const valueTo = valueEnd(bytes, value, this.entryEnd)
    if (nameTo === -1 || bytes[colon] !== COLON || valueTo === -1 || bytes[value] !== QUOTE) return this.#break()
    this.nameFrom = name
    this.nameTo = nameTo
    this.valueFrom = value
    this.valueTo = valueTo
    const next = this.#skip(valueTo)
    this.#pairAt = bytes[next] === COMMA ? next + 1 : -1
    return true
  }

  #break(): false {
    this.broken = true
    return false
  }

  #skip(at: number): number {
    return skipSpace(this.#bytes, at, this.#to)
  }

  /**
   * Position of the next element of an array, from behind its bracket or behind the element before; -1 at its end, or
   * `broken`.
   */
  #element(at: number): number {
    const bytes = this.#bytes
    let position = this.#skip(at)
    if (position < this.#to && bytes[position] === COMMA) position = this.#skip(position + 1)
    return position >= this.#to || bytes[position] === CLOSE_BRACKET ? -1 : position
  }

  /** Position of the value with this key in the object at `at`; -1 when there is none. The value need not be whole. */
  #member(at: number, name: string): number {
    const bytes = this.#bytes
    if (at >= this.#to || bytes[at] !== OPEN_BRACE) return -1
    let position = this.#skip(at + 1)
    while (position < this.#to && bytes[position] === QUOTE) {
      const keyEnd = valueEnd(bytes, position, this.#to)
      if (keyEnd === -1) return -1
      const colon = this.#skip(keyEnd)
      if (colon >= this.#to || bytes[colon] !== COLON) return -1
      const value = this.#skip(colon + 1)
      if (keyEnd - position <= KEY_BYTES_MAX && latin1(bytes, position + 1, keyEnd - 1) === name) return value
      const end = valueEnd(bytes, value, this.#to)
      if (end === -1) return -1
      const comma = this.#skip(end)
      if (bytes[comma] !== COMMA) return -1
      position = this.#skip(comma + 1)
    }
    return -1
  }

  /** Position behind the stream whose entries were read up to `#entryAt`. */
  #behindStream(): number {
    const bytes = this.#bytes
    let at = this.#entryAt
    for (let element = this.#element(at); element !== -1; element = this.#element(at)) {
      at = valueEnd(bytes, element, this.#to)
      if (at === -1) return this.#to
    }
    at = this.#skip(at)
    if (bytes[at] === COMMA) at = this.#skip(at + 1)
    // Behind the bracket that closes the values, members may follow.
    at = this.#skip(at + 1)
    while (at < this.#to && bytes[at] === COMMA) {
      const keyEnd = valueEnd(bytes, this.#skip(at + 1), this.#to)
      const end = keyEnd === -1 ? -1 : valueEnd(bytes, this.#skip(this.#skip(keyEnd) + 1), this.#to)
      if (end === -1) return this.#to
      at = this.#skip(end)
    }
    return at < this.#to && bytes[at] === CLOSE_BRACE ? at + 1 : this.#to
  }

  /** `["<nanoseconds>", "<line>", {metadata}]` */
  #readEntry(from: number, end: number): boolean {
    const bytes = this.#bytes
    if (bytes[from] !== OPEN_BRACKET) return false
    const time = this.#skip(from + 1)
    const timeTo = bytes[time] === QUOTE ? valueEnd(bytes, time, end) : -1
    if (timeTo === -1 || !this.#readTime(time + 1, timeTo - 1)) return false
    const line = this.#next(timeTo)
    const lineTo = line !== -1 && bytes[line] === QUOTE ? valueEnd(bytes, line, end) : -1
    if (lineTo === -1) return false
    this.lineFrom = line
    this.lineTo = lineTo
    const metadata = this.#next(lineTo)
    this.#pairAt = -1
    if (metadata === -1) return bytes[this.#skip(lineTo)] === CLOSE_BRACKET
    if (bytes[metadata] !== OPEN_BRACE) return false
    this.#pairAt = metadata + 1
    return true
  }

  /** Behind a comma; -1 where there is none. */
  #next(at: number): number {
    const comma = this.#skip(at)
    return this.#bytes[comma] === COMMA ? this.#skip(comma + 1) : -1
  }

  #readTime(from: number, to: number): boolean {
    const digits = latin1(this.#bytes, from, Math.min(to, from + DIGITS_MAX + 1))
    if (!/^\d{1,20}$/.test(digits)) return false
    this.seconds = Number(digits.slice(0, -NANOS_DIGITS))
    this.nanos = Number(digits.slice(-NANOS_DIGITS))
    return true
  }
}
