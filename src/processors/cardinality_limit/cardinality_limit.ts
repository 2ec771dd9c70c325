/**
 * `cardinality_limit` lets each label of each metric have a number of values, and no more: the values that came first stay, and
 * what has another loses the label, gets one value for all, or is dropped.
 *
 * Taking a label away is right for points that add up: gauges and deltas. Cumulative series that become the same would jump to
 * and fro, so their points are dropped, or pass as they are, but never lose a label.
 */
import { z } from 'zod'
import { Kind, MetricReader, Temporality } from '#codecs/metric/record.ts'
import { MetricWriter } from '#codecs/metric/writer.ts'
import { defineProcessor, type Processor, type ProcessorContext, type ProcessorReport } from '#component/processor.ts'
import { list, numeric } from '#component/schema.ts'
import { allocate, type Bytes, fromText } from '#std/bytes.ts'
import { hash32 } from '#std/hash.ts'
import type { Block } from '#telemetry/block.ts'
import { KnownValues, type KnownValuesOptions, knownValuesBytes } from './known-values.ts'

const MIB = 1024 * 1024
const DAY_MS = 86_400_000
const LABELS_MAX = 256

const labelNames = list(z.array(z.string().min(1).max(1024)).min(1).max(LABELS_MAX).optional())

const config = z.strictObject({
  limit: numeric(z.int().min(1).max(1_000_000).default(500)).describe('Values that one label of one metric may have.'),
  series_limit: numeric(z.int().min(1).max(1_000_000).optional()).describe(
    'Series that one metric may have; points of further ones are dropped.',
  ),
  scope: z
    .enum(['metric', 'all'])
    .default('metric')
    .describe('Whether a label is counted for each metric, or once for all metrics.'),
  labels: labelNames.describe('Labels to watch; without it all.'),
  except: labelNames.describe('Labels that may have any number of values.'),
  action: z
    .enum(['drop_label', 'replace_value', 'drop_series'])
    .default('drop_label')
    .describe('What becomes of a point with a value too many.'),
  replacement: z.string().max(256).default('other').describe('The value instead, with replace_value.'),
  when_unsafe: z
    .enum(['drop', 'pass'])
    .default('drop')
    .describe('What becomes of a cumulative point, whose labels must not be touched: dropped, or passed as it is.'),
  mode: z
    .enum(['exact', 'probabilistic'])
    .default('exact')
    .describe('How values are remembered: all of them, or in a Bloom filter that takes a few new ones for known.'),
  forget_ms: numeric(
    z
      .int()
      .min(60_000)
      .max(366 * DAY_MS)
      .default(DAY_MS),
  ).describe('All values are forgotten when such an interval ends.'),
  max_labels: numeric(z.int().min(16).max(1_000_000).default(10_000)).describe(
    'Labels of metrics to watch; further ones pass, counted as untracked.',
  ),
  max_values: numeric(z.int().min(64).max(16_000_000).default(250_000)).describe(
    'Values of all labels together, with exact; beyond it every new value is one too many.',
  ),
  max_bytes: numeric(
    z
      .int()
      .min(MIB)
      .max(4096 * MIB)
      .default(32 * MIB),
  ).describe('Memory for the bytes of those values.'),
})
type Options = z.output<typeof config>

export const cardinalityLimit = defineProcessor({
  name: 'cardinality_limit',
  summary: 'Lets each label of each metric have so many values, and no more.',
  config,
  signals: ['metrics'],
  mutates: true,
  stateBytes: (options) => knownValuesBytes(knownOptions(options)),
  create: (options, context) => new CardinalityLimit(options, context),
  report,
})

const knownOptions = (options: Options): KnownValuesOptions => ({
  limit: Math.max(options.limit, options.series_limit ?? 0),
  exact: options.mode === 'exact',
  pairsMax: options.max_labels,
  valuesMax: options.max_values,
  valueBytesMax: options.max_bytes,
})

const NAME = fromText('__name__')
const NO_NAME = fromText('')
/** Series that an engine knows to be within all limits. */
const CLEARED_MAX = 262_144
const OFFENDERS = 10
const OBSERVER = 0x7fff_fffe

class CardinalityLimit implements Processor {
  readonly #options: Options
  readonly #known: KnownValues
  readonly #watched: ((name: Bytes, from: number, to: number) => boolean) | undefined
  readonly #replacement: Bytes
  readonly #reader = new MetricReader()
  readonly #writer = new MetricWriter()
  readonly #over: { from: number; to: number }[] = []
  readonly #fingerprint: Bytes = allocate(8)
  /** Fingerprints of the labels of series that have been found in order, as of `#generation`. */
  readonly #cleared = new Set<number>()
  #generation = -1

  constructor(options: Options, { state, engine }: ProcessorContext) {
    this.#options = options
    this.#known = new KnownValues(state, knownOptions(options), engine)
    this.#replacement = fromText(options.replacement)
    this.#watched = watcherOf(options)
  }

  process(block: Block): void {
    const { selection, count, bytes, starts, ends } = block
    this.#known.lock(1 + Math.floor(block.context.arrivalMs / this.#options.forget_ms))
    if (this.#generation !== this.#known.generation) this.#cleared.clear()
    this.#generation = this.#known.generation
    // Edits are read when they are committed: each needs bytes of its own until then.
    this.#writer.begin()
    const edits: { record: number; from: number; to: number }[] = []
    for (let i = 0; i < count; i++) {
      if (selection[i] === 0 || !this.#reader.read(bytes, starts[i]!, ends[i]!) || this.#isCleared()) continue
      if (!this.#seriesFits()) {
        block.drop(i)
        continue
      }
      this.#look()
      if (this.#over.length > 0) this.#act(block, i, edits)
      else this.#clear()
    }
    this.#known.unlock()
    for (const { record, from, to } of edits) block.replaceRecord(record, this.#writer.bytes.subarray(from, to))
    block.commitEdits()
  }

  #act(block: Block, i: number, edits: { record: number; from: number; to: number }[]): void {
    const { action, when_unsafe: whenUnsafe } = this.#options
    if (action === 'drop_series') {
      block.drop(i)
    } else if (!isAdditive(this.#reader)) {
      if (whenUnsafe === 'drop') block.drop(i)
    } else {
      const from = this.#writer.at
      this.#rewrite()
      edits.push({ record: i, from, to: this.#writer.at })
    }
  }

  /** Notes in `#over` which labels have a value too many. */
  #look(): void {
    this.#over.length = 0
    const { bytes } = this.#reader
    const labels = this.#reader.beginLabels()
    let metricFrom = 0
    let metricTo = 0
    if (this.#options.scope === 'metric' && labels.find(NAME)) {
      metricFrom = labels.valueFrom
      metricTo = labels.valueTo
    }
    this.#reader.beginLabels()
    while (labels.next()) {
      const { nameFrom, nameTo, valueFrom, valueTo } = labels
      if (labels.isNamed(NAME) || this.#watched?.(bytes, nameFrom, nameTo) === false) continue
      const verdict = this.#known.see(
        bytes,
        metricFrom,
        metricTo,
        bytes,
        nameFrom,
        nameTo,
        bytes,
        valueFrom,
        valueTo,
        this.#options.limit,
      )
      if (verdict === 'over') this.#over.push({ from: labels.from, to: labels.to })
    }
  }

  /** A metric's series are the values of a label without a name. */
  #seriesFits(): boolean {
    const { series_limit: limit } = this.#options
    if (limit === undefined) return true
    const { bytes, labelsFrom, labelsTo } = this.#reader
    const labels = this.#reader.beginLabels()
    const isNamed = labels.find(NAME)
    const print = this.#fingerprint
    print.writeUInt32LE(hash32(bytes, labelsFrom, labelsTo), 0)
    print.writeUInt32LE(hash32(bytes, labelsFrom, labelsTo, 0x2545_f491), 4)
    const from = isNamed ? labels.valueFrom : 0
    const to = isNamed ? labels.valueTo : 0
    return this.#known.see(bytes, from, to, NO_NAME, 0, 0, print, 0, print.length, limit) !== 'over'
  }

  #rewrite(): void {
    const { bytes, from, to } = this.#reader
    const writer = this.#writer
    writer.start(0, 0, 0)
    const labels = this.#reader.beginLabels()
    while (labels.next()) {
      if (!this.#over.some((over) => over.from === labels.from)) writer.labelCopy(labels)
      else if (this.#options.action === 'replace_value') {
        writer.label(bytes, labels.nameFrom, labels.nameTo, this.#replacement, 0, this.#replacement.length)
      }
    }
    writer.like(bytes, from, to, true)
    writer.end()
  }

  #isCleared(): boolean {
    return this.#cleared.has(this.#print())
  }

  #clear(): void {
    if (this.#cleared.size >= CLEARED_MAX) this.#cleared.clear()
    this.#cleared.add(this.#print())
  }

  /** 53 bits of the labels of the record at hand. */
  #print(): number {
    const { bytes, labelsFrom, labelsTo } = this.#reader
    return hash32(bytes, labelsFrom, labelsTo) * 0x20_0000 + (hash32(bytes, labelsFrom, labelsTo, 0x27d4_eb2f) >>> 11)
  }
}

function isAdditive({ kind, temporality }: MetricReader): boolean {
  return kind === Kind.gauge || (kind !== Kind.unknown && temporality === Temporality.DELTA)
}

/** Undefined: all labels are watched. */
function watcherOf({ labels, except }: Options) {
  if (labels === undefined && except === undefined) return undefined
  const only = labels?.map((name) => fromText(name))
  const others = (except ?? []).map((name) => fromText(name))
  const isOneOf = (names: Bytes[], bytes: Bytes, from: number, to: number) =>
    names.some((name) => name.length === to - from && bytes.compare(name, 0, name.length, from, to) === 0)
  return (bytes: Bytes, from: number, to: number) =>
    (only === undefined || isOneOf(only, bytes, from, to)) && !isOneOf(others, bytes, from, to)
}

function report(options: Options, state: SharedArrayBuffer): ProcessorReport {
  const known = new KnownValues(state, knownOptions(options), OBSERVER)
  const { values, over } = known.offenders(OFFENDERS)
  return { ...known.counts, top_labels: values, top_over: over }
}
