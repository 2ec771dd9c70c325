import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ObservedRecord, SampleWindow } from '#contract/observation.ts'
import { RECENT_BYTES_MAX, recentRecordsOf } from './recent-records.ts'

function record(at: number, changes: Partial<ObservedRecord> = {}): ObservedRecord {
  const text = `record ${at}`
  return {
    pipeline: 'main',
    source: 'tcp',
    at,
    fate: 'forwarded',
    rule: null,
    edited_by: [],
    before: { text },
    after: { text },
    bytes_in: text.length,
    bytes_out: text.length,
    ...changes,
  }
}

function windowOf(from: number, records: ObservedRecord[], pipeline = 'main'): SampleWindow {
  return { pipeline, from, to: from + 60, seen: { records: 10 * records.length, bytes: 100 }, records }
}

const samples = [
  { gateway: 'a', answered_at: 200, windows: [windowOf(0, [record(1), record(30)]), windowOf(60, [record(70)])] },
  {
    gateway: 'b',
    answered_at: 200,
    windows: [
      windowOf(0, [
        record(20, { fate: 'dropped', rule: 'no_debug', after: null, bytes_out: 0 }),
        record(40, { edited_by: ['hide'] }),
      ]),
      windowOf(0, [record(5)], 'other'),
    ],
  },
]
const given = { asked: 3, answered: 2, samples }

test('records of all gateways come newest first, with what they were sampled from', () => {
  const { gateways, pipelines, records, left_out } = recentRecordsOf(given, { limit: 3, pipeline: 'main' })
  assert.deepEqual(gateways, { asked: 3, answered: 2 })
  assert.deepEqual(
    records.map(({ gateway, at }) => [gateway, at]),
    [
      ['a', 70],
      ['b', 40],
      ['a', 30],
    ],
  )
  assert.equal(left_out, 2)
  assert.deepEqual(pipelines, [{ id: 'main', from: 0, to: 120, seen: { records: 50, bytes: 300 }, sampled: 5 }])
  assert.deepEqual(
    recentRecordsOf(given, { limit: 10 }).pipelines.map(({ id }) => id),
    ['main', 'other'],
  )
})

test('only those of a rule, or of a fate', () => {
  const timesOf = (query: object) => recentRecordsOf(given, { limit: 10, ...query }).records.map(({ at }) => at)
  assert.deepEqual(timesOf({ rule: 'no_debug' }), [20])
  assert.deepEqual(timesOf({ rule: 'hide' }), [40])
  assert.deepEqual(timesOf({ fate: 'dropped' }), [20])
  assert.deepEqual(timesOf({ fate: 'sampled' }), [])
  assert.deepEqual(timesOf({ pipeline: 'nobody' }), [])
})

test('an answer is of a bounded size', () => {
  const text = 'x'.repeat(RECENT_BYTES_MAX / 8)
  const windows = [
    windowOf(
      0,
      Array.from({ length: 10 }, (_, i) => record(i, { before: { text }, after: { text } })),
    ),
  ]
  const { records, left_out } = recentRecordsOf(
    { asked: 1, answered: 1, samples: [{ gateway: 'a', answered_at: 1, windows }] },
    { limit: 10 },
  )
  assert.deepEqual([records.length, left_out], [3, 7])
})
