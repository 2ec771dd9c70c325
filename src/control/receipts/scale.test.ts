import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { randomFrom } from '#std/random.ts'
import { wilson } from './interval.ts'
import { Quantity } from './scale.ts'
import { Stratum } from './stratum.ts'

const seed = 20_251_121
const share = fc.double({ min: 0, max: 1, noNaN: true })
const size = fc.double({ min: 0.5, max: 1e7, noNaN: true })

test('wilson: the share lies inside, more records narrow it, and it mirrors', () => {
  fc.assert(
    fc.property(share, size, (p, n) => {
      const { low, high } = wilson(p, n)
      assert.ok(0 <= low && low <= p && p <= high && high <= 1)
      const more = wilson(p, n * 2)
      assert.ok(more.high - more.low <= high - low + 1e-12)
      const mirrored = wilson(1 - p, n)
      assert.ok(Math.abs(mirrored.low - (1 - high)) < 1e-9 && Math.abs(mirrored.high - (1 - low)) < 1e-9)
    }),
    { seed },
  )
})

test('wilson: values of the literature', () => {
  // Newcombe 1998, Statistics in Medicine 17, table I: 81 of 263, 15 of 148, 0 of 20, 1 of 29.
  const cases = [
    [81, 263, 0.2553, 0.3662],
    [15, 148, 0.0624, 0.1605],
    [0, 20, 0, 0.1611],
    [1, 29, 0.0061, 0.1718],
  ] as const
  for (const [hits, n, low, high] of cases) {
    const bounds = wilson(hits / n, n)
    assert.deepEqual([bounds.low.toFixed(4), bounds.high.toFixed(4)], [low.toFixed(4), high.toFixed(4)])
  }
  assert.deepEqual(wilson(0.3, Number.POSITIVE_INFINITY), { low: 0.3, high: 0.3 })
  assert.deepEqual(wilson(0, 0), { low: 0, high: 1 })
})

const record = fc.record({ counts: fc.boolean(), bytesIn: fc.integer({ min: 1, max: 10_000 }), part: share })
const window = fc.record({ records: fc.array(record, { minLength: 1, maxLength: 40 }), unseen: fc.nat(100_000) })

/** A quantity of windows whose records are at hand. */
function quantityOf(
  windows: readonly { records: { counts: boolean; bytesIn: number; part: number }[]; unseen: number }[],
) {
  const strata = windows.map(({ records, unseen }) => {
    const bytes = records.reduce((sum, { bytesIn }) => sum + bytesIn, 0)
    return new Stratum({ records: records.length + unseen, bytes: bytes + unseen * 100 }, 7)
  })
  const quantity = new Quantity(strata)
  windows.forEach(({ records }, w) => {
    for (const { counts, bytesIn, part } of records) {
      strata[w]!.add(bytesIn)
      if (counts) quantity.add(w, 1, Math.floor(bytesIn * part), bytesIn)
    }
  })
  return { quantity, strata }
}

test('estimates lie between their bounds, and between what was drawn and what can be', () => {
  fc.assert(
    fc.property(fc.array(window, { minLength: 1, maxLength: 4 }), (windows) => {
      const { quantity } = quantityOf(windows)
      const seen = windows.reduce((sum, { records, unseen }) => sum + records.length + unseen, 0)
      const records = quantity.records()
      const bytes = quantity.bytes()
      const money = quantity.cost(1e-9, 1e-6)
      for (const { value, low, high } of [records, bytes, money]) {
        assert.ok(Number.isFinite(value) && 0 <= low && low <= value + 1e-6 && value <= high + 1e-6)
      }
      assert.ok(records.low >= Math.min(quantity.hits, records.value) - 1e-6 && records.high <= seen + 1e-6)
    }),
    { seed },
  )
})

test('a sample that is everything is exact; a month is so many windows', () => {
  fc.assert(
    fc.property(fc.array(record, { minLength: 1, maxLength: 40 }), (records) => {
      const { quantity } = quantityOf([{ records, unseen: 0 }])
      const counted = records.filter(({ counts }) => counts)
      const bytes = counted.reduce((sum, { bytesIn, part }) => sum + Math.floor(bytesIn * part), 0)
      assert.deepEqual(rounded(quantity.records()), [counted.length, counted.length, counted.length])
      assert.deepEqual(rounded(quantity.bytes()), [bytes, bytes, bytes])
      assert.deepEqual(rounded(quantity.bytes(true)), [7 * bytes, 7 * bytes, 7 * bytes])
    }),
    { seed },
  )
})

function rounded({ value, low, high }: { value: number; low: number; high: number }): number[] {
  return [value, low, high].map((x) => Math.round(x * 1e6) / 1e6)
}

test('windows of very different weight: shares and bytes cover what is so', () => {
  const random = randomFrom(seed)
  let covered = 0
  let all = 0
  for (let turn = 0; turn < 400; turn++) {
    const strata: Stratum[] = []
    const truth = { records: 0, bytes: 0 }
    const draws = [
      { seen: 50_000, n: 100, p: 0.02 },
      { seen: 2000, n: 400, p: 0.6 },
    ]
    const populations = draws.map(({ seen, p }) => {
      const sizes = Array.from({ length: seen }, () => 50 + Math.floor(random() ** 3 * 2000))
      const hits = sizes.map(() => random() < p)
      truth.records += hits.filter(Boolean).length
      truth.bytes += sizes.reduce((sum, size, i) => sum + (hits[i] ? size : 0), 0)
      strata.push(new Stratum({ records: seen, bytes: sizes.reduce((sum, size) => sum + size, 0) }, 1))
      return { sizes, hits }
    })
    const quantity = new Quantity(strata)
    draws.forEach(({ seen, n }, w) => {
      const { sizes, hits } = populations[w]!
      let left = n
      for (let i = 0; i < seen; i++) {
        if (random() * (seen - i) >= left) continue
        left--
        strata[w]!.add(sizes[i]!)
        if (hits[i]) quantity.add(w, 1, sizes[i]!, sizes[i]!)
      }
    })
    for (const [{ low, high }, real] of [
      [quantity.records(), truth.records],
      [quantity.bytes(), truth.bytes],
    ] as const) {
      all++
      if (low <= real && real <= high) covered++
    }
  }
  assert.ok(covered / all >= 0.93, `${covered} of ${all} (seed ${seed})`)
})
