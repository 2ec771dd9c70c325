/**
 * The sample of what one pipeline takes in through one engine: which records it takes, and exact counts of all. The records
 * themselves stand on the wire's side, see `reservoir.ts`. A window is one minute by the time of arrival.
 *
 * Early in a window most records that are taken are soon replaced by others. So they wait here as copies (`capture.ts`), one for
 * each slot, and only those that are still there when the wire is told are made readable: `close`, then `render` until it gives 0,
 * then `report`.
 */
import type { ObservedRecord } from '#contract/observation.ts'
import type { Block } from '#telemetry/block.ts'
import type { Capture } from './capture.ts'
import type { SampleReport } from './messages.ts'
import { type Pick, Sampler } from './sampler.ts'

export const WINDOW_MS = 60_000
/** Records of one window that stand for all, per engine. */
export const RESERVOIR_RECORDS_MAX = 256

/** A report, and what is still to be made readable for it; null: the record may not be shown. */
interface Closed {
  report: SampleReport
  captures: [slot: number, capture: Capture | null][]
}

export class PipelineSample {
  readonly #pipeline: string
  readonly #sampler: Sampler
  readonly #nextPart: () => string
  #window = -1
  #part = ''
  #records = 0
  #bytes = 0
  /** The block at hand. */
  #blockRecords = 0
  #blockBytes = 0
  readonly #blockPicks: Pick[] = []
  readonly #blockCaptures: (Capture | null)[] = []
  /** By slot: what the wire has not been told. */
  #captures = new Map<number, Capture | null>()
  #closed: Closed[] = []
  #told = true

  constructor(pipeline: string, random: () => number, nextPart: () => string) {
    this.#pipeline = pipeline
    this.#sampler = new Sampler(RESERVOIR_RECORDS_MAX, random)
    this.#nextPart = nextPart
  }

  /** The records of `block` came in. True: some of them are taken. */
  arrived(block: Block): boolean {
    const { arrivalMs } = block.context
    const window = arrivalMs - (arrivalMs % WINDOW_MS)
    // What comes a little late counts for the window that has begun; a clock that was set back begins another.
    if (window !== this.#window && window !== this.#window - WINDOW_MS) this.#turn(window)
    this.#blockRecords = block.count
    this.#blockBytes = block.selectedBytes
    this.#blockPicks.length = 0
    this.#sampler.save()
    this.#sampler.take(block.count, this.#blockPicks)
    return this.#blockPicks.length > 0
  }

  /** What is taken of the block at hand. */
  get picks(): readonly Pick[] {
    return this.#blockPicks
  }

  /** Keeps those that are taken. */
  capture(copyOf: (i: number) => Capture | null): void {
    for (const { index } of this.#blockPicks) this.#blockCaptures.push(copyOf(index))
  }

  published(): void {
    this.#records += this.#blockRecords
    this.#bytes += this.#blockBytes
    const captures = this.#blockCaptures
    for (let c = 0; c < captures.length; c++) this.#captures.set(this.#blockPicks[c]!.slot, captures[c]!)
    captures.length = 0
    this.#told = false
  }

  /** The block will be done again. */
  restore(): void {
    this.#sampler.restore()
    this.#blockCaptures.length = 0
  }

  get hasNews(): boolean {
    return !this.#told || this.#closed.length > 0
  }

  /** What there is now is to be told together. */
  close(): void {
    if (this.#told) return
    const seen = { records: this.#records, bytes: this.#bytes }
    const report = { pipeline: this.#pipeline, window: this.#window, part: this.#part, seen, picks: [] }
    this.#closed.push({ report, captures: [...this.#captures] })
    this.#captures = new Map()
    this.#told = true
  }

  /** Makes one record of what is closed readable. False: all are. */
  render(record: (capture: Capture) => ObservedRecord | null): boolean {
    for (const { report, captures } of this.#closed) {
      const next = captures.pop()
      if (next === undefined) continue
      const [slot, capture] = next
      report.picks.push({ slot, record: capture === null ? null : record(capture) })
      return true
    }
    return false
  }

  report(into: SampleReport[]): void {
    for (const { report } of this.#closed) into.push(report)
    this.#closed = []
  }

  #turn(window: number): void {
    this.close()
    this.#window = window
    this.#part = this.#nextPart()
    this.#records = 0
    this.#bytes = 0
    this.#sampler.begin()
  }
}
