import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ObservedRecord } from '#contract/observation.ts'
import { RATE_SECONDS, RECORDS_KEPT, TapRing } from '#ui/screens/tap/tap-ring.ts'

test('the newest come first, the oldest give way, and all are counted', () => {
  const ring = new TapRing()
  for (let i = 0; i < RECORDS_KEPT + 10; i += 5) {
    ring.add('g', [i, i + 1, i + 2, i + 3, i + 4].map(recordOf), 2, 1000)
  }
  const entries = ring.newestFirst()
  assert.equal(entries.length, RECORDS_KEPT)
  assert.equal(entries[0]!.record.before.text, String(RECORDS_KEPT + 9))
  assert.equal(entries.at(-1)!.record.before.text, '10')
  assert.equal(new Set(entries.map(({ id }) => id)).size, RECORDS_KEPT)
  assert.equal(ring.shown, RECORDS_KEPT + 10)
  assert.equal(ring.skipped, ((RECORDS_KEPT + 10) / 5) * 2)
})

test('a batch of more than is kept leaves its last', () => {
  const ring = new TapRing()
  ring.add(
    'g',
    Array.from({ length: RECORDS_KEPT + 1 }, (_, i) => recordOf(i)),
    0,
    0,
  )
  assert.equal(ring.newestFirst().at(-1)!.record.before.text, '1')
  assert.equal(ring.shown, RECORDS_KEPT + 1)
})

test('the rate counts what fitted, by seconds that are over', () => {
  const ring = new TapRing()
  ring.add('g', [recordOf(1)], 4, 100_000)
  ring.add('g', [recordOf(1)], 0, 100_900)
  ring.add('g', [recordOf(1)], 0, 102_000)
  const rates = ring.rates(103_500)
  assert.equal(rates.length, RATE_SECONDS)
  assert.deepEqual(rates.slice(-3), [6, 0, 1])
  ring.clear()
  assert.deepEqual([ring.shown, ring.skipped, ring.newestFirst().length], [0, 0, 0])
})

function recordOf(number: number): ObservedRecord {
  const common = { pipeline: 'p', source: 's', at: 0, fate: 'forwarded', rule: null, edited_by: [] } as const
  return { ...common, edited_by: [], before: { text: String(number) }, after: null, bytes_in: 1, bytes_out: 1 }
}
