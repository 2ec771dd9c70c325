/** A source's way into the node: picks the lane, applies the overflow policy, keeps the source's books. */
import type { Intake, IntakeEntry, Overflow, Receipt } from '#component/source.ts'
import type { SourceLedger } from '#observe/books.ts'
import type { Clock } from '#std/clock.ts'
import { ENTRY_BYTES_MAX } from './intake-writer.ts'
import type { Lane } from './lane.ts'

/**
 * A source whose policy is `block` waits from here on, well below the point at which rules would be skipped: who asks for
 * backpressure prefers waiting to unfiltered records. It is asked again below the second mark.
 */
export const BLOCK_AT_PRESSURE = 0.5
export const ROOM_AT_PRESSURE = 0.25

export interface DoorKeeper {
  lanes: readonly Lane[]
  /** Makes room by giving up the oldest records that no engine has begun. False: there are none. */
  overwriteOldest(lane: Lane): boolean
  /** Counts records that found no room at all. */
  countOverwritten(
    sourceSlot: number,
    entry: IntakeEntry,
    head: Uint8Array | null,
    body: Uint8Array,
    from: number,
    to: number,
  ): void
  /** Something was put; a chance to look at the pressure and at bypasses. */
  arrived(lane: Lane): void
}

export class Door implements Intake {
  readonly entryBytesMax = ENTRY_BYTES_MAX
  readonly #keeper: DoorKeeper
  readonly #slot: number
  readonly #overflow: Overflow
  readonly #ledger: SourceLedger
  readonly #clock: Clock
  #callbacks: (() => void)[] = []

  constructor(keeper: DoorKeeper, slot: number, overflow: Overflow, ledger: SourceLedger, clock: Clock) {
    this.#keeper = keeper
    this.#slot = slot
    this.#overflow = overflow
    this.#ledger = ledger
    this.#clock = clock
  }

  put(entry: IntakeEntry, head: Uint8Array | null, body: Uint8Array, from: number, to: number): boolean {
    const lane = this.#laneOf(entry.origin)
    if (this.#overflow === 'block' && lane.intake.pressure >= BLOCK_AT_PRESSURE) return false
    const arrivalMs = this.#clock.wall()
    while (!lane.put(this.#slot, entry, arrivalMs, head, body, from, to)) {
      if (this.#overflow === 'block') return false
      if (!this.#keeper.overwriteOldest(lane)) {
        this.#keeper.countOverwritten(this.#slot, entry, head, body, from, to)
        break
      }
    }
    this.#ledger.entries++
    this.#ledger.bytes += (head === null ? 0 : head.length) + to - from
    if (entry.truncated === true) this.#ledger.truncated++
    this.#keeper.arrived(lane)
    return true
  }

  onRoom(callback: () => void): void {
    this.#callbacks.push(callback)
  }

  follow(origin: number): Receipt {
    const lane = this.#laneOf(origin)
    const from = lane.intake.published()
    return { safe: () => lane.safety.wait(from, lane.intake.published()) }
  }

  #laneOf(origin: number): Lane {
    const { lanes } = this.#keeper
    return lanes.length === 1 ? lanes[0]! : lanes[(origin >>> 0) % lanes.length]!
  }

  /** Called when records have left the intake. */
  offerRoom(): void {
    if (this.#callbacks.length === 0) return
    for (const lane of this.#keeper.lanes) if (lane.intake.pressure > ROOM_AT_PRESSURE) return
    const callbacks = this.#callbacks
    this.#callbacks = []
    for (const callback of callbacks) callback()
  }
}
