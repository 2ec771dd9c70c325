/** Writes native histograms: see `native-histogram.ts`. */
import type { Buckets, ExponentialHistogram, Histogram } from '#codecs/metric/distribution.ts'
import { varintBytes, writeVarint } from '#codecs/protobuf/wire.ts'
import { allocate, type Bytes } from '#std/bytes.ts'
import { CUSTOM_BUCKETS, SCHEMA_MAX, SCHEMA_MIN } from './native-histogram.ts'
import { writeStaleNan } from './stale.ts'

/** Empty buckets that cost less inside a span than a new span would. */
const GAP_MAX = 2
const GAUGE_HINT = 3

export interface NativePoint {
  timeMs: number
  /** 0: not told. */
  startMs: number
  isGauge: boolean
  isStale: boolean
}

/** Undefined: its buckets are wider than Prometheus has them. */
export function exponentialMessage(histogram: ExponentialHistogram, point: NativePoint): Bytes | undefined {
  if (histogram.scale < SCHEMA_MIN) return undefined
  const shift = Math.max(0, histogram.scale - SCHEMA_MAX)
  const positive = coarser(histogram.positive, shift)
  const negative = coarser(histogram.negative, shift)
  const target = new MessageWriter(160 + 24 * (positive.counts.length + negative.counts.length))
  target.number(0x08, histogram.count)
  target.double(0x19, histogram.sum ?? 0, point.isStale)
  target.signed(0x20, histogram.scale - shift)
  target.double(0x29, histogram.zeroThreshold)
  target.number(0x30, histogram.zeroCount)
  // Bucket i of OpenTelemetry begins where bucket i of Prometheus ends.
  target.buckets(0x42, 0x4a, negative.offset + 1, negative.counts)
  target.buckets(0x5a, 0x62, positive.offset + 1, positive.counts)
  return ended(target, point)
}

/** With custom buckets. */
export function explicitMessage(histogram: Histogram, point: NativePoint): Bytes {
  const { counts, bounds } = histogram
  const target = new MessageWriter(160 + 24 * counts.length + 8 * bounds.length)
  target.number(0x08, histogram.count)
  target.double(0x19, histogram.sum ?? 0, point.isStale)
  target.signed(0x20, CUSTOM_BUCKETS)
  target.buckets(0x5a, 0x62, 0, counts)
  const end = ended(target, point, bounds)
  return end
}

function ended(target: MessageWriter, point: NativePoint, bounds: readonly number[] = []): Bytes {
  if (point.isGauge) target.number(0x70, GAUGE_HINT)
  target.number(0x78, point.timeMs)
  target.doubles(bounds)
  if (point.startMs > 0) target.number(0x88, point.startMs)
  return target.bytes()
}

/** Two neighbours become one with each step. */
function coarser({ offset, counts }: Buckets, shift: number): Buckets {
  if (shift === 0 || counts.length === 0) return { offset, counts }
  const width = 2 ** shift
  const first = Math.floor(offset / width)
  const merged = new Array<number>(Math.floor((offset + counts.length - 1) / width) - first + 1).fill(0)
  for (const [i, count] of counts.entries()) {
    const index = Math.floor((offset + i) / width) - first
    merged[index] = merged[index]! + count
  }
  return { offset: first, counts: merged }
}

class MessageWriter {
  readonly #target: Bytes
  #at = 0

  constructor(bytesMax: number) {
    this.#target = allocate(bytesMax)
  }

  bytes(): Bytes {
    return this.#target.subarray(0, this.#at)
  }

  number(tag: number, value: number): void {
    if (value === 0 && tag !== 0x08 && tag !== 0x30) return
    this.#at = writeVarint(this.#target, value, writeVarint(this.#target, tag, this.#at))
  }

  signed(tag: number, value: number): void {
    this.#at = writeVarint(this.#target, tag, this.#at)
    this.#at = writeVarint(this.#target, zigzag(value), this.#at)
  }

  double(tag: number, value: number, isStale = false): void {
    this.#target[this.#at++] = tag
    if (isStale) writeStaleNan(this.#target, this.#at)
    else this.#target.writeDoubleLE(value, this.#at)
    this.#at += 8
  }

  /** Custom bounds. */
  doubles(values: readonly number[]): void {
    if (values.length === 0) return
    this.#at = writeVarint(this.#target, 0x82, this.#at)
    this.#at = writeVarint(this.#target, 8 * values.length, this.#at)
    for (const value of values) this.#at = this.#target.writeDoubleLE(value, this.#at)
  }

  /** Spans and deltas; longer runs of empty buckets are left out. */
  buckets(spanTag: number, deltaTag: number, offset: number, counts: readonly number[]): void {
    const deltas: number[] = []
    let spanEnd = 0
    let last = 0
    for (let i = 0; i < counts.length; ) {
      if (counts[i] === 0) {
        i++
        continue
      }
      let end = i + 1
      let gap = 0
      for (let j = end; j < counts.length && gap <= GAP_MAX; j++) {
        gap = counts[j] === 0 ? gap + 1 : 0
        if (gap === 0) end = j + 1
      }
      this.#span(spanTag, deltas.length === 0 ? offset + i : i - spanEnd, end - i)
      for (let j = i; j < end; j++) {
        deltas.push(zigzag(counts[j]! - last))
        last = counts[j]!
      }
      spanEnd = end
      i = end
    }
    if (deltas.length === 0) return
    this.#target[this.#at++] = deltaTag
    const length = deltas.reduce((sum, delta) => sum + varintBytes(delta), 0)
    this.#at = writeVarint(this.#target, length, this.#at)
    for (const delta of deltas) this.#at = writeVarint(this.#target, delta, this.#at)
  }

  #span(tag: number, offset: number, length: number): void {
    const zigzagged = zigzag(offset)
    const target = this.#target
    target[this.#at++] = tag
    target[this.#at++] = 2 + varintBytes(zigzagged) + varintBytes(length)
    target[this.#at++] = 0x08
    this.#at = writeVarint(target, zigzagged, this.#at)
    target[this.#at++] = 0x10
    this.#at = writeVarint(target, length, this.#at)
  }
}

function zigzag(value: number): number {
  return value < 0 ? -2 * value - 1 : 2 * value
}
