import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { md5 } from './md5.ts'

test('digests are those of the reference', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      assert.equal(md5(Buffer.from(bytes)).toString('hex'), createHash('md5').update(bytes).digest('hex'))
    }),
  )
  const million = Buffer.alloc(1_000_000, 'a')
  assert.equal(md5(million).toString('hex'), createHash('md5').update(million).digest('hex'))
})
