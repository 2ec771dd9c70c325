/**
 * Looks a MessagePack value through before it is used: where it ends, whether it is one, and which members of its maps
 * a later one with the same key supersedes. One pass, whatever is in it.
 */
import { type Bytes, isUtf8, utf8 } from '#std/bytes.ts'
import { Head, isNested, isSized, Kind, MALFORMED, PARTIAL, readHead } from './head.ts'
import { DEPTH_MAX } from './scanner.ts'

/** Up to this many keys of a map are compared with each other; of more, each is looked up. */
const COMPARED_MAX = 16
/** Keys up to this many bytes are looked at byte by byte. */
const SHORT_BYTES_MAX = 32
const NONE: ReadonlySet<number> = new Set()

export interface Examined {
  /** Position behind the value; -1 when it does not end before `to`, is none, or has an array or a map for a key. */
  end: number
  /** Positions of the keys whose member does not count. */
  superseded: ReadonlySet<number>
}

/** The text that a key stands for: itself, or what a number, a boolean or nil is written as. */
export function keyText(bytes: Bytes, at: number, to: number): string {
  const next = readHead(bytes, at, to, KEY)
  switch (KEY.kind) {
    case Kind.text:
    case Kind.binary:
    case Kind.extension:
      return utf8(bytes, next, next + KEY.length)
    case Kind.nil:
      return 'null'
    case Kind.boolean:
      return String(KEY.number === 1)
    default:
      return String(KEY.exact ?? KEY.number)
  }
}

/** Used only within one call. */
const KEY = new Head()

/** One for each decoder: it keeps its memory. */
export class Examiner {
  readonly #head = new Head()
  /**
   * By depth: values still to come; whether it is a map; where its keys begin in `#keys`; and its keys by text, if
   * there are many.
   */
  readonly #left = new Float64Array(DEPTH_MAX + 1)
  readonly #isMap = new Uint8Array(DEPTH_MAX + 1)
  readonly #first = new Int32Array(DEPTH_MAX + 1)
  readonly #texts: (Map<string, number> | undefined)[] = Array.from({ length: DEPTH_MAX + 1 }, () => undefined)
  /** Of the open maps with few keys, one behind the other: position, and [from, to) of the text. */
  readonly #keys = new Int32Array(3 * COMPARED_MAX * (DEPTH_MAX + 1))
  #keyCount = 0
  #superseded: Set<number> | undefined

  examine(bytes: Bytes, at: number, to: number): Examined {
    const head = this.#head
    this.#keyCount = 0
    this.#superseded = undefined
    let depth = 0
    let position = at
    this.#open(0, false, 1)
    for (;;) {
      while (this.#left[depth] === 0) {
        this.#keyCount = this.#first[depth]!
        this.#texts[depth] = undefined
        if (depth === 0) return { end: position, superseded: this.#superseded ?? NONE }
        depth--
      }
      const next = readHead(bytes, position, to, head)
      if (next === PARTIAL || next === MALFORMED) return this.#none(depth)
      const end = isSized(head.kind) ? next + head.length : next
      if (end > to) return this.#none(depth)
      const isKey = this.#isMap[depth] === 1 && this.#left[depth]! % 2 === 0
      this.#left[depth]!--
      if (isKey) {
        if (isNested(head.kind)) return this.#none(depth)
        this.#key(depth, bytes, position, next, end, to)
      }
      position = end
      if (!isNested(head.kind) || head.values === 0) continue
      if (depth === DEPTH_MAX || head.values > to - position) return this.#none(depth)
      depth++
      this.#open(depth, head.kind === Kind.map, head.values)
    }
  }

  #open(depth: number, isMap: boolean, values: number): void {
    this.#left[depth] = values
    this.#isMap[depth] = isMap ? 1 : 0
    this.#first[depth] = this.#keyCount
    this.#texts[depth] = isMap && values > 2 * COMPARED_MAX ? new Map() : undefined
  }

  /** What was found so far is not kept. */
  #none(depth: number): Examined {
    this.#texts.fill(undefined, 0, depth + 1)
    return { end: -1, superseded: NONE }
  }

  /** The head of the key stands at `position`, its text, if it is one, in [from, end). */
  #key(depth: number, bytes: Bytes, position: number, from: number, end: number, to: number): void {
    if (this.#texts[depth] === undefined && !(this.#head.kind === Kind.text && isText(bytes, from, end))) {
      this.#lookUpFromNowOn(depth, bytes, to)
    }
    const texts = this.#texts[depth]
    if (texts !== undefined) {
      const text = keyText(bytes, position, to)
      const earlier = texts.get(text)
      if (earlier !== undefined) this.#supersede(earlier)
      texts.set(text, position)
      return
    }
    const keys = this.#keys
    for (let k = this.#first[depth]!; k < this.#keyCount; k++) {
      if (!isSame(bytes, keys[3 * k + 1]!, keys[3 * k + 2]!, from, end)) continue
      this.#supersede(keys[3 * k]!)
      keys[3 * k] = position
      return
    }
    const k = this.#keyCount++
    keys[3 * k] = position
    keys[3 * k + 1] = from
    keys[3 * k + 2] = end
  }

  #lookUpFromNowOn(depth: number, bytes: Bytes, to: number): void {
    const texts = new Map<string, number>()
    for (let k = this.#first[depth]!; k < this.#keyCount; k++) {
      const position = this.#keys[3 * k]!
      texts.set(keyText(bytes, position, to), position)
    }
    this.#keyCount = this.#first[depth]!
    this.#texts[depth] = texts
  }

  #supersede(position: number): void {
    this.#superseded ??= new Set()
    this.#superseded.add(position)
  }
}

function isText(bytes: Bytes, from: number, to: number): boolean {
  if (to - from > SHORT_BYTES_MAX) return isUtf8(bytes, from, to)
  for (let at = from; at < to; at++) if (bytes[at]! >= 0x80) return isUtf8(bytes, from, to)
  return true
}

function isSame(bytes: Bytes, a: number, aTo: number, b: number, bTo: number): boolean {
  if (aTo - a !== bTo - b) return false
  for (let i = 0; i < aTo - a; i++) if (bytes[a + i] !== bytes[b + i]) return false
  return true
}
