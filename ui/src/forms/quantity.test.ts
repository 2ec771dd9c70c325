import assert from 'node:assert/strict'
import { test } from 'node:test'
import { quantityOf, quantityWords } from './quantity.ts'

test('quantities are read as people write them', () => {
  assert.equal(quantityOf('10 s', 'ms'), 10_000)
  assert.equal(quantityOf('1.5h', 'ms'), 5_400_000)
  assert.equal(quantityOf('2 min', 'seconds'), 120)
  assert.equal(quantityOf('16 MiB', 'bytes'), 16_777_216)
  assert.equal(quantityOf('16', 'bytes'), undefined)
  assert.equal(quantityOf('ten s', 'ms'), undefined)
  assert.equal(quantityOf('3 parsecs', 'ms'), undefined)
  assert.equal(quantityWords(10_000, 'ms'), '10 s')
  assert.equal(quantityWords(16_777_216, 'bytes'), '16 MiB')
  assert.equal(quantityWords(200, 'ms'), '')
})
