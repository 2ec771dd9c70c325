/** Bytes that many holders share, so that the sum of what they hold has one bound, whatever their number. */
export class ByteBudget {
  readonly max: number
  #used = 0
  constructor(max: number) {
    this.max = max
  }
  get used(): number {
    return this.#used
  }
  /** False: there are not that many left, and nothing was taken. */
  take(bytes: number): boolean {
    if (this.#used + bytes > this.max) return false
    this.#used += bytes
    return true
  }
  giveBack(bytes: number): void {
    this.#used -= bytes
  }
}
