/**
 * What a distribution holds, read from the fields of OpenTelemetry's data points
 * (opentelemetry/proto/metrics/v1/metrics.proto):
 *
 *   HistogramDataPoint            fixed64 count = 4; double sum = 5; repeated fixed64 bucket_counts = 6;
 *                                 repeated double explicit_bounds = 7; double min = 11; double max = 12
 *   ExponentialHistogramDataPoint fixed64 count = 4; double sum = 5; sint32 scale = 6; fixed64 zero_count = 7;
 *                                 Buckets positive = 8; Buckets negative = 9; double min = 12; double max = 13;
 *                                 double zero_threshold = 14
 *     Buckets                     sint32 offset = 1; repeated uint64 bucket_counts = 2
 *   SummaryDataPoint              fixed64 count = 4; double sum = 5; repeated ValueAtQuantile quantile_values = 6
 *     ValueAtQuantile             double quantile = 1; double value = 2
 */
import { readSketch } from '#codecs/ddsketch/bytes.ts'
import type { JsonLinesWriter } from '#codecs/json/lines-writer.ts'
import { fieldsOf, tagOf, varintBytes, type WireField, WireType, writeVarint } from '#codecs/protobuf/wire.ts'
import { allocate, type Bytes, copyBytes } from '#std/bytes.ts'
import { Kind } from './record.ts'

export interface Histogram {
  count: number
  sum: number | undefined
  min: number | undefined
  max: number | undefined
  /** One more than bounds. */
  counts: number[]
  bounds: number[]
}

export interface Buckets {
  offset: number
  counts: number[]
}

export interface ExponentialHistogram {
  count: number
  sum: number | undefined
  min: number | undefined
  max: number | undefined
  /** Bucket i of `positive` holds (base^(offset + i), base^(offset + i + 1)], base being 2^(2^-scale). */
  scale: number
  zeroCount: number
  zeroThreshold: number
  positive: Buckets
  negative: Buckets
}

export interface Summary {
  count: number
  sum: number
  quantiles: { quantile: number; value: number }[]
}

/** More buckets than any sender makes; what is beyond is not read. */
export const BUCKETS_MAX = 16_384

/** Counts above 2^53 lose their last digits. */
export function readHistogram(bytes: Bytes, from: number, to: number): Histogram {
  const histogram: Histogram = { count: 0, sum: undefined, min: undefined, max: undefined, counts: [], bounds: [] }
  for (const part of fieldsOf(bytes, from, to)) {
    const { field } = part
    if (field === 4) histogram.count = integer(bytes, part)
    else if (field === 5) histogram.sum = double(bytes, part)
    else if (field === 6) eachFixed(part, (at) => push(histogram.counts, fixed64(bytes, at)))
    else if (field === 7) eachFixed(part, (at) => push(histogram.bounds, bytes.readDoubleLE(at)))
    else if (field === 11) histogram.min = double(bytes, part)
    else if (field === 12) histogram.max = double(bytes, part)
  }
  return histogram
}

export function readExponentialHistogram(bytes: Bytes, from: number, to: number): ExponentialHistogram {
  const histogram: ExponentialHistogram = {
    count: 0,
    sum: undefined,
    min: undefined,
    max: undefined,
    scale: 0,
    zeroCount: 0,
    zeroThreshold: 0,
    positive: { offset: 0, counts: [] },
    negative: { offset: 0, counts: [] },
  }
  for (const part of fieldsOf(bytes, from, to)) {
    const { field } = part
    if (field === 4) histogram.count = integer(bytes, part)
    else if (field === 5) histogram.sum = double(bytes, part)
    else if (field === 6) histogram.scale = zigzag(part.value)
    else if (field === 7) histogram.zeroCount = integer(bytes, part)
    else if (field === 8) histogram.positive = readBuckets(bytes, part)
    else if (field === 9) histogram.negative = readBuckets(bytes, part)
    else if (field === 12) histogram.min = double(bytes, part)
    else if (field === 13) histogram.max = double(bytes, part)
    else if (field === 14) histogram.zeroThreshold = double(bytes, part)
  }
  return histogram
}

function readBuckets(bytes: Bytes, { from, to }: WireField): Buckets {
  const buckets: Buckets = { offset: 0, counts: [] }
  for (const part of fieldsOf(bytes, from, to)) {
    if (part.field === 1) buckets.offset = zigzag(part.value)
    else if (part.field !== 2) continue
    else if (part.type === WireType.varint) push(buckets.counts, part.value)
    else eachVarint(bytes, part.from, part.to, (count) => push(buckets.counts, count))
  }
  return buckets
}

export function readSummary(bytes: Bytes, from: number, to: number): Summary {
  const summary: Summary = { count: 0, sum: 0, quantiles: [] }
  for (const part of fieldsOf(bytes, from, to)) {
    if (part.field === 4) summary.count = integer(bytes, part)
    else if (part.field === 5) summary.sum = double(bytes, part)
    else if (part.field === 6 && summary.quantiles.length < BUCKETS_MAX) {
      const entry = { quantile: 0, value: 0 }
      for (const inner of fieldsOf(bytes, part.from, part.to)) {
        if (inner.field === 1) entry.quantile = double(bytes, inner)
        if (inner.field === 2) entry.value = double(bytes, inner)
      }
      summary.quantiles.push(entry)
    }
  }
  return summary
}

/** As `readHistogram` reads it. */
export function histogramBytes({ count, sum, min, max, counts, bounds }: Histogram): Bytes {
  const parts = new DistributionWriter(64 + 9 * (counts.length + bounds.length))
  parts.fixed(4, count)
  parts.double(5, sum)
  parts.packedFixed(6, counts)
  parts.packedDoubles(7, bounds)
  parts.double(11, min)
  parts.double(12, max)
  return parts.bytes()
}

/** As `readExponentialHistogram` reads it. */
export function exponentialHistogramBytes(histogram: ExponentialHistogram): Bytes {
  const { positive, negative } = histogram
  const parts = new DistributionWriter(128 + 10 * (positive.counts.length + negative.counts.length))
  parts.fixed(4, histogram.count)
  parts.double(5, histogram.sum)
  parts.signed(6, histogram.scale)
  parts.fixed(7, histogram.zeroCount)
  for (const [field, { offset, counts }] of [
    [8, positive],
    [9, negative],
  ] as const) {
    if (counts.length === 0) continue
    const inner = new DistributionWriter(32 + 10 * counts.length)
    inner.signed(1, offset)
    inner.packedVarints(2, counts)
    parts.message(field, inner.bytes())
  }
  parts.double(12, histogram.min)
  parts.double(13, histogram.max)
  parts.double(14, histogram.zeroThreshold === 0 ? undefined : histogram.zeroThreshold)
  return parts.bytes()
}

/** As `readSummary` reads it. */
export function summaryBytes({ count, sum, quantiles }: Summary): Bytes {
  const parts = new DistributionWriter(64 + 32 * quantiles.length)
  parts.fixed(4, count)
  parts.double(5, sum)
  for (const { quantile, value } of quantiles) {
    const inner = new DistributionWriter(32)
    inner.double(1, quantile)
    inner.double(2, value)
    parts.message(6, inner.bytes())
  }
  return parts.bytes()
}

class DistributionWriter {
  readonly #bytes: Bytes
  #at = 0
  constructor(bytesMax: number) {
    this.#bytes = allocate(bytesMax)
  }
  bytes(): Bytes {
    return this.#bytes.subarray(0, this.#at)
  }
  fixed(field: number, value: number): void {
    this.#tag(field, WireType.fixed64)
    this.#fixed64(value)
  }
  /** Nothing for undefined: the field is optional. */
  double(field: number, value: number | undefined): void {
    if (value === undefined) return
    this.#tag(field, WireType.fixed64)
    this.#at = this.#bytes.writeDoubleLE(value, this.#at)
  }
  signed(field: number, value: number): void {
    this.#tag(field, WireType.varint)
    this.#at = writeVarint(this.#bytes, value < 0 ? -2 * value - 1 : 2 * value, this.#at)
  }
  packedFixed(field: number, values: readonly number[]): void {
    this.#tag(field, WireType.bytes)
    this.#at = writeVarint(this.#bytes, 8 * values.length, this.#at)
    for (const value of values) this.#fixed64(value)
  }
  packedDoubles(field: number, values: readonly number[]): void {
    this.#tag(field, WireType.bytes)
    this.#at = writeVarint(this.#bytes, 8 * values.length, this.#at)
    for (const value of values) this.#at = this.#bytes.writeDoubleLE(value, this.#at)
  }
  packedVarints(field: number, values: readonly number[]): void {
    this.#tag(field, WireType.bytes)
    this.#at = writeVarint(
      this.#bytes,
      values.reduce((sum, value) => sum + varintBytes(value), 0),
      this.#at,
    )
    for (const value of values) this.#at = writeVarint(this.#bytes, value, this.#at)
  }
  message(field: number, bytes: Bytes): void {
    this.#tag(field, WireType.bytes)
    this.#at = writeVarint(this.#bytes, bytes.length, this.#at)
    copyBytes(bytes, 0, bytes.length, this.#bytes, this.#at)
    this.#at += bytes.length
  }
  #tag(field: number, type: number): void {
    this.#bytes[this.#at++] = tagOf(field, type)
  }
  #fixed64(value: number): void {
    this.#at = this.#bytes.writeUInt32LE(value % 0x1_0000_0000, this.#at)
    this.#at = this.#bytes.writeUInt32LE(Math.floor(value / 0x1_0000_0000), this.#at)
  }
}

/** As JSON, for people. */
export function writeDistribution(writer: JsonLinesWriter, kind: number, bytes: Bytes, from: number, to: number): void {
  if (kind === Kind.histogram) writer.raw(asciiJson(readHistogram(bytes, from, to)))
  else if (kind === Kind.exponential_histogram) writer.raw(asciiJson(readExponentialHistogram(bytes, from, to)))
  else if (kind === Kind.summary) writer.raw(asciiJson(readSummary(bytes, from, to)))
  else if (kind === Kind.sketch) writer.raw(asciiJson(sketchSummary(bytes, from, to)))
  else writer.hex(bytes, from, to)
}

/** Nobody reads bins: what they say of some quantiles. */
const SKETCH_QUANTILES = [0.5, 0.75, 0.9, 0.95, 0.99]

function sketchSummary(bytes: Bytes, from: number, to: number): object {
  const sketch = readSketch(bytes, from, to)
  const { count, sum, min, max } = sketch
  if (count === 0) return { count, sum, quantiles: [] }
  const quantiles = SKETCH_QUANTILES.map((quantile) => ({ quantile, value: sketch.quantile(quantile) }))
  return { count, sum, min, max, quantiles }
}

/** Numbers and our own names: all of it is ASCII. */
function asciiJson(value: object): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'number' && !Number.isFinite(inner) ? String(inner) : inner,
  )
}

/** The 64 bits of a field as a double; 0 when it is no such field. */
function double(bytes: Bytes, { type, from }: WireField): number {
  return type === WireType.fixed64 ? bytes.readDoubleLE(from) : 0
}

function integer(bytes: Bytes, { type, from }: WireField): number {
  return type === WireType.fixed64 ? fixed64(bytes, from) : 0
}

/** Packed, or one by one. */
function eachFixed({ type, from, to }: WireField, found: (position: number) => void): void {
  if (type !== WireType.varint) for (let at = from; at + 8 <= to; at += 8) found(at)
}

function fixed64(bytes: Bytes, at: number): number {
  return bytes.readUInt32LE(at) + bytes.readUInt32LE(at + 4) * 0x1_0000_0000
}

function zigzag(value: number): number {
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2
}

function eachVarint(bytes: Bytes, from: number, to: number, found: (value: number) => void): void {
  let at = from
  while (at < to) {
    let value = 0
    let scale = 1
    while (at < to) {
      const byte = bytes[at++]!
      value += (byte & 0x7f) * scale
      scale *= 0x80
      if (byte < 0x80 || scale > 2 ** 70) break
    }
    found(value)
  }
}

function push(list: number[], value: number): void {
  if (list.length < BUCKETS_MAX) list.push(value)
}
