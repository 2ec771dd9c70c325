/**
 * Searches for patterns of fixed length, such as `\d{3}-\d{2}-\d{4}`, by their rarest character: V8 tries such a pattern
 * at every digit of the text, this looks only around the dashes. Half the time of the regular expression on log lines.
 */
import type { Block } from './block.ts'

export class ShapeSearch {
  readonly #shape: readonly Uint8Array[]
  readonly #anchor: string
  readonly #anchorAt: number
  /** Positions to check, the most telling first. */
  readonly #order: readonly number[]

  private constructor(shape: readonly Uint8Array[], anchorAt: number) {
    const choices = (position: number) => shape[position]!.reduce((sum, fits) => sum + fits, 0)
    this.#shape = shape
    this.#anchorAt = anchorAt
    this.#anchor = String.fromCharCode(shape[anchorAt]!.indexOf(1))
    this.#order = shape
      .map((_, position) => position)
      .filter((position) => position !== anchorAt)
      .sort((a, b) => choices(a) - choices(b))
  }

  /** Undefined when the shape has no punctuation character to look for. */
  static of(shape: readonly Uint8Array[]): ShapeSearch | undefined {
    const anchorAt = shape.findIndex(
      (fits) => fits.reduce((sum, one) => sum + one, 0) === 1 && isPunctuation(fits.indexOf(1)),
    )
    return anchorAt === -1 ? undefined : new ShapeSearch(shape, anchorAt)
  }

  get length(): number {
    return this.#shape.length
  }

  /** Calls `found` with the record and the byte offset of each match that lies in a selected record. Matches do not overlap. */
  eachMatch(block: Block, found: (record: number, from: number) => void): void {
    const text = block.text()
    const { from, starts, ends, selection, count } = block
    const length = this.#shape.length
    let record = 0
    let free = 0
    for (let hit = text.indexOf(this.#anchor); hit !== -1; hit = text.indexOf(this.#anchor, hit + 1)) {
      const start = hit - this.#anchorAt
      if (start < free || !this.#fits(text, start)) continue
      record = block.recordAt(start + from, record)
      if (record === count) return
      if (start + from < starts[record]! || start + from + length > ends[record]!) continue
      if (selection[record] === 1) found(record, start + from)
      free = start + length
    }
  }

  #fits(text: string, start: number): boolean {
    const shape = this.#shape
    const order = this.#order
    for (let i = 0; i < order.length; i++) {
      const position = order[i]!
      // Behind the end of the text this is NaN, which no table holds.
      if (shape[position]![text.charCodeAt(start + position)] !== 1) return false
    }
    return true
  }
}

/** Letters and digits are too common to look for first. */
function isPunctuation(code: number): boolean {
  return code > 0x20 && code < 0x7f && !/[A-Za-z0-9]/.test(String.fromCharCode(code))
}
