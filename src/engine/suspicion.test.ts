import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BLOCK_RECORDS_MAX } from '#telemetry/block.ts'
import { Suspicion } from './suspicion.ts'

const at = (entry: number, offset = 0) => ({ ordinal: 3, entry, offset, sequence: 0 })

test('the first stop may be chance; the second in a row makes the successor take small pieces', () => {
  const suspicion = new Suspicion()
  assert.equal(suspicion.next(at(1), at(9)).recordsMax, BLOCK_RECORDS_MAX)
  assert.equal(suspicion.next(at(1), at(9)).recordsMax, 256)
  assert.equal(suspicion.isCareful(at(2)), true)
  assert.equal(suspicion.isCareful(at(9)), false, 'behind what had come by then it is at ease')
})

test('the pieces shrink to one record, which is quarantined', () => {
  const suspicion = new Suspicion()
  suspicion.next(at(1), at(9))
  suspicion.next(at(1), at(9))
  const pieces = [suspicion.next(at(1), at(9)), suspicion.next(at(1, 500), at(9)), suspicion.next(at(1, 700), at(9))]
  assert.deepEqual(
    pieces.map(({ recordsMax, quarantineNext }) => [recordsMax, quarantineNext]),
    [
      [16, false],
      [1, false],
      [256, true],
    ],
  )
  assert.deepEqual(pieces[2]!.position, at(1, 700))
})

test('two stops at different places are two chances', () => {
  const suspicion = new Suspicion()
  suspicion.next(at(1), at(9))
  assert.equal(suspicion.next(at(4), at(9)).recordsMax, BLOCK_RECORDS_MAX)
})
