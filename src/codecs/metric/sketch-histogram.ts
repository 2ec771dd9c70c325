/** A sketch as an exponential histogram, for who knows no sketches: each bin becomes part of the bucket that its middle falls into. */
import { KEY_INFINITE, middleOf } from '#codecs/ddsketch/mapping.ts'
import type { Sketch } from '#codecs/ddsketch/sketch.ts'
import type { Buckets, ExponentialHistogram } from './distribution.ts'

/** Buckets grow by 2.2 %, where bins do by 1.6 %. */
const SCALE = 5
const BUCKETS_PER_DOUBLING = 2 ** SCALE
/** More than the finest sketch spans on one side of zero. */
export const SKETCH_BUCKETS_MAX = 2 * 64 * BUCKETS_PER_DOUBLING

export function histogramOf(sketch: Sketch): ExponentialHistogram {
  const positive = new Map<number, number>()
  const negative = new Map<number, number>()
  let zeroCount = 0
  for (let bin = 0; bin < sketch.bins; bin++) {
    const key = sketch.keys[bin]!
    const count = sketch.counts[bin]!
    if (key === 0) zeroCount += count
    else {
      const beyond = Math.abs(key) === KEY_INFINITE
      const value = beyond ? Math.max(Math.abs(sketch.min), Math.abs(sketch.max)) : Math.abs(middleOf(key))
      // Bucket i holds (base^i, base^(i + 1)].
      const index = Math.ceil(Math.log2(value) * BUCKETS_PER_DOUBLING) - 1
      const side = key > 0 ? positive : negative
      side.set(index, (side.get(index) ?? 0) + count)
    }
  }
  const { count, sum, min, max } = sketch
  const known = count > 0 ? { min, max } : { min: undefined, max: undefined }
  return {
    count,
    sum,
    ...known,
    scale: SCALE,
    zeroCount,
    zeroThreshold: 0,
    positive: bucketsOf(positive),
    negative: bucketsOf(negative),
  }
}

function bucketsOf(side: Map<number, number>): Buckets {
  if (side.size === 0) return { offset: 0, counts: [] }
  const offset = Math.min(...side.keys())
  const length = Math.min(SKETCH_BUCKETS_MAX, Math.max(...side.keys()) - offset + 1)
  return { offset, counts: Array.from({ length }, (_, i) => side.get(offset + i) ?? 0) }
}
