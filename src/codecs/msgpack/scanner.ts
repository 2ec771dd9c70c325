/**
 * Finds where a MessagePack value ends, of which only a part may be there yet. Each head is looked at once, however the
 * bytes come in, and nothing is set aside for what a head promises.
 */
import type { Bytes } from '#std/bytes.ts'
import { Head, isNested, isSized, MALFORMED, PARTIAL, readHead } from './head.ts'

/** Arrays and maps inside each other. */
export const DEPTH_MAX = 64

/** What `scan` says instead of a length, beside `PARTIAL` and `MALFORMED`. */
export const TOO_LARGE = -3

export class ValueScanner {
  readonly #bytesMax: number
  readonly #head = new Head()
  /** By depth: values still to come. */
  readonly #left = new Float64Array(DEPTH_MAX + 1)
  #depth = 0
  /** Bytes of the value that have been looked at. */
  #seen = 0
  /** The value has this many bytes at least, as far as is known. */
  #least = 1

  /** `bytesMax`: values that must become longer are `TOO_LARGE`, as soon as that is known. */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
    this.begin()
  }

  /** The next bytes are of another value. */
  begin(): void {
    this.#depth = 0
    this.#left[0] = 1
    this.#seen = 0
    this.#least = 1
  }

  get least(): number {
    return this.#least
  }

  /**
   * Goes on with the value that begins at `from`, of which the bytes up to `to` are there: at least those of the call
   * before. Returns its length when it is complete.
   */
  scan(bytes: Bytes, from: number, to: number): number {
    const head = this.#head
    let at = from + this.#seen
    for (;;) {
      while (this.#left[this.#depth] === 0) {
        if (this.#depth === 0) return at - from
        this.#depth--
      }
      let end = readHead(bytes, at, to, head)
      if (end === MALFORMED) return MALFORMED
      if (end === PARTIAL) return this.#wait(at + 1 - from)
      if (isSized(head.kind)) end += head.length
      if (end - from > this.#bytesMax) return TOO_LARGE
      if (end > to) return this.#wait(end - from)
      this.#left[this.#depth]!--
      at = end
      this.#seen = at - from
      if (!isNested(head.kind) || head.values === 0) continue
      // Each of them takes a byte at least.
      if (this.#seen + head.values > this.#bytesMax) return TOO_LARGE
      if (this.#depth === DEPTH_MAX) return MALFORMED
      this.#depth++
      this.#left[this.#depth] = head.values
    }
  }

  #wait(least: number): number {
    if (least > this.#bytesMax) return TOO_LARGE
    this.#least = least
    return PARTIAL
  }
}

/**
 * Position behind the whole value at `at`, or -1 when there is none that ends before `to`. For values that are there.
 */
export function skipValue(bytes: Bytes, at: number, to: number): number {
  SKIPPING.begin()
  const length = SKIPPING.scan(bytes, at, to)
  return length < 0 ? -1 : at + length
}

/** Used only within one call. */
const SKIPPING = new ValueScanner(Number.POSITIVE_INFINITY)
