/** One sample window, and the sums that estimates over it are made from. */

/** What a window is, and the sums over all of its sample. */
export class Stratum {
  readonly seenRecords: number
  readonly seenBytes: number
  /** What a month is to this window's time. */
  readonly monthFactor: number
  n = 0
  x = 0
  xx = 0

  constructor(seen: { records: number; bytes: number }, monthFactor: number) {
    this.seenRecords = seen.records
    this.seenBytes = seen.bytes
    this.monthFactor = monthFactor
  }

  /** Once for each record of the sample. */
  add(bytesIn: number): void {
    this.n++
    this.x += bytesIn
    this.xx += bytesIn * bytesIn
  }

  /** 1 less the share that was drawn. */
  get rest(): number {
    return this.seenRecords > this.n ? 1 - this.n / this.seenRecords : 0
  }

  /** Records that the window stands for: never fewer than were drawn. */
  get records(): number {
    return Math.max(this.seenRecords, this.n)
  }

  /** Bytes that one sampled byte stands for. */
  get bytesPerByte(): number {
    return this.x > 0 && this.seenBytes > 0 ? Math.max(this.seenBytes, this.x) / this.x : this.weight
  }

  get weight(): number {
    return this.n > 0 ? this.records / this.n : 0
  }
}

/**
 * Sums of one quantity over the sample of one window: `c` records (or a difference, -1 to 1), `y` bytes, `x` the
 * bytes in.
 */
export interface Sums {
  hits: number
  /** Bytes in of the records that count. */
  x: number
  c: number
  cc: number
  y: number
  yy: number
  xy: number
  cy: number
  cx: number
}

/** One window's part of a quantity. */
export interface Part {
  stratum: Stratum
  sums: Sums
  /** 1, or what a month is to the window's time. */
  scale: number
}

export const NOTHING: Sums = { hits: 0, x: 0, c: 0, cc: 0, y: 0, yy: 0, xy: 0, cy: 0, cx: 0 }
