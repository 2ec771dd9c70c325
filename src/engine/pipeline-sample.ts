/**
 * The sample of what one pipeline takes in through one engine: which records it takes, and exact counts of all. The records
 * themselves stand on the wire's side, see `reservoir.ts`. A window is one minute by the time of arrival.
 */
import type { ObservedRecord } from '#contract/observation.ts'
import type { Block } from '#telemetry/block.ts'
import type { SampleReport } from './messages.ts'
import { type Pick, Sampler } from './sampler.ts'

export const WINDOW_MS = 60_000
/** Records of one window that stand for all, per engine. */
export const RESERVOIR_RECORDS_MAX = 256

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
  #shown: SampleReport['picks'] = []
  /** What the wire has not been told. */
  #picks: SampleReport['picks'] = []
  #closed: SampleReport[] = []
  #told = true

  constructor(pipeline: string, random: () => number, nextPart: () => string) {
    this.#pipeline = pipeline
    this.#sampler = new Sampler(RESERVOIR_RECORDS_MAX, random)
    this.#nextPart = nextPart
  }

  /** The records of `block` came in. True: some of them are taken. */
  arrived(block: Block): boolean {
    const window = block.context.arrivalMs - (block.context.arrivalMs % WINDOW_MS)
    // What comes a little late counts for the window that has begun; a clock that was set back begins another.
    if (window !== this.#window && window !== this.#window - WINDOW_MS) this.#turn(window)
    this.#blockRecords = block.count
    this.#blockBytes = block.selectedBytes
    this.#blockPicks.length = 0
    this.#sampler.save()
    this.#sampler.take(block.count, this.#blockPicks)
    return this.#blockPicks.length > 0
  }

  /** Makes records of those that are taken. */
  show(record: (i: number) => ObservedRecord | null): void {
    for (const { index, slot } of this.#blockPicks) this.#shown.push({ slot, record: record(index) })
  }

  published(): void {
    this.#records += this.#blockRecords
    this.#bytes += this.#blockBytes
    this.#picks.push(...this.#shown)
    this.#shown.length = 0
    this.#told = false
  }

  /** The block will be done again. */
  restore(): void {
    this.#sampler.restore()
    this.#shown.length = 0
  }

  get hasNews(): boolean {
    return !this.#told || this.#closed.length > 0
  }

  report(into: SampleReport[]): void {
    for (const closed of this.#closed) into.push(closed)
    this.#closed = []
    if (!this.#told) into.push(this.#take())
  }

  #turn(window: number): void {
    if (!this.#told) this.#closed.push(this.#take())
    this.#window = window
    this.#part = this.#nextPart()
    this.#records = 0
    this.#bytes = 0
    this.#sampler.begin()
  }

  #take(): SampleReport {
    const seen = { records: this.#records, bytes: this.#bytes }
    const report = { pipeline: this.#pipeline, window: this.#window, part: this.#part, seen, picks: this.#picks }
    this.#picks = []
    this.#told = true
    return report
  }
}
