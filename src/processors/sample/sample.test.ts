import assert from 'node:assert/strict'
import { test } from 'node:test'
import { randomFrom } from '#std/random.ts'
import { allOf, blockOf, selectedOf } from '#test/support/blocks.ts'
import { sample } from './sample.ts'

const TRACES = Array.from({ length: 4000 }, (_, i) => `{"trace_id":"t${i >> 1}","n":${i}}`)

function sampled(options: object, records: readonly string[], seed = 1): string[] {
  const block = blockOf(records)
  const context = { random: randomFrom(seed), engine: 0, state: new SharedArrayBuffer(0) }
  sample.create(sample.config.parse({ sample_rate_field: '', ...options }), context).process(block)
  return selectedOf(block)
}

test('sample keeps about the share that it is told to keep', () => {
  for (const options of [{ keep_ratio: 0.25 }, { keep_ratio: 0.25, key: 'trace_id' }]) {
    const { length } = sampled(options, TRACES)
    assert.ok(length > 850 && length < 1150, `${length} of 4000`)
  }
  assert.equal(sampled({ keep_ratio: 1 }, TRACES).length, 4000)
  assert.equal(sampled({ keep_ratio: 0 }, TRACES).length, 0)
})

test('sample keeps or drops all records of a key together, on every node alike', () => {
  const kept = sampled({ keep_ratio: 0.5, key: 'trace_id' }, TRACES)
  assert.deepEqual(sampled({ keep_ratio: 0.5, key: 'trace_id' }, TRACES, 2), kept)
  const traces = Map.groupBy(kept, (record) => JSON.parse(record).trace_id)
  for (const [trace, records] of traces) assert.equal(records.length, 2, trace)
})

test('what sample keeps at a low ratio it also keeps at a higher one', () => {
  const low = sampled({ keep_ratio: 0.1, key: 'trace_id' }, TRACES)
  const high = new Set(sampled({ keep_ratio: 0.5, key: 'trace_id' }, TRACES))
  assert.ok(low.length > 0 && low.every((record) => high.has(record)))
})

test('sample does with records that lack the key as told', () => {
  const records = Array.from({ length: 200 }, (_, i) => (i % 2 === 0 ? 'text' : '{"trace_id":null}'))
  assert.equal(sampled({ keep_ratio: 0.5, key: 'trace_id', missing_key: 'keep' }, records).length, 200)
  assert.equal(sampled({ keep_ratio: 0.5, key: 'trace_id', missing_key: 'drop' }, records).length, 0)
  const { length } = sampled({ keep_ratio: 0.5, key: 'trace_id' }, records)
  assert.ok(length > 60 && length < 140, `${length} of 200`)
})

test('sample writes on JSON objects how many they stand for', () => {
  const records = ['{"a":1}', ' { } ', 'text', '[1]', '{"sample_rate":3}', '{"é":1}']
  const block = blockOf(records)
  const context = { random: () => 0, engine: 0, state: new SharedArrayBuffer(0) }
  sample.create(sample.config.parse({ keep_ratio: '0.1' }), context).process(block)
  assert.deepEqual(
    allOf(block).map((record) => Buffer.from(record, 'latin1').toString()),
    [
      '{"sample_rate":10,"a":1}',
      ' {"sample_rate":10 } ',
      'text',
      '[1]',
      '{"sample_rate":3}',
      '{"sample_rate":10,"é":1}',
    ],
  )
  assert.deepEqual(sampled({ keep_ratio: 0.999, sample_rate_field: 'say "n"' }, ['{"a":1}']), [
    '{"say \\"n\\"":1.001,"a":1}',
  ])
})

test('sample refuses a share below 0 or above 1, and needs one', () => {
  for (const options of [{}, { keep_ratio: -0.1 }, { keep_ratio: '1.1' }, { keep_ratio: 'half' }]) {
    assert.equal(sample.config.safeParse(options).success, false, JSON.stringify(options))
  }
})

test('sample: a key is the same however JSON writes it', () => {
  const keys = Array.from({ length: 64 }, (_, i) => `é"${i}`)
  const plain = keys.map((key) => JSON.stringify({ key }))
  const escaped = plain.map((record) => record.replace('é', '\\u00e9').replace('\\"', '\\u0022'))
  const kept = (records: readonly string[]) =>
    sampled({ keep_ratio: 0.5, key: 'key' }, records).map(
      (record) => JSON.parse(Buffer.from(record, 'latin1').toString()).key,
    )
  assert.deepEqual(kept(escaped), kept(plain))
  assert.ok(kept(plain).length > 16)
})
