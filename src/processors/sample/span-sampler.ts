/** Samples spans by their trace, as OpenTelemetry has it: see `trace-state.ts`. */
import { SpanField } from '#codecs/otlp/field-numbers.ts'
import { FieldReader } from '#codecs/protobuf/reader.ts'
import { LENGTH_BYTES_MAX, tagOf, WireType, writeVarint } from '#codecs/protobuf/wire.ts'
import type { Processor } from '#component/processor.ts'
import { allocate, type Bytes, latin1, writeLatin1 } from '#std/bytes.ts'
import type { Block } from '#telemetry/block.ts'
import { adjustedCount, randomnessOf, samplingIn, thresholdOf, withThreshold } from './trace-state.ts'

export interface SpanSamplerOptions {
  /** Share of traces to keep, 0 to 1. */
  ratio: number
  /** Whether a span without a usable trace id is kept. */
  keepsMissing: () => boolean
  /** Attribute that gets how many spans one stands for; empty for none. */
  rateName: string
}

/** A state that is longer is not looked into: the span is then kept or dropped by its trace id. */
const STATE_BYTES_MAX = 8192

export class SpanSampler implements Processor {
  readonly #options: SpanSamplerOptions
  /** Undefined: no span is kept. */
  readonly #threshold: string | undefined
  readonly #reader = new FieldReader()
  /**
   * Of the span at hand: [from, to) of its trace id and of the field that is its state, where that value begins; -1 for
   * none.
   */
  #idFrom = -1
  #idTo = -1
  #stateStart = -1
  #stateFrom = -1
  #stateTo = -1

  constructor(options: SpanSamplerOptions) {
    this.#options = options
    this.#threshold = options.ratio > 0 ? thresholdOf(options.ratio) : undefined
  }

  process(block: Block): void {
    if (this.#options.ratio === 1) return
    for (let i = 0; i < block.count; i++) if (block.selection[i] === 1) this.#decide(block, i)
    block.commitEdits()
  }

  #decide(block: Block, i: number): void {
    const { bytes } = block
    this.#read(bytes, block.starts[i]!, block.ends[i]!)
    const threshold = this.#threshold
    const hasState = this.#stateFrom !== -1 && this.#stateTo - this.#stateFrom <= STATE_BYTES_MAX
    const state = hasState ? latin1(bytes, this.#stateFrom, this.#stateTo) : ''
    const sampling = samplingIn(state)
    const randomness = sampling.randomness ?? randomnessOf(bytes, this.#idFrom, this.#idTo)
    if (randomness === undefined) {
      if (threshold === undefined || !this.#options.keepsMissing()) block.drop(i)
      else this.#tell(block, i, 1 / this.#options.ratio)
      return
    }
    if (threshold === undefined || randomness < threshold) {
      block.drop(i)
      return
    }
    // Whoever sampled more strictly before has said so already.
    const known = sampling.threshold
    if (known !== undefined && known >= threshold) {
      this.#tell(block, i, adjustedCount(known))
      return
    }
    if (hasState || this.#stateFrom === -1) this.#putState(block, i, withThreshold(state, threshold))
    this.#tell(block, i, 1 / this.#options.ratio)
  }

  /** The last of each field counts. */
  #read(bytes: Bytes, from: number, to: number): void {
    this.#idFrom = -1
    this.#idTo = -1
    this.#stateFrom = -1
    const reader = this.#reader
    reader.begin(bytes, from, to)
    while (reader.next()) {
      if (reader.type !== WireType.bytes) continue
      if (reader.field === SpanField.TRACE_ID) {
        this.#idFrom = reader.from
        this.#idTo = reader.to
      } else if (reader.field === SpanField.TRACE_STATE) {
        this.#stateStart = reader.start
        this.#stateFrom = reader.from
        this.#stateTo = reader.to
      }
    }
  }

  #putState(block: Block, i: number, state: string): void {
    const field = allocate(1 + LENGTH_BYTES_MAX + state.length)
    field[0] = tagOf(SpanField.TRACE_STATE, WireType.bytes)
    const write = writeVarint(field, state.length, 1)
    const end = write + writeLatin1(field, state, write)
    const start = block.starts[i]!
    if (this.#stateFrom === -1) block.edit(start, start, field.subarray(0, end))
    else block.edit(this.#stateStart, this.#stateTo, field.subarray(0, end))
  }

  #tell(block: Block, i: number, rate: number): void {
    const { rateName } = this.#options
    if (rateName !== '') block.context.format.annotate(block, i, rateName, Number(rate.toPrecision(6)))
  }
}
