import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  fitting,
  joined,
  SAMPLE_CHARACTERS_MAX,
  SAMPLE_RECORDS_MAX,
  samplesOf,
  splittingFor,
} from '#ui/screens/studio/samples.ts'

test('lines are records; empty ones are none', () => {
  assert.deepEqual(samplesOf('a\r\n\nb\n', 'lines'), { records: ['a', 'b'], left: 0 })
  assert.deepEqual(samplesOf('', 'lines'), { records: [], left: 0 })
})

test('stack traces stay whole', () => {
  const trace = 'ERROR no\njava.lang.Error: no\n\tat a.B.c(B.java:1)\nCaused by: x\n\t... 3 more\nnext'
  assert.deepEqual(samplesOf(trace, 'indented').records, [
    'ERROR no\njava.lang.Error: no\n\tat a.B.c(B.java:1)\nCaused by: x\n\t... 3 more',
    'next',
  ])
  assert.equal(samplesOf('  first\nsecond', 'indented').records.length, 2)
})

test('what is too much is cut, at a line, and counted', () => {
  const many = 'x\n'.repeat(SAMPLE_RECORDS_MAX + 7)
  const { records, left } = samplesOf(many, 'lines')
  assert.deepEqual([records.length, left], [SAMPLE_RECORDS_MAX, 7])
  const line = 'y'.repeat(999)
  const text = `${line}\n`.repeat(Math.ceil(SAMPLE_CHARACTERS_MAX / 1000) + 1)
  const kept = fitting(text)
  assert.ok(kept.text.length <= SAMPLE_CHARACTERS_MAX && kept.text.endsWith(line))
  assert.equal(kept.text.length + kept.cut, text.length)
  assert.equal(fitting('z'.repeat(SAMPLE_CHARACTERS_MAX + 1)).cut, 1)
})

test('records go below what is there', () => {
  assert.equal(joined('', ['a', 'b']), 'a\nb')
  assert.equal(joined('x', ['a']), 'x\na')
  assert.equal(joined('x\n', ['a']), 'x\na')
  assert.equal(splittingFor(['a\n\tb'], 'lines'), 'indented')
  assert.equal(splittingFor(['a'], 'lines'), 'lines')
})
