/**
 * A metric record: one point of one series, as bytes. All that comes in as a metric becomes this, and all that sends metrics
 * makes its own shape of it. Little-endian:
 *
 *    0  u8   kind, see `Kind`
 *    1  u8   temporality, see `Temporality`
 *    2  u8   flags, see `Flag`
 *    3  u8   0
 *    4  u32  length of the labels
 *    8  u32  length of what stands behind them
 *   12  u32  milliseconds that the point covers where that is known (a flush interval); 0 otherwise
 *   16  f64  value; i64 with `Flag.INTEGER`. Copied, never passed through a Number, where it only moves: NaN has many faces
 *   24  u64  time, Unix nanoseconds; 0: unknown
 *   32  u64  start of what a sum or a distribution covers, Unix nanoseconds; 0: unknown
 *   40  labels, sorted by the bytes of their names, no name twice, the metric's own under `__name__`. Each as in prompb
 *       (prometheus/prompb/types.proto): TimeSeries { repeated Label labels = 1 }, Label { string name = 1; string value = 2 },
 *       with `type = 3` of ours (see `LabelType`) where an attribute was no string
 *   ..  further fields, in protobuf's wire format, each of type bytes: see `MetricField`
 *
 * Two points are of the same series when their labels have the same bytes.
 */
import { fieldsOf } from '#codecs/protobuf/wire.ts'
import { type Bytes, utf8 } from '#std/bytes.ts'
import { LabelCursor } from './labels.ts'

export const HEADER_BYTES = 40

/** What a point is. `unknown` behaves as a gauge. A `sketch` is a DDSketch. */
export const kinds = ['unknown', 'gauge', 'sum', 'histogram', 'exponential_histogram', 'summary', 'sketch'] as const
export type KindName = (typeof kinds)[number]
export const Kind = Object.fromEntries(kinds.map((name, i) => [name, i])) as Readonly<Record<KindName, number>>

/** Of sums and distributions. Delta: since the point before. Cumulative: since `start`. */
export const temporalities = ['none', 'delta', 'cumulative'] as const
export const Temporality = { NONE: 0, DELTA: 1, CUMULATIVE: 2 } as const

/**
 * `STALE`: the series has ended; the value is of no meaning (OpenTelemetry's "no recorded value"). `PROMETHEUS`: it came from Prometheus or for
 * it, so its names are as Prometheus has them, labels are text, and formats of Prometheus take it as it is.
 */
export const Flag = { MONOTONIC: 1, INTEGER: 2, STALE: 4, PROMETHEUS: 8 } as const

export const LabelType = { STRING: 0, INTEGER: 1, DOUBLE: 2, BOOLEAN: 3, JSON: 4, BYTES: 5 } as const

export const MetricField = {
  UNIT: 1,
  DESCRIPTION: 2,
  /**
   * What a distribution holds. Histograms and summaries: the fields of OpenTelemetry's HistogramDataPoint,
   * ExponentialHistogramDataPoint and SummaryDataPoint (opentelemetry/proto/metrics/v1/metrics.proto) from `count` on, without
   * attributes, times, exemplars and flags. Sketches: see `codecs/ddsketch`.
   */
  DISTRIBUTION: 3,
  /** Repeated: an OpenTelemetry Exemplar. */
  EXEMPLAR: 4,
  /** Fields 1 and 3 of ResourceMetrics, with tags: resource and schema URL. */
  RESOURCE: 5,
  /** Fields 1 and 3 of ScopeMetrics, with tags: scope and schema URL. */
  SCOPE: 6,
  /** Repeated: OpenTelemetry's Metric.metadata, a KeyValue. */
  METADATA: 7,
} as const

/** Where things stand in one record. What it tells holds until the next `read`, and as long as the bytes do. */
export class MetricReader {
  bytes!: Bytes
  from = 0
  to = 0
  labelsFrom = 0
  labelsTo = 0
  readonly labels = new LabelCursor()

  /** The record in [from, to). False when that is none. */
  read(bytes: Bytes, from: number, to: number): boolean {
    if (to - from < HEADER_BYTES) return false
    const labels = bytes.readUInt32LE(from + 4)
    const rest = bytes.readUInt32LE(from + 8)
    if (HEADER_BYTES + labels + rest !== to - from || bytes[from]! >= kinds.length) return false
    this.bytes = bytes
    this.from = from
    this.to = to
    this.labelsFrom = from + HEADER_BYTES
    this.labelsTo = this.labelsFrom + labels
    return true
  }

  get kind(): number {
    return this.bytes[this.from]!
  }
  get temporality(): number {
    return this.bytes[this.from + 1]!
  }
  get flags(): number {
    return this.bytes[this.from + 2]!
  }
  get isMonotonic(): boolean {
    return (this.flags & Flag.MONOTONIC) !== 0
  }
  get isInteger(): boolean {
    return (this.flags & Flag.INTEGER) !== 0
  }
  get isStale(): boolean {
    return (this.flags & Flag.STALE) !== 0
  }
  get intervalMs(): number {
    return this.bytes.readUInt32LE(this.from + 12)
  }
  /** Of gauges, sums and unknowns. An integer beyond 2^53 loses its last digits. */
  get value(): number {
    const at = this.from + 16
    return this.isInteger ? Number(this.bytes.readBigInt64LE(at)) : this.bytes.readDoubleLE(at)
  }
  get timeNanos(): bigint {
    return this.bytes.readBigUInt64LE(this.from + 24)
  }
  get startNanos(): bigint {
    return this.bytes.readBigUInt64LE(this.from + 32)
  }
  /** Milliseconds, without the bigint. */
  get timeMs(): number {
    return millisAt(this.bytes, this.from + 24)
  }
  get startMs(): number {
    return millisAt(this.bytes, this.from + 32)
  }

  /** A cursor before the first label. */
  beginLabels(): LabelCursor {
    this.labels.begin(this.bytes, this.labelsFrom, this.labelsTo)
    return this.labels
  }

  /** Value of the label with this name; undefined when there is none. */
  label(name: Bytes): string | undefined {
    const labels = this.beginLabels()
    return labels.find(name) ? utf8(this.bytes, labels.valueFrom, labels.valueTo) : undefined
  }

  /** Where the first field with this number stands, in [from, to); undefined when there is none. */
  field(number: number): { from: number; to: number } | undefined {
    for (const field of fieldsOf(this.bytes, this.labelsTo, this.to)) {
      if (field.field === number) return { from: field.from, to: field.to }
    }
    return undefined
  }

  /** The text of such a field; empty when there is none. */
  text(number: number): string {
    const field = this.field(number)
    return field === undefined ? '' : utf8(this.bytes, field.from, field.to)
  }
}

/** Nanoseconds at `at`, as whole milliseconds: exact below 2^53 ms. */
function millisAt(bytes: Bytes, at: number): number {
  const high = bytes.readUInt32LE(at + 4)
  const low = bytes.readUInt32LE(at)
  // 2^32 = 4294 * 1e6 + 967296: no sum goes above 2^53.
  return high * 4294 + Math.floor((high * 967_296 + low) / 1_000_000)
}
