import assert from 'node:assert/strict'
import { test } from 'node:test'
import { StreamgateError } from '#contract/error.ts'
import { enableLinearRegex } from '#std/pattern/linear.ts'
import { blockOf, selectedOf } from '#test/support/blocks.ts'
import { attributeFilter } from './attribute_filter.ts'

enableLinearRegex()

const RECORDS = ['{"service":"checkout"}', '{"service":"auth","note":"checkout"}', '{"user":1}', 'checkout as text', '']

function left(options: object, records: readonly string[] = RECORDS): string[] {
  const block = blockOf(records)
  make(options).process(block)
  return selectedOf(block)
}

function make(options: object) {
  return attributeFilter.create(attributeFilter.config.parse(options), {
    random: () => 0,
    engine: 0,
    state: new SharedArrayBuffer(0),
  })
}

test('attribute_filter drops JSON records by a field and lets all else pass', () => {
  assert.deepEqual(left({ attribute: 'service', equals: 'checkout' }), RECORDS.slice(1))
})

test('attribute_filter keeps only the JSON records for which the test holds, and what is not JSON', () => {
  assert.deepEqual(left({ attribute: 'service', equals: 'checkout', mode: 'keep' }), [
    '{"service":"checkout"}',
    'checkout as text',
    '',
  ])
})

test('attribute_filter takes an exact place', () => {
  const records = ['{"a":{"b":"x"}}', '{"a.b":"x"}', '{"attributes":{"c":"x"}}', '{"c":"x"}', '{"service.name":"x"}']
  assert.deepEqual(left({ path: 'a/b', equals: 'x' }, records), records.slice(1))
  assert.deepEqual(left({ path: 'c', equals: 'x', mode: 'keep' }, records), ['{"c":"x"}'])
  assert.deepEqual(left({ path: 'service', equals: 'x' }, records), records, 'no well-known places')
  assert.deepEqual(left({ attribute: 'c', equals: 'x' }, records).length, 3)
})

test('attribute_filter tests for parts and patterns', () => {
  assert.deepEqual(left({ attribute: 'service', contains: 'out' }), RECORDS.slice(1))
  assert.deepEqual(
    left({ attribute: 'service', regex: '^(auth|cart)$' }),
    RECORDS.filter((_, i) => i !== 1),
  )
  assert.deepEqual(
    left({ attribute: 'user', equals: 1 }),
    RECORDS.filter((_, i) => i !== 2),
  )
})

test('attribute_filter needs one place and one test, and says where a pattern is wrong', () => {
  const cases: [object, string, string][] = [
    [{ equals: 'x' }, 'SG_CONFIG_INVALID', 'attribute'],
    [{ attribute: 'a', path: 'b', equals: 'x' }, 'SG_CONFIG_INVALID', 'attribute'],
    [{ attribute: 'a' }, 'SG_CONFIG_INVALID', 'equals'],
    [{ attribute: 'a', equals: 'x', regex: 'y' }, 'SG_CONFIG_INVALID', 'equals'],
    [{ attribute: 'a', regex: '(?=x)' }, 'SG_PATTERN_UNSAFE', 'regex'],
  ]
  for (const [options, code, path] of cases) {
    assert.throws(
      () => make(options),
      (error) => error instanceof StreamgateError && error.code === code && error.path === path,
      JSON.stringify(options),
    )
  }
})
