/** Taps that run for the controller: few, each for a while, and gone with the connection. A slow one misses records. */
import type { ObservedRecord, TapBatch, TapSelection } from '#contract/observation.ts'
import type { Clock, Timer } from '#std/clock.ts'
import { asJson } from './node-messages.ts'
import type { Letter } from './outbox.ts'

export const TAPS_MAX = 8
export const TAP_MS_MAX = 600_000
/** Records of one message; what is above counts as skipped. */
export const TAP_BYTES_MAX = 1024 * 1024

const REASON_CHARACTERS_MAX = 1_000

export interface TapHandle {
  stop(): void
}
/** Calls `sink` now and then until it is stopped. Throws, or rejects, when the selection cannot be. */
export type OpenTap = (selection: TapSelection, sink: (batch: TapBatch) => void) => TapHandle | Promise<TapHandle>

interface Tap {
  id: string
  timer: Timer
  /** Undefined while it is being opened. */
  handle: TapHandle | undefined
  isOver: boolean
  /** Not sent, and not yet told. */
  skipped: number
}

export class Taps {
  readonly #open: OpenTap
  readonly #send: (letter: Letter) => void
  readonly #clock: Clock
  readonly #taps = new Map<string, Tap>()

  constructor(open: OpenTap, send: (letter: Letter) => void, clock: Clock) {
    this.#open = open
    this.#send = send
    this.#clock = clock
  }

  get count(): number {
    return this.#taps.size
  }

  /** One that runs already goes on. */
  start(id: string, selection: TapSelection): void {
    if (this.#taps.has(id)) return
    if (this.#taps.size >= TAPS_MAX) {
      this.#tell(id, [], 0, `the node has ${TAPS_MAX} taps already`)
      return
    }
    const timer = this.#clock.after(TAP_MS_MAX, () => this.#end(id, 'its time is over'))
    const tap: Tap = { id, timer, handle: undefined, isOver: false, skipped: 0 }
    this.#taps.set(id, tap)
    void this.#begin(tap, selection)
  }

  stop(id: string): void {
    this.#end(id, undefined)
  }

  /** The controller is away: nobody watches. */
  stopAll(): void {
    for (const id of [...this.#taps.keys()]) this.#end(id, undefined)
  }

  async #begin(tap: Tap, selection: TapSelection): Promise<void> {
    try {
      const handle = await this.#open(selection, (batch) => this.#take(tap, batch))
      if (tap.isOver) handle.stop()
      else tap.handle = handle
    } catch (error) {
      if (!tap.isOver) this.#end(tap.id, error instanceof Error ? error.message : String(error))
    }
  }

  #take(tap: Tap, batch: TapBatch): void {
    if (tap.isOver) return
    const records = fitting(batch.records)
    const skipped = batch.skipped + batch.records.length - records.length + tap.skipped
    tap.skipped = 0
    this.#tell(tap.id, records, skipped, undefined, () => {
      tap.skipped += records.length + skipped
    })
  }

  #end(id: string, reason: string | undefined): void {
    const tap = this.#taps.get(id)
    if (tap === undefined) return
    this.#taps.delete(id)
    tap.isOver = true
    tap.timer.cancel()
    tap.handle?.stop()
    if (reason !== undefined) this.#tell(id, [], tap.skipped, reason)
  }

  #tell(id: string, records: ObservedRecord[], skipped: number, ended: string | undefined, dropped?: () => void): void {
    const data = asJson({
      tap: id,
      records,
      skipped,
      ...(ended !== undefined && { ended: ended.slice(0, REASON_CHARACTERS_MAX) }),
    })
    this.#send({ type: 'tap', data, expendable: ended === undefined, dropped })
  }
}

/** As many of the records, from the first, as one message takes. */
function fitting(records: ObservedRecord[]): ObservedRecord[] {
  let bytes = 0
  const end = records.findIndex((record) => {
    bytes += asJson(record).length
    return bytes > TAP_BYTES_MAX
  })
  return end === -1 ? records : records.slice(0, end)
}
