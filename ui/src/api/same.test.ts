import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isSame } from './same.ts'

test('values are the same whatever the order of their keys', () => {
  assert.ok(isSame({ a: 1, b: [1, { c: null, d: '' }] }, { b: [1, { d: '', c: null }], a: 1 }))
  assert.ok(isSame({ a: 1, b: undefined }, { a: 1 }), 'as JSON has it')
  for (const [one, other] of [
    [
      [1, 2],
      [2, 1],
    ],
    [[1], [1, 2]],
    [{ a: 1 }, { a: 1, b: null }],
    [{ a: 1 }, { b: 1 }],
    [[], {}],
    [null, {}],
    ['1', 1],
  ])
    assert.ok(!isSame(one, other) && !isSame(other, one))
})
