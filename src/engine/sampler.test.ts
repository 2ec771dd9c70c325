import assert from 'node:assert/strict'
import { test } from 'node:test'
import { randomFrom } from '#std/random.ts'
import { type Pick, Sampler } from './sampler.ts'

/** What stands in the slots after `total` records that came in blocks of `blockRecords`. */
function sampleOf(sampler: Sampler, total: number, blockRecords: number): number[] {
  const slots: number[] = []
  for (let from = 0; from < total; from += blockRecords) {
    const count = Math.min(blockRecords, total - from)
    const picks: Pick[] = []
    sampler.take(count, picks)
    for (const { index, slot } of picks) slots[slot] = from + index
  }
  return slots
}

test('a sampler takes every record with the same probability, and fills all slots with different ones', () => {
  const seed = 7
  const random = randomFrom(seed)
  const [size, total, rounds] = [16, 1000, 4000]
  const cells = new Array<number>(20).fill(0)
  for (let round = 0; round < rounds; round++) {
    const slots = sampleOf(new Sampler(size, random), total, 37)
    assert.equal(new Set(slots).size, size, `seed ${seed}`)
    for (const record of slots) cells[Math.floor((record * cells.length) / total)]!++
  }
  const expected = (size * rounds) / cells.length
  const chiSquare = cells.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0)
  // 19 degrees of freedom: above 43.8 in one of a thousand cases.
  assert.ok(chiSquare < 43.8, `chi-square ${chiSquare} with seed ${seed}: ${cells}`)
})

test('a sampler takes all of a short stream, and few of a long one', () => {
  const sampler = new Sampler(256, randomFrom(1))
  const picks: Pick[] = []
  sampler.take(100, picks)
  assert.deepEqual(
    picks.map(({ slot }) => slot),
    Array.from({ length: 100 }, (_, i) => i),
  )
  for (let n = 0; n < 10_000; n++) sampler.take(1000, picks)
  // 256 (1 + ln(10^7 / 256)) is 2,962.
  assert.ok(picks.length > 2500 && picks.length < 3500, String(picks.length))
})

test('what was taken of a block that is done again is as if it had not been', () => {
  const sampler = new Sampler(4, randomFrom(3))
  sampler.take(10, [])
  sampler.save()
  sampler.take(1_000_000, [])
  sampler.restore()
  const picks: Pick[] = []
  sampler.take(1_000_000, picks)
  assert.ok(picks.length > 10 && picks.every(({ index }) => index >= 0 && index < 1_000_000))
})
