/**
 * Native histograms (prometheus/prompb/types.proto; the same message in io/prometheus/write/v2/types.proto):
 *
 *   Histogram { oneof { uint64 count_int = 1; double count_float = 2 } double sum = 3; sint32 schema = 4; double
 *   zero_threshold = 5;
 *               oneof { uint64 zero_count_int = 6; double zero_count_float = 7 }
 *               repeated BucketSpan negative_spans = 8; repeated sint64 negative_deltas = 9; repeated double
 *                     negative_counts = 10;
 *               repeated BucketSpan positive_spans = 11; repeated sint64 positive_deltas = 12; repeated double
 *                     positive_counts = 13;
 *               ResetHint reset_hint = 14 (0 unknown, 1 yes, 2 no, 3 gauge); int64 timestamp = 15; repeated
 *                     double custom_values = 16;
 *               int64 start_timestamp = 17 (2.0 alone) }
 *   BucketSpan { sint32 offset = 1; uint32 length = 2 }
 *
 * Bucket i of Prometheus ends at base^i and bucket i of OpenTelemetry begins there, so offsets differ by one. Spans
 * leave out
 * empty buckets; records do not. Counts are whole in records: a histogram of floats is taken when its counts are whole.
 */
import type { Buckets, ExponentialHistogram, Histogram } from '#codecs/metric/distribution.ts'
import { WireType } from '#codecs/protobuf/wire.ts'
import type { Bytes } from '#std/bytes.ts'
import { eachVarint, FieldCursor, int64, sint64 } from './fields.ts'
import { isStaleNan } from './stale.ts'

/**
 * Dense buckets of one sign. Prometheus' own clients make 160 at most; gaps of hostile spans would cost far more than
 * they take.
 */
export const DENSE_BUCKETS_MAX = 2048
export const SCHEMA_MIN = -4
export const SCHEMA_MAX = 8
export const CUSTOM_BUCKETS = -53

export interface NativeHistogram {
  timeMs: number
  startMs: number
  isGauge: boolean
  isStale: boolean
  /** Schema -53 is one of explicit bounds. */
  shape: { kind: 'exponential'; histogram: ExponentialHistogram } | { kind: 'explicit'; histogram: Histogram }
}

interface Side {
  spans: { offset: number; length: number }[]
  deltas: number[]
  counts: number[]
}

/** Undefined: it is none, or none that a record can hold. */
export function readNativeHistogram(bytes: Bytes, from: number, to: number): NativeHistogram | undefined {
  const fields = new FieldCursor()
  const positive: Side = { spans: [], deltas: [], counts: [] }
  const negative: Side = { spans: [], deltas: [], counts: [] }
  const bounds: number[] = []
  let [count, sum, schema, zeroThreshold, zeroCount, hint, timeMs, startMs] = [0, 0, 0, 0, 0, 0, 0, 0]
  let isStale = false
  let isValid = true
  fields.begin(bytes, from, to)
  while (fields.next()) {
    const { tag, from: at, to: end } = fields
    if (tag === 0x08) count = fields.value
    else if (tag === 0x11) count = bytes.readDoubleLE(at)
    else if (tag === 0x19) {
      sum = bytes.readDoubleLE(at)
      isStale = isStaleNan(bytes, at)
    } else if (tag === 0x20) schema = sint64(bytes, at, end)
    else if (tag === 0x29) zeroThreshold = bytes.readDoubleLE(at)
    else if (tag === 0x30) zeroCount = fields.value
    else if (tag === 0x39) zeroCount = bytes.readDoubleLE(at)
    else if (tag === 0x42) isValid &&= readSpan(bytes, at, end, negative)
    else if (tag === 0x5a) isValid &&= readSpan(bytes, at, end, positive)
    else if (tag >> 3 === 9) isValid &&= readDeltas(bytes, fields, negative.deltas)
    else if (tag >> 3 === 12) isValid &&= readDeltas(bytes, fields, positive.deltas)
    else if (tag >> 3 === 10) readDoubles(bytes, fields, negative.counts)
    else if (tag >> 3 === 13) readDoubles(bytes, fields, positive.counts)
    else if (tag >> 3 === 16) readDoubles(bytes, fields, bounds)
    else if (tag === 0x70) hint = fields.value
    else if (tag === 0x78) timeMs = int64(bytes, at, end)
    else if (tag === 0x88) startMs = int64(bytes, at, end)
    if (!isValid) return undefined
  }
  if (fields.isBroken || !(timeMs >= 0)) return undefined
  const about = { timeMs, startMs, isGauge: hint === GAUGE_HINT, isStale }
  if (isStale) return { ...about, shape: { kind: 'exponential', histogram: EMPTY } }
  const dense = { positive: denseOf(positive), negative: denseOf(negative) }
  if (dense.positive === undefined || dense.negative === undefined) return undefined
  if (!isCount(count) || !isCount(zeroCount)) return undefined
  const common = { count, sum, min: undefined, max: undefined }
  if (schema === CUSTOM_BUCKETS) {
    const counts = new Array<number>(bounds.length + 1).fill(0)
    const { offset, counts: found } = dense.positive
    if (offset < 0 || offset + found.length > counts.length || bounds.length > DENSE_BUCKETS_MAX) return undefined
    if (!ascends(bounds)) return undefined
    for (const [i, each] of found.entries()) counts[offset + i] = each
    return { ...about, shape: { kind: 'explicit', histogram: { ...common, counts, bounds } } }
  }
  if (schema < SCHEMA_MIN || schema > SCHEMA_MAX) return undefined
  for (const side of [dense.positive, dense.negative]) side.offset -= side.counts.length === 0 ? 0 : 1
  const { positive: above, negative: below } = dense
  const histogram = { ...common, scale: schema, zeroCount, zeroThreshold, positive: above, negative: below }
  return { ...about, shape: { kind: 'exponential', histogram } }
}

const GAUGE_HINT = 3
const EMPTY: ExponentialHistogram = {
  count: 0,
  sum: 0,
  min: undefined,
  max: undefined,
  scale: 0,
  zeroCount: 0,
  zeroThreshold: 0,
  positive: { offset: 0, counts: [] },
  negative: { offset: 0, counts: [] },
}

function readSpan(bytes: Bytes, from: number, to: number, { spans }: Side): boolean {
  const fields = new FieldCursor()
  const span = { offset: 0, length: 0 }
  fields.begin(bytes, from, to)
  while (fields.next()) {
    if (fields.tag === 0x08) span.offset = sint64(bytes, fields.from, fields.to)
    else if (fields.tag === 0x10) span.length = fields.value
  }
  spans.push(span)
  return !fields.isBroken && spans.length <= DENSE_BUCKETS_MAX
}

/** Packed, or one by one. */
function readDeltas(bytes: Bytes, { tag, from, to }: FieldCursor, into: number[]): boolean {
  const add = (at: number, end: number) => void (into.length <= DENSE_BUCKETS_MAX && into.push(sint64(bytes, at, end)))
  if ((tag & 7) === WireType.bytes) return eachVarint(bytes, from, to, add)
  if ((tag & 7) === WireType.varint) add(from, to)
  return true
}

function readDoubles(bytes: Bytes, { tag, from, to }: FieldCursor, into: number[]): void {
  if ((tag & 7) !== WireType.bytes && (tag & 7) !== WireType.fixed64) return
  for (let at = from; at + 8 <= to && into.length <= DENSE_BUCKETS_MAX; at += 8) into.push(bytes.readDoubleLE(at))
}

/**
 * Undefined: spans and counts do not fit each other, or are more than a record holds. The offset is that of Prometheus.
 */
function denseOf({ spans, deltas, counts }: Side): Buckets | undefined {
  const given = deltas.length > 0 ? deltas.length : counts.length
  let index = 0
  let used = 0
  const dense: Buckets = { offset: 0, counts: [] }
  let count = 0
  for (const [s, { offset, length }] of spans.entries()) {
    // Only the first may begin below where the one before ended.
    if (s > 0 && offset < 0) return undefined
    index += offset
    if (s === 0) dense.offset = index
    if (length > given - used || index - dense.offset + length > DENSE_BUCKETS_MAX) return undefined
    while (dense.counts.length < index - dense.offset) dense.counts.push(0)
    for (let i = 0; i < length; i++, used++) {
      count = deltas.length > 0 ? count + deltas[used]! : counts[used]!
      if (!isCount(count)) return undefined
      dense.counts.push(count)
    }
    index += length
  }
  if (Math.abs(dense.offset) > OFFSET_MAX) return undefined
  return used === given ? dense : undefined
}

/** At schema 8 the doubles there are end at bucket 262,144. */
const OFFSET_MAX = 0x10_0000

function isCount(count: number): boolean {
  return Number.isInteger(count) && count >= 0 && count <= Number.MAX_SAFE_INTEGER
}

function ascends(bounds: readonly number[]): boolean {
  return bounds.every((bound, i) => (i === 0 ? !Number.isNaN(bound) : bound > bounds[i - 1]!))
}
