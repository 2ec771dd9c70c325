import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fromText } from '#std/bytes.ts'
import { SeriesTable } from './series-table.ts'

const SEED = 20_260_501

test('it does what a map in the order of touching does', () => {
  const max = 2500
  let values = new Float64Array(0)
  const gone: number[] = []
  const table = new SeriesTable(
    max,
    (slots) => {
      const larger = new Float64Array(slots)
      larger.set(values)
      values = larger
    },
    (slot) => void gone.push(slot),
  )
  const oracle = new Map<string, number>()
  let seed = SEED
  const random = (below: number) => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0
    return Math.floor((seed / 2 ** 32) * below)
  }
  for (let step = 0; step < 60_000; step++) {
    const key = `series${random(4000)} ${'x'.repeat(random(4000) % 7 === 0 ? 900 : 10)}`
    const bytes = fromText(`##${key}##`)
    const known = oracle.get(key)
    if (random(10) === 0) {
      const slot = table.find(bytes, 2, bytes.length - 2)
      assert.equal(slot === -1, known === undefined, `seed ${SEED}, step ${step}`)
      if (known === undefined) continue
      assert.equal(values[slot], known)
      table.forget(slot)
      oracle.delete(key)
      continue
    }
    const slot = table.take(bytes, 2, bytes.length - 2)
    assert.equal(table.isNew, known === undefined, `seed ${SEED}, step ${step}`)
    if (known !== undefined) assert.equal(values[slot], known)
    if (known === undefined && oracle.size === max) oracle.delete(oracle.keys().next().value!)
    values[slot] = step
    oracle.delete(key)
    oracle.set(key, step)
  }
  const seen: [string, number][] = []
  table.each((slot, bytes, from, to) => void seen.push([bytes.toString('utf8', from, to), values[slot]!]))
  assert.deepEqual(seen, [...oracle])
  assert.equal(table.count, oracle.size)
  assert.ok(gone.length > 100)
  // Keys of at most 2,500 series, about 140 bytes each, and as much garbage.
  assert.ok(table.bytes < 4 * 1024 * 1024, String(table.bytes))
})
