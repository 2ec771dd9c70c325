/**
 * Running totals of series whose points tell what came since the point before. What a request added is taken back when
 * it did not go through.
 */
import type { Bytes } from '#std/bytes.ts'
import { SeriesTable } from '../series-table.ts'

export class Totals {
  #values = new Float64Array(0)
  readonly #table: SeriesTable
  /** Since `begin`: slots, and what they held; NaN for one that was not there. */
  readonly #slots: number[] = []
  readonly #before: number[] = []

  constructor(seriesMax: number) {
    this.#table = new SeriesTable(seriesMax, (slots) => {
      const values = new Float64Array(slots)
      values.set(this.#values)
      this.#values = values
    })
  }

  get count(): number {
    return this.#table.count
  }

  /** A request begins; what was added before stays. */
  begin(): void {
    this.#slots.length = 0
    this.#before.length = 0
  }

  /** The total of the series whose labels stand in [from, to), with `value`. */
  add(bytes: Bytes, from: number, to: number, value: number): number {
    const slot = this.#table.take(bytes, from, to)
    this.#slots.push(slot)
    this.#before.push(this.#table.isNew ? Number.NaN : this.#values[slot]!)
    if (this.#table.isNew) this.#values[slot] = 0
    this.#values[slot]! += value
    return this.#values[slot]!
  }

  /** The series has ended: when it comes again it begins at nothing. */
  end(bytes: Bytes, from: number, to: number): void {
    const slot = this.#table.find(bytes, from, to)
    if (slot === -1) return
    this.#slots.push(slot)
    this.#before.push(this.#values[slot]!)
    this.#values[slot] = 0
  }

  /** Takes back all since `begin`. */
  undo(): void {
    for (let i = this.#slots.length - 1; i >= 0; i--) {
      const before = this.#before[i]!
      if (Number.isNaN(before)) this.#table.forget(this.#slots[i]!)
      else this.#values[this.#slots[i]!] = before
    }
    this.begin()
  }
}
