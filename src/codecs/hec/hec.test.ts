import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeEntry } from '#test/support/decoding.ts'
import { fuzz } from './hec.fuzz.ts'
import { hecEvents } from './hec.ts'

const golden: [name: string, entry: string, records: string[]][] = [
  [
    'events one behind the other, or in an array',
    '{}\n{"event":"a"}{"event":"b"}\n[{"event":"c"},{"event":"d"}]',
    ['{"message":"a"}', '{"message":"b"}', '{"message":"c"}', '{"message":"d"}'],
  ],
  [
    'an object keeps its members, with the envelope before and fields behind',
    '{}\n{"time":142.123,"host":"h","source":"s","sourcetype":"st","index":"i","event":{"a":{"b":1}},"fields":{"n":["x"]}}',
    ['{"timestamp":142.123,"index":"i","sourcetype":"st","source":"s","host":"h","a":{"b":1},"n":["x"]}'],
  ],
  [
    'what the event says itself goes before the envelope and fields',
    '{}\n{"time":2,"host":"h","fields":{"host":"f","a":9,"z":1,"z":2},"event":{"timestamp":1,"host":"own","a":1}}',
    ['{"timestamp":1,"host":"own","a":1,"z":1}'],
  ],
  [
    'fields do not repeat the envelope or the message',
    '{}\n{"host":"h","event":"text","fields":{"host":"f","message":"f","a":1}}',
    ['{"host":"h","message":"text","a":1}'],
  ],
  [
    'the head fills in what the envelope does not say, and null says nothing',
    '{"host":"head","index":"main"}\n{"host":"own","event":"a"}{"host":null,"time":null,"event":"b"}{"event":{"index":5}}',
    [
      '{"index":"main","host":"own","message":"a"}',
      '{"index":"main","host":"head","message":"b"}',
      '{"host":"head","index":5}',
    ],
  ],
  [
    'numbers, arrays, empty objects and times that are text',
    '{}\n{"event":5}{"event":[1,"a"]}{"event":{}}{"event":true,"time":"1.5"}{"event":{},"fields":{}}',
    ['{"message":5}', '{"message":[1,"a"]}', '{}', '{"timestamp":"1.5","message":true}', '{}'],
  ],
]
for (const [name, entry, records] of golden) {
  test(`hec_events: ${name}`, () => {
    assert.deepEqual(decodeEntry(hecEvents, entry), { records, malformed: 0, blocks: 1 })
    assert.deepEqual(decodeEntry(hecEvents, entry, 1).records, records)
  })
}

test('hec_events: what has no event, or cannot be read, ends the entry and is counted', () => {
  for (const bad of ['{"host":"h"}', '{"event":', '5', '"text"'])
    assert.partialDeepStrictEqual(decodeEntry(hecEvents, `{}\n{"event":1}${bad}{"event":2}`), {
      records: ['{"message":1}'],
      malformed: 1,
    })
})

test('hec_events: fields and members by the thousand take linear time', () => {
  const object = (name: string) =>
    JSON.stringify(Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => [`${name}${i}`, i])))
  const { records } = decodeEntry(hecEvents, `{}\n{"event":${object('a')},"fields":${object('b')}}`)
  assert.equal(Object.keys(JSON.parse(records[0]!)).length, 40_000)
})

test('hec_events: the seeds of its fuzzer pass', () => {
  for (const seed of fuzz.seeds) fuzz.run(seed)
})
