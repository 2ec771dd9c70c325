/** Which parts of a log are settled, when they settle in any order: how far everything before is. */
import type { Position } from './frame.ts'

export class Settlement {
  /** Everything before it is settled. */
  reached: Position
  /** Settled parts beyond it, by where they begin. */
  readonly #beyond = new Map<number, { from: Position; to: Position }>()

  constructor(from: Position) {
    this.reached = from
  }

  /** [from, to) is settled. Parts do not overlap, and each begins where another ends. */
  settle(from: Position, to: Position): void {
    if (to.records <= this.reached.records) return
    this.#beyond.set(from.records, { from, to })
    for (let next = this.#beyond.get(this.reached.records); next !== undefined; ) {
      this.#beyond.delete(this.reached.records)
      this.reached = next.to
      next = this.#beyond.get(this.reached.records)
    }
  }

  /** How much is settled beyond `reached`. */
  get beyond(): Position {
    const sum = { records: 0, bytes: 0 }
    for (const { from, to } of this.#beyond.values()) {
      sum.records += to.records - from.records
      sum.bytes += to.bytes - from.bytes
    }
    return sum
  }
}
