import assert from 'node:assert/strict'
import { test } from 'node:test'
import { allocate } from '#std/bytes.ts'
import { UNIQUE_ID_BYTES, UniqueIds } from './unique-id.ts'

test('unique ids: no two are the same, they sort as they were made, and writers do not meet', () => {
  const made = [new UniqueIds(), new UniqueIds()].map((ids) =>
    Array.from({ length: 5_000 }, () => {
      const target = allocate(UNIQUE_ID_BYTES)
      assert.equal(ids.write(target, 0), UNIQUE_ID_BYTES)
      return target.toString('latin1')
    }),
  )
  for (const ids of made) {
    assert.deepEqual(ids, [...ids].sort())
    for (const id of ids) assert.match(id, /^[0-9a-f]{28}$/)
  }
  assert.equal(new Set(made.flat()).size, 10_000)
})
