import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { anyRecords, encodeWithin } from '#test/support/encoding.ts'
import { blockOf } from '#test/support/outputs.ts'
import { EventJson } from './event_json.ts'

const SEED = 20_261_122
const NAMES = ['index', 'source']

const encoder = new EventJson({
  after: '\n',
  members: [
    { key: 'index', value: 'own', otherwise: 'main' },
    { key: 'source', value: 'own' },
  ],
  record: { as: 'value', objects: 'event', texts: 'event' },
})

test('event_json: what a record says under a name of its own stands outside of it, and only there', () => {
  const cases: [record: string, written: string][] = [
    ['{"index":"web","a":1}', '{"index":"web","event":{"a":1}}'],
    ['{"a":1,"index":"web"}', '{"index":"web","event":{"a":1}}'],
    ['{"a":1 , "source" : "s\\"" , "index":"web" }', '{"index":"web","source":"s\\"","event":{"a":1 }}'],
    ['{"source":"s","index":"web"}', '{"index":"web","source":"s","event":{}}'],
    ['{"index":5,"source":null,"x":","}', '{"index":"main","event":{"index":5,"source":null,"x":","}}'],
    ['{"index":""}', '{"index":"main","event":{"index":""}}'],
    ['{"n":{"index":"in"}}', '{"index":"main","event":{"n":{"index":"in"}}}'],
    [`{"index":"${'x'.repeat(257)}"}`, `{"index":"main","event":{"index":"${'x'.repeat(257)}"}}`],
    ['text', '{"index":"main","event":"text"}'],
  ]
  const written = encodeWithin(encoder, blockOf(cases.map(([record]) => record)))
  assert.deepEqual(
    written.map((bytes) => bytes.toString()),
    cases.map(([, expected]) => `${expected}\n`),
  )
})

test(`event_json: whatever a record is, nothing of it is lost or doubled (seed ${SEED})`, () => {
  fc.assert(
    fc.property(anyRecords([...NAMES, 'a']), (records) => {
      for (const [i, bytes] of encodeWithin(encoder, blockOf(records)).entries()) {
        const { event, ...outside } = JSON.parse(bytes.toString()) as Record<string, unknown>
        const original = objectIn(records[i]!)
        if (original === undefined) {
          assert.deepEqual(outside, { index: 'main' })
          continue
        }
        assert.equal(typeof event, 'object')
        const inside = event as Record<string, unknown>
        const { index, ...own } = outside
        const kept = 'index' in inside || !('index' in original) ? {} : { index }
        assert.deepEqual({ ...inside, ...own, ...kept }, original)
        for (const name of Object.keys({ ...own, ...kept })) assert.ok(!(name in inside))
      }
    }),
    { seed: SEED, numRuns: 500 },
  )
})

function objectIn(record: Buffer): Record<string, unknown> | undefined {
  try {
    const value = JSON.parse(record.toString())
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined
  } catch {
    return undefined
  }
}
