import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeEntry } from '#test/support/decoding.ts'
import { fuzz } from './datadog_logs.fuzz.ts'
import { datadogLogs } from './datadog_logs.ts'

const golden: [name: string, entry: string, records: string[]][] = [
  [
    'entries of an array stay as they are',
    '{}\n[{"message":"a"},{"message":"b,]","n":[1,{"x":2}]}]',
    ['{"message":"a"}', '{"message":"b,]","n":[1,{"x":2}]}'],
  ],
  ['one object, empty or not', '{}\n {"message":"a"}', ['{"message":"a"}']],
  ['no object is no record', '{}\n[]', []],
  [
    'the head fills in what a record does not say',
    '{"ddsource":"nginx","ddtags":"env:prod,a:b","hostname":"h","service":"s"}\n[{},{"service":"own","ddtags":""}]',
    [
      '{"ddsource":"nginx","ddtags":"env:prod,a:b","hostname":"h","service":"s"}',
      '{"ddsource":"nginx","hostname":"h","service":"own","ddtags":""}',
    ],
  ],
  [
    'status is the level and date the timestamp, in either order',
    '{}\n[{"status":"warn","date":1700000000000},{"date":"2026-01-31T08:15:30Z","x":1,"status":"error"}]',
    ['{"level":"warn","timestamp":1700000000000}', '{"timestamp":"2026-01-31T08:15:30Z","x":1,"level":"error"}'],
  ],
  [
    'but not where a record has them, nor a status that is a number',
    '{}\n[{"status":"warn","level":"info"},{"status":200},{"date":1,"timestamp":2}]',
    ['{"status":"warn","level":"info"}', '{"status":200}', '{"date":1,"timestamp":2}'],
  ],
  ['head and other names together', '{"service":"s"}\n[{"status":"warn"}]', ['{"service":"s","level":"warn"}']],
]
for (const [name, entry, records] of golden) {
  test(`datadog_logs: ${name}`, () => {
    assert.deepEqual(decodeEntry(datadogLogs, entry), { records, malformed: 0, blocks: 1 })
    assert.deepEqual(decodeEntry(datadogLogs, entry, 1).records, records)
  })
}

test('datadog_logs: a record over several lines says so', () => {
  const { records } = decodeEntry(datadogLogs, '{}\n[\n{\n"a":1\n},\n{"b":2}]')
  assert.deepEqual(records, ['{\n"a":1\n}', '{"b":2}'])
})

test('datadog_logs: what cannot be read ends the entry and is counted', () => {
  const { records, malformed } = decodeEntry(datadogLogs, '{}\n[{"a":1},"text",{"b":2}]')
  assert.deepEqual([records, malformed], [['{"a":1}'], 1])
})

test('datadog_logs: many records become blocks of the size aimed at', () => {
  const many = Array.from({ length: 5000 }, (_, i) => `{"message":"${'x'.repeat(90)}","i":${i}}`)
  const { records, blocks } = decodeEntry(datadogLogs, `{}\n[${many.join(',')}]`)
  assert.deepEqual(records, many)
  assert.ok(blocks >= 8 && blocks <= 10, String(blocks))
})

test('datadog_logs: the seeds of its fuzzer pass', () => {
  for (const seed of fuzz.seeds) fuzz.run(seed)
})
