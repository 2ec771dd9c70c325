/**
 * `gcp_series`: points as Cloud Monitoring takes them (TimeSeries of monitoring/v3, as JSON), each in an envelope
 * (codecs/metric/envelope) whose detail is a `GcpShape`:
 *
 *   key   "metric":{"type":"custom.googleapis.com/NAME","labels":{…}}
 *   body  of a distribution: its `distributionValue`; otherwise empty
 *
 * What has no place in a metric's type or a label's key becomes an underscore. Of keys that are the same then the first
 * counts.
 */
import { GAMMA, MIN, middleOf } from '#codecs/ddsketch/mapping.ts'
import type { Sketch } from '#codecs/ddsketch/sketch.ts'
import { readHistogram } from '#codecs/metric/distribution.ts'
import { closeEnvelope, openEnvelope, refusalOf, Task } from '#codecs/metric/envelope.ts'
import { Kind, MetricField, MetricReader, Temporality } from '#codecs/metric/record.ts'
import { sketchIn } from '#codecs/metric/weights.ts'
import { NAME_LABEL } from '#codecs/metric/writer.ts'
import type { Bytes } from '#std/bytes.ts'
import { utf8, writeUtf8 } from '#std/bytes.ts'
import type { Block } from '#telemetry/block.ts'
import { defineEncoder, type Encoder } from '#telemetry/encoder.ts'

export interface GcpSeriesOptions {
  /** Before each metric's name, such as `custom.googleapis.com/`. */
  prefix: string
}

export const GcpShape = { GAUGE: 0, CUMULATIVE: 1, GAUGE_DISTRIBUTION: 2, CUMULATIVE_DISTRIBUTION: 3 } as const

export const gcpSeries = defineEncoder<GcpSeriesOptions>('gcp_series', (options) => new GcpSeriesEncoder(options))

/** Documented: 200 characters of a type, 100 of a key, 1024 of a value, 30 labels, 200 buckets. */
const TYPE_CHARACTERS_MAX = 200
const KEY_CHARACTERS_MAX = 100
const VALUE_CHARACTERS_MAX = 1024
const LABELS_MAX = 30
const BUCKETS_MAX = 200
/** Most that JSON makes of a byte. */
const ESCAPED_BYTES_MAX = 6
const FIXED_BYTES = 256
const DISTRIBUTION_BYTES_MAX = BUCKETS_MAX * 56 + 256

class GcpSeriesEncoder implements Encoder {
  readonly name = 'gcp_series'
  readonly verbatim = false
  readonly formats = ['metric'] as const
  readonly #prefix: string
  readonly #reader = new MetricReader()

  constructor({ prefix }: GcpSeriesOptions) {
    this.#prefix = prefix
  }

  sizeMax(block: Block): number {
    let size = 0
    for (let i = 0; i < block.count; i++) {
      if (block.selection[i] === 0) continue
      this.#reader.read(block.bytes, block.starts[i]!, block.ends[i]!)
      const { labelsFrom, labelsTo, kind } = this.#reader
      size += FIXED_BYTES + this.#prefix.length + ESCAPED_BYTES_MAX * (labelsTo - labelsFrom)
      if (kind >= Kind.histogram) size += DISTRIBUTION_BYTES_MAX
    }
    return size
  }

  encode(block: Block, target: Bytes, at: number, ends: Int32Array, firstEnd: number): number {
    let write = at
    let e = firstEnd
    for (let i = 0; i < block.count; i++) {
      if (block.selection[i] === 0) continue
      this.#reader.read(block.bytes, block.starts[i]!, block.ends[i]!)
      write = this.#write(target, write, block.context.arrivalMs)
      ends[e++] = write - at
    }
    return write
  }

  #write(target: Bytes, at: number, arrivalMs: number): number {
    const reader = this.#reader
    const metric = this.#metric()
    let refusal = metric === undefined ? refusalOf('no_name') : this.#refusal()
    let distribution = ''
    if (refusal === -1 && reader.kind >= Kind.histogram && !reader.isStale) {
      distribution = this.#distribution() ?? ''
      if (distribution === '') refusal = refusalOf('unsupported_kind')
    }
    const shape = shapeOf(reader)
    const task = refusal !== -1 ? Task.REFUSE : reader.isStale ? Task.NOTHING : taskOf(reader, shape)
    const key = openEnvelope(target, at, task, refusal === -1 ? shape : refusal, reader, arrivalMs)
    const body = key + writeUtf8(target, refusal === -1 ? metric! : '', key)
    const end = body + writeUtf8(target, distribution, body)
    closeEnvelope(target, at, body, end)
    return end
  }

  #refusal(): number {
    const { kind, temporality, isStale, value, startMs } = this.#reader
    if (isStale) return -1
    if (kind === Kind.summary) return refusalOf('unsupported_kind')
    if (kind < Kind.histogram) return Number.isFinite(value) ? -1 : refusalOf('not_finite')
    // The buckets of others are not the same from point to point.
    const isFixed = kind === Kind.histogram && startMs > 0
    return temporality === Temporality.CUMULATIVE && !isFixed ? refusalOf('cumulative_distribution') : -1
  }

  /** Undefined: it has no name. */
  #metric(): string | undefined {
    const { bytes } = this.#reader
    const cursor = this.#reader.beginLabels()
    const labels = new Map<string, string>()
    let name = ''
    while (cursor.next()) {
      const value = utf8(bytes, cursor.valueFrom, cursor.valueTo)
      if (cursor.isNamed(NAME_LABEL)) {
        name = value.replace(/[^A-Za-z0-9_./]/g, '_')
        continue
      }
      const key = keyOf(utf8(bytes, cursor.nameFrom, cursor.nameTo))
      if (labels.size < LABELS_MAX && !labels.has(key))
        labels.set(key, value.slice(0, VALUE_CHARACTERS_MAX).toWellFormed())
    }
    if (name === '') return undefined
    const type = `${this.#prefix}${name}`.slice(0, TYPE_CHARACTERS_MAX)
    return `"metric":${JSON.stringify({ type, labels: Object.fromEntries(labels) })}`
  }

  /** Undefined: it cannot be told. */
  #distribution(): string | undefined {
    const { bytes, kind } = this.#reader
    const field = this.#reader.field(MetricField.DISTRIBUTION)
    if (field === undefined) return undefined
    if (kind !== Kind.histogram) return ofSketch(sketchIn(kind, bytes, field.from, field.to))
    const { count, sum, counts, bounds } = readHistogram(bytes, field.from, field.to)
    const isSound =
      counts.length <= BUCKETS_MAX &&
      bounds.length > 0 &&
      counts.length === bounds.length + 1 &&
      bounds.every((bound, i) => Number.isFinite(bound) && (i === 0 || bound > bounds[i - 1]!))
    if (!isSound || (sum !== undefined && !Number.isFinite(sum))) return undefined
    return distributionValue(count, sum === undefined || count === 0 ? 0 : sum / count, bounds, counts)
  }
}

function shapeOf({ kind, temporality, isMonotonic }: MetricReader): number {
  const isCumulative = temporality === Temporality.CUMULATIVE
  if (kind >= Kind.histogram) return isCumulative ? GcpShape.CUMULATIVE_DISTRIBUTION : GcpShape.GAUGE_DISTRIBUTION
  // What may fall is no cumulative metric there: a gauge, of what there is, or of what an interval brought.
  return kind === Kind.sum && isMonotonic ? GcpShape.CUMULATIVE : GcpShape.GAUGE
}

function taskOf({ temporality, startMs }: MetricReader, shape: number): number {
  if (shape !== GcpShape.CUMULATIVE) return Task.SEND
  if (temporality === Temporality.CUMULATIVE) return startMs > 0 ? Task.SEND : Task.TO_DELTA
  return Task.TO_TOTAL
}

function keyOf(name: string): string {
  const key = name.replace(/[^A-Za-z0-9_]/g, '_').slice(0, KEY_CHARACTERS_MAX)
  return /^[A-Za-z]/.test(key) ? key : `l${key}`.slice(0, KEY_CHARACTERS_MAX)
}

/** Neighbouring bins become one where there are more than the other side takes. */
function ofSketch(sketch: Sketch): string | undefined {
  if (sketch.bins === 0 || !Number.isFinite(sketch.sum)) return undefined
  const together = Math.ceil(sketch.bins / (BUCKETS_MAX - 1))
  const bounds: number[] = []
  const counts: number[] = []
  let all = 0
  for (let bin = 0; bin < sketch.bins; bin += together) {
    const end = Math.min(sketch.bins, bin + together)
    let count = 0
    for (let i = bin; i < end; i++) count += sketch.counts[i]!
    all += count
    counts.push(count)
    const bound = upperEdgeOf(sketch.keys[end - 1]!)
    if (Number.isFinite(bound)) bounds.push(bound)
  }
  // Above the last bound there is nothing, unless that is infinite.
  if (bounds.length === counts.length) counts.push(0)
  return bounds.length === 0 ? undefined : distributionValue(all, sketch.sum / all, bounds, counts)
}

/** Half a bin above its middle. */
function upperEdgeOf(key: number): number {
  if (key === 0) return MIN / Math.sqrt(GAMMA)
  return key > 0 ? middleOf(key) * Math.sqrt(GAMMA) : middleOf(key) / Math.sqrt(GAMMA)
}

function distributionValue(count: number, mean: number, bounds: readonly number[], counts: readonly number[]): string {
  const bucketCounts = counts.map(String)
  return JSON.stringify({
    distributionValue: { count: String(count), mean, bucketOptions: { explicitBuckets: { bounds } }, bucketCounts },
  })
}
