/**
 * Reads what an event says of itself: the one rule set by which records become what vendors call a log. A JSON object
 * keeps its fields, and the well-known ones (time, level, service, host, trace and span id, message) are recognised
 * wherever common loggers write them; any other record is a message and nothing else.
 *
 * One pass over the top-level members, and into an object only where a well-known name may stand in it.
 */

import { findValue, skipSpace, stringEnd, valueEnd } from '#codecs/json/field.ts'
import { isJsonObject } from '#codecs/json/validate.ts'
import { type Bytes, fromText, isUtf8, latin1, utf8 } from '#std/bytes.ts'
import type { Block } from '#telemetry/block.ts'
import { parseTime, type Time } from './time.ts'
import { type Path, WELL_KNOWN } from './well-known.ts'

export const eventFields = ['timestamp', 'level', 'service', 'host', 'trace_id', 'span_id', 'message'] as const
export type EventField = (typeof eventFields)[number]

/** Position of each well-known field in what the reader keeps. */
export const Slot = Object.fromEntries(eventFields.map((field, i) => [field, i])) as Readonly<
  Record<EventField, number>
>

const QUOTE = 0x22
const OPEN_BRACE = 0x7b
const OPEN_BRACKET = 0x5b
const COMMA = 0x2c
const NULL = 0x6e

/** Paths deeper than this are not followed; the table has none. */
const DEPTH_MAX = 3

/** What a key means where it stands. */
interface Key {
  /** A well-known field, or -1, and which of its places this is: the first in the table wins. */
  slot: number
  rank: number
  /** One of the caller's own names, or -1. */
  own: number
  inside: Map<string, Key> | undefined
}

export class EventReader {
  /** The record's text as UTF-8: the block's own bytes, or a repaired copy where those were not UTF-8. */
  bytes: Bytes = fromText('')
  /** The same, one character per byte: positions are the same in both. */
  text = ''
  from = 0
  to = 0
  /** It is a JSON object; otherwise the whole record is its message. */
  isObject = false
  /** When it happened: what the record says, or else when it arrived. */
  readonly time: Time = { ms: 0, nanos: 0 }
  /** `time` stands in the record. */
  timed = false
  /** By slot: [from, to) of the value, a string's without its quotes; -1 where there is none. */
  readonly starts = new Int32Array(eventFields.length)
  readonly ends = new Int32Array(eventFields.length)
  /** By slot: the value is a string, so its text is JSON-escaped. */
  readonly quoted = new Uint8Array(eventFields.length)
  /** [from, to) of the key, with its quotes, under which the message stands at the record's top; -1 where it does not. */
  messageKeyFrom = -1
  messageKeyTo = -1
  /** By index of the caller's names: the record has such a member at its top. */
  readonly has: Uint8Array
  /** By index of the caller's names, where `has` holds: [from, to) of the value, a string's with its quotes. */
  readonly ownStarts: Int32Array
  readonly ownEnds: Int32Array
  /** The same: where the key begins, with its quotes. */
  readonly ownKeys: Int32Array
  readonly #ranks = new Int32Array(eventFields.length)
  readonly #keys: Map<string, Key>
  #block: Block | undefined
  #blockText = ''
  #blockIsUtf8 = false

  /** `ownNames`: names of top-level members that the caller wants to know of. */
  constructor(ownNames: readonly string[] = []) {
    this.#keys = tableOf(ownNames)
    this.has = new Uint8Array(ownNames.length)
    this.ownStarts = new Int32Array(ownNames.length)
    this.ownEnds = new Int32Array(ownNames.length)
    this.ownKeys = new Int32Array(ownNames.length)
  }

  /** Call once before the records of a block are read, and again when its bytes have changed. */
  begin(block: Block): void {
    this.#block = block
    this.#blockText = block.textForFraming()
    this.#blockIsUtf8 = isUtf8(block.bytes, block.from, block.to)
  }

  /** Reads record `i`. What it finds holds until the next call. */
  read(i: number): void {
    const block = this.#block!
    const start = block.starts[i]!
    const end = block.ends[i]!
    this.starts.fill(-1)
    this.#ranks.fill(0x7fff_ffff)
    this.has.fill(0)
    this.timed = false
    this.messageKeyFrom = -1
    this.messageKeyTo = -1
    if (this.#blockIsUtf8 || isUtf8(block.bytes, start, end)) {
      this.bytes = block.bytes
      this.text = this.#blockText
      // The block's text begins where the block does; positions in bytes and text must agree.
      this.#shift = block.from
      this.from = start
      this.to = end
    } else {
      this.bytes = fromText(utf8(block.bytes, start, end))
      this.text = latin1(this.bytes, 0, this.bytes.length)
      this.#shift = 0
      this.from = 0
      this.to = this.bytes.length
    }
    this.isObject = isJsonObject(this.bytes, this.from, this.to)
    if (this.isObject) {
      const at = skipSpace(this.text, this.from - this.#shift, this.to - this.#shift)
      this.#walk(at, this.#keys, 1)
    } else {
      this.starts[Slot.message] = this.from
      this.ends[Slot.message] = this.to
      this.quoted[Slot.message] = 0
    }
    this.#readTime(block.context.arrivalMs)
  }

  #shift = 0

  /** The value of a field as text; undefined where there is none. For few records: it makes a string. */
  string(slot: number): string | undefined {
    const from = this.starts[slot]!
    if (from === -1) return undefined
    const raw = utf8(this.bytes, from, this.ends[slot]!)
    return this.quoted[slot] === 1 && raw.includes('\\') ? (JSON.parse(`"${raw}"`) as string) : raw
  }

  /**
   * The value at the first of `paths` (see `pathsOf`) where there is a string, a number or a boolean, as text. For few fields:
   * each call searches the record.
   */
  stringAt(paths: readonly Path[]): string | undefined {
    if (!this.isObject) return undefined
    for (const path of paths) {
      const value = findValue(this.text, this.from - this.#shift, this.to - this.#shift, path)
      if (value === undefined || value.kind === 'object' || value.kind === 'array' || value.kind === 'null') continue
      const raw = utf8(this.bytes, value.from + this.#shift, value.to + this.#shift)
      return value.kind === 'string' && raw.includes('\\') ? (JSON.parse(`"${raw}"`) as string) : raw
    }
    return undefined
  }

  /** The object at `at` is valid JSON; see `isJsonObject`. */
  #walk(at: number, keys: Map<string, Key>, depth: number): void {
    const { text } = this
    const end = this.to - this.#shift
    let position = skipSpace(text, at + 1, end)
    while (text.charCodeAt(position) === QUOTE) {
      const close = stringEnd(text, position, end)
      const value = skipSpace(text, skipSpace(text, close + 1, end) + 1, end)
      const stop = valueEnd(text, value, end)
      const key = keys.get(text.slice(position + 1, close))
      if (key !== undefined) this.#take(key, position, close, value, stop, depth)
      const next = skipSpace(text, stop, end)
      if (text.charCodeAt(next) !== COMMA) return
      position = skipSpace(text, next + 1, end)
    }
  }

  /** The key's quotes stand at `open` and `close`, its value at [value, stop). */
  #take(key: Key, open: number, close: number, value: number, stop: number, depth: number): void {
    if (key.own !== -1) {
      this.has[key.own] = 1
      this.ownKeys[key.own] = open + this.#shift
      this.ownStarts[key.own] = value + this.#shift
      this.ownEnds[key.own] = stop + this.#shift
    }
    const first = this.text.charCodeAt(value)
    if (first === OPEN_BRACE) {
      if (key.inside !== undefined && depth < DEPTH_MAX) this.#walk(value, key.inside, depth + 1)
      return
    }
    const { slot } = key
    if (slot === -1 || first === OPEN_BRACKET || first === NULL || key.rank >= this.#ranks[slot]!) return
    const quoted = first === QUOTE ? 1 : 0
    this.#ranks[slot] = key.rank
    this.quoted[slot] = quoted
    this.starts[slot] = value + quoted + this.#shift
    this.ends[slot] = stop - quoted + this.#shift
    if (slot !== Slot.message) return
    this.messageKeyFrom = depth === 1 ? open + this.#shift : -1
    this.messageKeyTo = depth === 1 ? close + 1 + this.#shift : -1
  }

  #readTime(arrivalMs: number): void {
    const from = this.starts[Slot.timestamp]!
    if (from !== -1) {
      this.timed = parseTime(this.text, from - this.#shift, this.ends[Slot.timestamp]! - this.#shift, this.time)
    }
    if (this.timed) return
    this.time.ms = arrivalMs
    this.time.nanos = 0
  }
}

function tableOf(ownNames: readonly string[]): Map<string, Key> {
  const top = new Map<string, Key>()
  eventFields.forEach((field, slot) => {
    WELL_KNOWN[field]!.forEach((path, rank) => {
      let keys = top
      path.forEach((name, i) => {
        const key = keyFor(keys, name)
        if (i < path.length - 1) {
          key.inside ??= new Map()
          keys = key.inside
        } else if (key.slot === -1) {
          key.slot = slot
          key.rank = rank
        }
      })
    })
  })
  ownNames.forEach((name, own) => {
    keyFor(top, name).own = own
  })
  return top
}

/** Keys are compared as they stand: one that is written with escapes is not recognised. */
function keyFor(keys: Map<string, Key>, name: string): Key {
  const bytes = fromText(name)
  const known = latin1(bytes, 0, bytes.length)
  let key = keys.get(known)
  if (key === undefined) {
    key = { slot: -1, rank: 0, own: -1, inside: undefined }
    keys.set(known, key)
  }
  return key
}
