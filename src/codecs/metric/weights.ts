/** A distribution as values and how often each came: for vendors that have no histograms, or other ones. */
import { readSketch } from '#codecs/ddsketch/bytes.ts'
import { middleOf } from '#codecs/ddsketch/mapping.ts'
import { Sketch } from '#codecs/ddsketch/sketch.ts'
import type { Bytes } from '#std/bytes.ts'
import { type ExponentialHistogram, type Histogram, readExponentialHistogram, readHistogram } from './distribution.ts'
import { Kind } from './record.ts'

/** Values that stand for one bucket, and for all of them together, about. */
const PARTS_MAX = 32
const ALL_PARTS_MAX = 4096

/**
 * The distribution in [from, to) as a sketch. The values of a bucket are taken to lie evenly in it; those of an
 * outermost one, which has no end, at the other, or between it and what least or greatest value is known.
 */
export function sketchIn(kind: number, bytes: Bytes, from: number, to: number): Sketch {
  if (kind === Kind.sketch) return readSketch(bytes, from, to)
  if (kind === Kind.histogram) return sketchOf(readHistogram(bytes, from, to))
  const sketch = new Sketch()
  if (kind === Kind.exponential_histogram) return ofExponential(readExponentialHistogram(bytes, from, to), sketch)
  return sketch
}

/** A histogram as a sketch, as `sketchIn` makes it. */
export function sketchOf({ counts, bounds, sum, min, max }: Histogram): Sketch {
  const sketch = new Sketch()
  const partsMax = partsOf(counts.length)
  for (const [i, count] of counts.entries()) {
    if (!(count > 0) || i > bounds.length) continue
    const first = bounds[0] ?? 0
    const low = i > 0 ? bounds[i - 1]! : (min ?? Math.min(0, first))
    const high = i < bounds.length ? bounds[i]! : Math.max(max ?? low, low)
    spread(sketch, Number.isFinite(low) ? low : high, Number.isFinite(high) ? high : low, count, partsMax)
  }
  return corrected(sketch, sum, min, max)
}

function ofExponential(histogram: ExponentialHistogram, sketch: Sketch): Sketch {
  const { scale, zeroCount, positive, negative, sum, min, max } = histogram
  const base = 2 ** (2 ** -scale)
  const partsMax = partsOf(positive.counts.length + negative.counts.length)
  if (zeroCount > 0) sketch.add(0, zeroCount)
  for (const [sign, { offset, counts }] of [
    [1, positive],
    [-1, negative],
  ] as const) {
    for (const [i, count] of counts.entries()) {
      const [low, high] = [base ** (offset + i), base ** (offset + i + 1)]
      if (count > 0 && Number.isFinite(high)) spread(sketch, sign * low, sign * high, count, partsMax)
    }
  }
  return corrected(sketch, sum, min, max)
}

function partsOf(buckets: number): number {
  return Math.max(1, Math.min(PARTS_MAX, Math.floor(ALL_PARTS_MAX / buckets)))
}

function spread(sketch: Sketch, low: number, high: number, count: number, partsMax: number): void {
  if (!Number.isFinite(low) || !Number.isFinite(high)) return
  const parts = low === high ? 1 : Math.min(partsMax, count)
  let given = 0
  for (let part = 0; part < parts; part++) {
    const upTo = Math.round((count * (part + 1)) / parts)
    if (upTo > given) sketch.add(low + ((part + 0.5) / parts) * (high - low), upTo - given)
    given = upTo
  }
}

/** What is known for certain, instead of what was guessed. */
function corrected(sketch: Sketch, sum: number | undefined, min: number | undefined, max: number | undefined): Sketch {
  if (sum !== undefined && Number.isFinite(sum)) sketch.sum = sum
  if (min !== undefined && Number.isFinite(min)) sketch.min = min
  if (max !== undefined && Number.isFinite(max)) sketch.max = max
  return sketch
}

/**
 * The sketch as at most `valuesMax` values and their counts: beyond that, neighbours become one, at their weighted
 * middle.
 */
export function weightsOf(sketch: Sketch, valuesMax: number): { value: number; count: number }[] {
  const weights: { value: number; count: number }[] = []
  const together = Math.ceil(sketch.bins / valuesMax)
  for (let bin = 0; bin < sketch.bins; bin += together) {
    let count = 0
    let sum = 0
    for (let i = bin; i < Math.min(sketch.bins, bin + together); i++) {
      const value = Math.min(sketch.max, Math.max(sketch.min, middleOf(sketch.keys[i]!)))
      count += sketch.counts[i]!
      sum += value * sketch.counts[i]!
    }
    if (count > 0 && Number.isFinite(sum)) weights.push({ value: sum / count, count })
  }
  return weights
}
