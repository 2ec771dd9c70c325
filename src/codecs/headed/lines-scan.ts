/** Looks through a body of lines. */
import { type Bytes, indexOfByte, NEWLINE } from '#std/bytes.ts'
import { Pieces, type Scan } from './pieces.ts'

export class LinesScan implements Scan {
  at = 0
  readonly pieces: Pieces
  /** A line fits into no piece. */
  tooLarge = false
  readonly #bytes: Bytes

  constructor(bytes: Bytes, pieceBytesMax: number) {
    this.#bytes = bytes
    this.pieces = new Pieces(pieceBytesMax)
  }

  next(): boolean {
    const { length } = this.#bytes
    if (this.at === length) return false
    const newline = indexOfByte(this.#bytes, NEWLINE, this.at, length)
    const end = newline === -1 ? length : newline + 1
    this.tooLarge = !this.pieces.add(this.at, end)
    this.at = end
    return !this.tooLarge
  }
}
