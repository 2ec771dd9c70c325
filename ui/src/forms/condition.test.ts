import assert from 'node:assert/strict'
import { test } from 'node:test'
import { conditionOf, conditionWords, emptyTest, nodeOf, withTest } from './condition.ts'

const conditions = [
  { field: 'level', equals: 'DEBUG' },
  { field: 'status', equals: 500 },
  { field: 'cached', equals: false },
  { field: 'a/b', exists: false },
  { field: 'path', regex: '^/health' },
  { not: { field: 'level', contains: 'ERR' } },
  {
    all: [
      { field: 'level', equals: 'INFO' },
      { any: [{ field: 'x', exists: true }, { not: { field: 'y', equals: 1 } }] },
    ],
  },
  { not: { any: [{ field: 'a', equals: 'b' }] } },
  { all: [] },
]

test('a condition goes to the builder and comes back as it was', () => {
  for (const condition of conditions) {
    const node = nodeOf(condition)
    assert.ok(node !== undefined, JSON.stringify(condition))
    assert.deepEqual(conditionOf(node), condition)
  }
})

test('what the builder cannot show is left to JSON', () => {
  for (const condition of [
    'text',
    null,
    [],
    { field: 'x' },
    { field: 'x', equals: 'a', contains: 'b' },
    { field: 'x', near: 'a' },
    { field: 'x', exists: 'yes' },
    { all: [{ all: 'x' }] },
    { all: [], any: [] },
    { not: { not: { field: 'x', equals: 'y' } } },
  ])
    assert.equal(nodeOf(condition), undefined, JSON.stringify(condition))
})

test('conditions are said in words', () => {
  const words = conditions.map(conditionWords)
  assert.deepEqual(words, [
    'level is “DEBUG”',
    'status is 500',
    'cached is false',
    'a/b is not there',
    'path matches /^/health/',
    'level does not contain “ERR”',
    'level is “INFO” and (x is there or y is not 1)',
    'not (a is “b”)',
    '',
  ])
  assert.equal(conditionWords({ odd: 1 }), '{"odd":1}')
})

test('another test keeps what it can of the value', () => {
  const equal = { ...emptyTest, field: 'status', value: 500 }
  assert.equal(withTest(equal, 'contains').value, '500')
  assert.equal(withTest(equal, 'exists').value, true)
  assert.equal(withTest(withTest(equal, 'exists'), 'regex').value, '')
})
