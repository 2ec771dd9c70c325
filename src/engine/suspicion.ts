/**
 * How careful the successor of a replaced engine must be. The first time a block stops an engine may be chance; a block
 * that stops two in a row is taken apart, in ever smaller pieces, until the record that does it stands alone and is
 * quarantined: one poison record must not hold a pipeline for ever.
 */
import { BLOCK_RECORDS_MAX } from '#telemetry/block.ts'
import type { Position } from './lane-memory.ts'
import type { Start } from './messages.ts'

const FIRST_PIECE_RECORDS = 256
const DIVISOR = 16

export class Suspicion {
  #position: Position | null = null
  #recordsMax = BLOCK_RECORDS_MAX
  #until: Position | null = null

  /** Whether the running engine works in small pieces, so that it need not be given long before it is replaced. */
  isCareful(position: Position): boolean {
    return this.#recordsMax < BLOCK_RECORDS_MAX && this.#until !== null && isBefore(position, this.#until)
  }

  /**
   * An engine was stopped at `position`; `published` is how far the wire had come. Says how its successor starts.
   */
  next(position: Position, published: Position): Start {
    const careful = this.isCareful(position)
    const again = this.#position !== null && isSame(this.#position, position)
    let quarantineNext = false
    if (careful && this.#recordsMax === 1) {
      quarantineNext = true
      this.#recordsMax = FIRST_PIECE_RECORDS
    } else if (careful) {
      this.#recordsMax = Math.max(1, Math.floor(this.#recordsMax / DIVISOR))
    } else if (again) {
      this.#recordsMax = FIRST_PIECE_RECORDS
      this.#until = published
    } else {
      this.#recordsMax = BLOCK_RECORDS_MAX
    }
    this.#position = position
    return { position, recordsMax: this.#recordsMax, until: this.#until ?? position, quarantineNext }
  }
}

function isSame(a: Position, b: Position): boolean {
  return a.ordinal === b.ordinal && a.entry === b.entry && a.offset === b.offset
}

export function isBefore(a: Position, b: Position): boolean {
  if (a.ordinal !== b.ordinal) return a.ordinal < b.ordinal
  if (a.entry !== b.entry) return a.entry < b.entry
  return a.offset < b.offset
}
