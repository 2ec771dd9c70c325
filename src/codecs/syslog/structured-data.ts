/**
 * Walks through structured data (RFC 5424, section 6.3):
 *
 *   STRUCTURED-DATA = NILVALUE / 1*SD-ELEMENT
 *   SD-ELEMENT      = "[" SD-ID *(SP SD-PARAM) "]"
 *   SD-PARAM        = PARAM-NAME "=" %d34 PARAM-VALUE %d34    ; in a value  "  \  ]  are escaped by a backslash
 *
 * It takes what senders write beside that: names above 32 bytes, more than one space, a `]` in a value without its
 * backslash. A backslash before any other character is a backslash (section 6.3.3).
 */
import { type Bytes, fromText } from '#std/bytes.ts'

/** What a call of `next` has come to. */
export const Step = { ELEMENT: 0, PARAMETER: 1, END: 2, BROKEN: 3 } as const
export type Step = (typeof Step)[keyof typeof Step]

const SPACE = 0x20
const QUOTE = 0x22
const EQUALS = 0x3d
const OPEN = 0x5b
const BACKSLASH = 0x5c
const CLOSE = 0x5d

export class StructuredData {
  /** Behind what has been read. At `END`: behind the last bracket. */
  at = 0
  /** [from, to) of the element's id, and of the parameter's name and value; a value without its quotes. */
  idFrom = 0
  idTo = 0
  nameFrom = 0
  nameTo = 0
  valueFrom = 0
  valueTo = 0
  /** The value has a backslash in it. */
  escaped = false
  #bytes: Bytes = fromText('')
  #to = 0
  #inside = false

  /** [from, to) of `bytes` begins with the first bracket; it may go on behind the last. */
  begin(bytes: Bytes, from: number, to: number): void {
    this.#bytes = bytes
    this.at = from
    this.#to = to
    this.#inside = false
  }

  next(): Step {
    const bytes = this.#bytes
    const to = this.#to
    if (this.#inside) {
      const isSpaced = this.at < to && bytes[this.at] === SPACE
      while (this.at < to && bytes[this.at] === SPACE) this.at++
      if (this.at >= to) return Step.BROKEN
      if (bytes[this.at] !== CLOSE) return isSpaced ? this.#parameter() : Step.BROKEN
      this.at++
      this.#inside = false
    }
    if (this.at >= to || bytes[this.at] !== OPEN) return Step.END
    this.idFrom = this.at + 1
    this.idTo = this.#nameEnd(this.idFrom)
    this.at = this.idTo
    this.#inside = true
    return this.idTo === this.idFrom ? Step.BROKEN : Step.ELEMENT
  }

  #parameter(): Step {
    const bytes = this.#bytes
    const to = this.#to
    this.nameFrom = this.at
    this.nameTo = this.#nameEnd(this.at)
    const open = this.nameTo + 1
    if (this.nameTo === this.nameFrom || open >= to) return Step.BROKEN
    if (bytes[this.nameTo] !== EQUALS || bytes[open] !== QUOTE) return Step.BROKEN
    this.valueFrom = open + 1
    this.escaped = false
    let read = this.valueFrom
    while (read < to && bytes[read] !== QUOTE) {
      if (bytes[read] === BACKSLASH) {
        this.escaped = true
        read++
      }
      read++
    }
    if (read >= to) return Step.BROKEN
    this.valueTo = read
    this.at = read + 1
    return Step.PARAMETER
  }

  /** SD-NAME: printable ASCII without `=`, space, `]` and `"`. */
  #nameEnd(from: number): number {
    const bytes = this.#bytes
    let at = from
    for (; at < this.#to; at++) {
      const byte = bytes[at]!
      if (byte <= SPACE || byte >= 0x7f || byte === EQUALS || byte === CLOSE || byte === QUOTE) break
    }
    return at
  }
}

/** Position behind the structured data that begins with a bracket at `from`; -1: it is none. */
export function structuredDataEnd(bytes: Bytes, from: number, to: number): number {
  walker.begin(bytes, from, to)
  for (;;) {
    const step = walker.next()
    if (step === Step.END) return walker.at
    if (step === Step.BROKEN) return -1
  }
}

const walker = new StructuredData()

/** What the text of a value, or its bytes as text, stands for. */
export function unescaped(value: string): string {
  return value.replace(/\\(["\\\]])/g, '$1')
}
