import assert from 'node:assert/strict'
import { test } from 'node:test'
import { StreamgateError } from '#contract/error.ts'
import { enableLinearRegex } from '#std/pattern/linear.ts'
import { blockOf, selectedOf } from '#test/support/blocks.ts'
import { filter } from './filter.ts'

enableLinearRegex()

const LINES = ['DEBUG one', 'INFO two', 'debug three', 'ERROR é four', '']

/** The records that are left. */
function left(options: object, records: readonly (string | Uint8Array)[] = LINES): string[] {
  const block = blockOf(records)
  make(options).process(block)
  return selectedOf(block)
}

function make(options: object) {
  return filter.create(filter.config.parse(options), { random: () => 0, state: new SharedArrayBuffer(0), engine: 0 })
}

test('filter drops records that contain the value', () => {
  assert.deepEqual(left({ value: 'DEBUG' }), ['INFO two', 'debug three', 'ERROR Ã© four', ''])
})

test('filter keeps only what it finds when told so', () => {
  assert.deepEqual(left({ value: 'DEBUG', mode: 'keep' }), ['DEBUG one'])
  assert.deepEqual(left({ value: 'nowhere', mode: 'keep' }), [])
})

test('filter looks for any of several values, in any case if told so', () => {
  assert.deepEqual(left({ values: ['DEBUG', 'é'] }), ['INFO two', 'debug three', ''])
  assert.deepEqual(left({ value: 'debug', ignore_case: true }), ['INFO two', 'ERROR Ã© four', ''])
  assert.deepEqual(left({ value: 'É', ignore_case: 'true', mode: 'keep' }), ['ERROR Ã© four'])
  assert.deepEqual(left({ values: ['a.c', '('], mode: 'keep' }, ['abc', 'a.c', '(']), ['a.c', '('])
})

test('filter looks for a pattern, and for values beside it', () => {
  assert.deepEqual(left({ pattern: '^(DEBUG|INFO) ' }), ['debug three', 'ERROR Ã© four', ''])
  assert.deepEqual(left({ pattern: '^$', value: 'one' }), ['INFO two', 'debug three', 'ERROR Ã© four'])
})

test('filter finds UTF-8 in records that are not UTF-8 elsewhere', () => {
  const record = Buffer.concat([Buffer.from([0xff]), Buffer.from('é')])
  assert.deepEqual(left({ value: 'é' }, [record, 'x']), ['x'])
})

test('filter takes ten thousand values', () => {
  const values = Array.from({ length: 10_000 }, (_, i) => `blocked-user-${i}@example.com`)
  assert.deepEqual(left({ values }, ['by blocked-user-9999@example.com', 'by user-1@example.com']), [
    'by user-1@example.com',
  ])
  const caseless = { values: values.slice(0, 1000), ignore_case: true }
  assert.deepEqual(left(caseless, ['by BLOCKED-user-42@example.com', 'x']), ['x'])
})

test('filter needs something to look for, and says where a pattern is wrong', () => {
  const cases: [object, string, string][] = [
    [{}, 'SG_CONFIG_INVALID', 'value'],
    [{ values: Array.from({ length: 1001 }, String), ignore_case: true }, 'SG_CONFIG_INVALID', 'values'],
    [{ pattern: '(' }, 'SG_PATTERN_SYNTAX', 'pattern'],
    [{ pattern: '(?=a)' }, 'SG_PATTERN_UNSAFE', 'pattern'],
  ]
  for (const [options, code, path] of cases) {
    assert.throws(
      () => make(options),
      (error) => error instanceof StreamgateError && error.code === code && error.path === path,
    )
  }
  assert.deepEqual(left({ pattern: 'D(?=EBUG)', unsafe: 'true', mode: 'keep' }), ['DEBUG one'])
})

test('filter ends on a hostile record', { timeout: 60_000 }, () => {
  const records = Array.from({ length: 20 }, () => `${'a'.repeat(10_000)}!`)
  assert.equal(left({ pattern: '^(a+)+$' }, records).length, 20)
})
