/**
 * Who waits to hear that what they have put into a lane is safe: handed to every output of its pipelines, and on disk where
 * those outputs write what they take. What rules have ended counts as safe, for its fate is decided.
 */
import type { Delivery } from './delivery.ts'
import type { Position } from './lane-memory.ts'
import { isBefore } from './suspicion.ts'

/** Entries from `from` on, up to before `to`. */
interface Waiting {
  from: Position
  to: Position
  settle(safe: boolean): void
}

export class Safety {
  #waiting: Waiting[] = []

  wait(from: Position, to: Position): Promise<boolean> {
    return new Promise((settle) => this.#waiting.push({ from, to, settle }))
  }

  /** The outputs have taken over everything before `position`. */
  reached(position: Position, deliveries: readonly Delivery[]): void {
    if (this.#waiting.length === 0) return
    this.#take(({ to }) => !isBefore(position, to), deliveries)
  }

  /** A segment went past the engine; what stood in it has been handed over. */
  passed(ordinal: number, deliveries: readonly Delivery[]): void {
    if (this.#waiting.length === 0) return
    this.#take(({ from, to }) => from.ordinal >= ordinal && lastOrdinal(to) <= ordinal, deliveries)
  }

  /** What stood in a segment was given up. */
  gaveUp(ordinal: number): void {
    const concerned = this.#waiting.filter(({ from, to }) => from.ordinal <= ordinal && lastOrdinal(to) >= ordinal)
    if (concerned.length === 0) return
    this.#waiting = this.#waiting.filter((waiting) => !concerned.includes(waiting))
    for (const { settle } of concerned) settle(false)
  }

  #take(isDone: (waiting: Waiting) => boolean, deliveries: readonly Delivery[]): void {
    const done = this.#waiting.filter(isDone)
    if (done.length === 0) return
    this.#waiting = this.#waiting.filter((waiting) => !done.includes(waiting))
    let left = deliveries.length + 1
    let allSafe = true
    const synced = (safe: boolean) => {
      left--
      allSafe &&= safe
      if (left === 0) for (const { settle } of done) settle(allSafe)
    }
    for (const delivery of deliveries) delivery.onSynced(synced)
    synced(true)
  }
}

/** `to` is the position behind the last entry, which may be the beginning of a segment that has none yet. */
function lastOrdinal(to: Position): number {
  return to.entry === 0 ? to.ordinal - 1 : to.ordinal
}
