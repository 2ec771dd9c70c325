/** Where a body is cut, so that each piece fits into an entry: between records, as late as possible. */

/** [from, to) of the body. */
export interface Range {
  from: number
  to: number
}

/** Goes through a body record by record, so that its caller can let others have their turn in between. */
export interface Scan {
  /** How far it has come. */
  readonly at: number
  /** What is to be taken so far. */
  readonly pieces: Pieces
  /** Looks at the next record. False: there is none, or it cannot go on. */
  next(): boolean
}

export class Pieces {
  readonly ranges: Range[] = []
  records = 0
  readonly #bytesMax: number

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  /** The next record, behind those before. False: it fits into no piece, and is in none. */
  add(from: number, to: number): boolean {
    if (to - from > this.#bytesMax) return false
    const last = this.ranges.at(-1)
    if (last !== undefined && to - last.from <= this.#bytesMax) last.to = to
    else this.ranges.push({ from, to })
    this.records++
    return true
  }
}
