import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeEntry } from '#test/support/decoding.ts'
import { cloudwatchPut } from './cloudwatch_put.ts'

const HEAD = '{"log_group":"/aws/g","log_stream":"s\\"1"}\n'
const AROUND = { log_group: '/aws/g', log_stream: 's"1' }

function recordsOf(...events: object[]): unknown[] {
  const body = events.map((event) => JSON.stringify(event)).join(' , ')
  const { records, malformed } = decodeEntry(cloudwatchPut, HEAD + body)
  assert.equal(malformed, 0)
  return records.map((record) => JSON.parse(record))
}

test('an event is its message, with its time and where it was logged', () => {
  assert.deepEqual(
    decodeEntry(cloudwatchPut, `${HEAD}{"timestamp":1700000000123,"message":"a \\"b\\"\\n\\u00e9"}`).records,
    ['{"message":"a \\"b\\"\\n\\u00e9","timestamp":1700000000123,"log_group":"/aws/g","log_stream":"s\\"1"}'],
  )
  const [plain] = recordsOf({ message: '[1,2]', timestamp: 5, other: {} })
  assert.deepEqual(plain, { message: '[1,2]', timestamp: 5, ...AROUND })
})

test('a message that is a JSON object gives its fields; what it says itself is kept', () => {
  const message = (value: object, space?: number) => ({
    timestamp: 5,
    message: ` ${JSON.stringify(value, null, space)}\n`,
  })
  assert.deepEqual(
    recordsOf(
      message({ level: 'info', msg: 'x\ny', nested: { a: [1] } }, 2),
      message({ timestamp: 'mine', log_group: 'own' }),
      message({}),
      { timestamp: 6, message: '{"broken"' },
      { timestamp: 7, message: '{"a":1} and more' },
      { message: '{"a":"\\u0001"}' },
    ),
    [
      { level: 'info', msg: 'x\ny', nested: { a: [1] }, timestamp: 5, ...AROUND },
      { timestamp: 'mine', log_group: 'own', log_stream: 's"1' },
      { timestamp: 5, ...AROUND },
      { message: '{"broken"', timestamp: 6, ...AROUND },
      { message: '{"a":1} and more', timestamp: 7, ...AROUND },
      { a: '\u0001', ...AROUND },
    ],
  )
})

test('what is no event ends the entry, and is counted', () => {
  for (const body of ['{"timestamp":5}', '{"message":5}', '{"message":"a"', 'x']) {
    const { records, malformed } = decodeEntry(cloudwatchPut, `${HEAD}{"message":"a"},${body}`)
    assert.deepEqual([records.length, malformed], [1, 1], body)
  }
})
