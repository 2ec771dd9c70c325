import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { readSketch, sketchBytes, sketchBytesMax } from './bytes.ts'
import { BIAS, GAMMA, KEY_INFINITE, keyOf, MIN, middleOf } from './mapping.ts'
import { BINS_MAX, Sketch } from './sketch.ts'

const SEED = 20_261_121
const ACCURACY = 1 / 128 + 1e-9

function sketchOf(values: Iterable<number>): Sketch {
  const sketch = new Sketch()
  for (const value of values) sketch.add(value)
  return sketch
}

function binsOf({ keys, counts, bins }: Sketch): [number, number][] {
  return Array.from({ length: bins }, (_, i) => [keys[i]!, counts[i]!])
}

test("keys are those of Datadog's Agent", () => {
  // What the Agent's config computes for eps 1/128 and min 1e-9.
  assert.equal(BIAS, 1338)
  assert.ok(MIN <= 1e-9 && MIN * GAMMA > 1e-9)
  assert.deepEqual([0, MIN / 2, MIN, 1, -1, GAMMA, 1e300, -1e300].map(keyOf), [
    ...[0, 0, 1, 1338, -1338, 1339, KEY_INFINITE, -KEY_INFINITE],
  ])
  assert.equal(keyOf(100), 1635)
})

test('the value of a key has that key, and every value is within 1/128 of the value of its bin', () => {
  for (const key of [1, 2, 1337, 1338, 5000, 32766]) assert.deepEqual(keyOf(middleOf(key)), key)
  fc.assert(
    fc.property(fc.double({ min: 1e-9, max: 1e200, noNaN: true }), (value) => {
      const middle = middleOf(keyOf(value))
      assert.ok(Math.abs(middle - value) <= ACCURACY * value, `${value} is in the bin of ${middle}`)
    }),
    { seed: SEED },
  )
})

const number = fc.oneof(
  fc.double({ min: -1e6, max: 1e6, noNaN: true }),
  fc.integer({ min: 0, max: 1000 }),
  fc.double({ min: 0, max: 1e-6, noNaN: true }),
)

test('quantiles are within 1/128 of the exact ones', () => {
  fc.assert(
    fc.property(
      fc.array(number, { minLength: 1, maxLength: 500 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (values, q) => {
        const sketch = sketchOf(values)
        const sorted = Float64Array.from(values).sort()
        const exact = sorted[Math.floor(q * (values.length - 1))]!
        const told = sketch.quantile(q)
        assert.ok(Math.abs(told - exact) <= ACCURACY * Math.abs(exact) + MIN, `q ${q}: ${told} instead of ${exact}`)
        assert.equal(sketch.quantile(0), sorted[0])
        assert.equal(sketch.quantile(1), sorted.at(-1))
      },
    ),
    { seed: SEED, numRuns: 500 },
  )
})

test('merging two sketches gives that of all values, and adding n times that of n values', () => {
  fc.assert(
    fc.property(fc.array(number), fc.array(number), fc.integer({ min: 1, max: 9 }), (a, b, times) => {
      const merged = sketchOf(a)
      merged.merge(sketchOf(b))
      const all = sketchOf([...a, ...b])
      assert.deepEqual(binsOf(merged), binsOf(all))
      assert.deepEqual([merged.count, merged.min, merged.max], [all.count, all.min, all.max])
      const weighted = new Sketch()
      for (const value of a) weighted.add(value, times)
      assert.deepEqual(binsOf(weighted), binsOf(sketchOf(a.flatMap((value) => Array<number>(times).fill(value)))))
    }),
    { seed: SEED },
  )
})

test('above the limit the lowest bins become one, and high quantiles keep their accuracy', () => {
  const values = Array.from({ length: 2 * BINS_MAX }, (_, i) => middleOf(i + 1))
  for (const order of [values, values.toReversed()]) {
    const sketch = sketchOf(order)
    assert.equal(sketch.bins, BINS_MAX)
    assert.equal(sketch.count, values.length)
    assert.equal(
      binsOf(sketch).reduce((sum, [, n]) => sum + n, 0),
      values.length,
    )
    assert.deepEqual(
      binsOf(sketch).slice(1),
      values.slice(-BINS_MAX + 1).map((value) => [keyOf(value), 1]),
    )
    const exact = values[Math.floor(0.9 * (values.length - 1))]!
    assert.ok(Math.abs(sketch.quantile(0.9) - exact) <= ACCURACY * exact)
  }
})

test('what is written is read, within its bound', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(number, fc.nat({ max: 2 ** 20 }))), (parts) => {
      const sketch = new Sketch()
      for (const [value, count] of parts) if (count > 0) sketch.add(value, count)
      const bytes = sketchBytes(sketch)
      assert.ok(bytes.length <= sketchBytesMax(sketch))
      const read = readSketch(bytes, 0, bytes.length)
      assert.deepEqual(binsOf(read), binsOf(sketch))
      assert.deepEqual([read.count, read.sum], [sketch.count, sketch.sum])
      if (sketch.count > 0) assert.deepEqual([read.min, read.max], [sketch.min, sketch.max])
    }),
    { seed: SEED },
  )
})

test('a bin that has more values than it can tell tells as many as it can', () => {
  const sketch = new Sketch()
  sketch.add(1, 2 ** 60)
  const bytes = sketchBytes(sketch)
  const read = readSketch(bytes, 0, bytes.length)
  assert.deepEqual([read.count, binsOf(read)], [Number.MAX_SAFE_INTEGER, [[keyOf(1), 2 ** 32 - 1]]])
})

test('golden bytes', () => {
  const bytes = sketchBytes(sketchOf([0, 1, 1, -2]))
  assert.equal(
    bytes.toString('hex'),
    '1004' + // cnt
      '1900000000000000c0' + // min
      '21000000000000f03f' + // max
      '290000000000000000' + // avg
      '310000000000000000' + // sum
      '3a05cd1500f414' + // k: -1383, 0, 1338
      '4203010102', // n
  )
})
