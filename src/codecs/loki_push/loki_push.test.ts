import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import protobuf from 'protobufjs'
import { decodeEntry } from '#test/support/decoding.ts'
import { dividePush } from './divide.ts'
import { parseLabelSet } from './labels.ts'
import { lokiPush, lokiPushJson, pushHead } from './loki_push.ts'
import type { PushText } from './push.ts'

const SEED = 20_261_121
const { root } = protobuf.parse(`
  syntax = "proto3";
  message PushRequest { repeated StreamAdapter streams = 1; }
  message StreamAdapter { string labels = 1; repeated EntryAdapter entries = 2; uint64 hash = 3; }
  message EntryAdapter {
    Timestamp timestamp = 1; string line = 2; repeated LabelPair structuredMetadata = 3; repeated LabelPair parsed = 4;
  }
  message Timestamp { int64 seconds = 1; int32 nanos = 2; }
  message LabelPair { string name = 1; string value = 2; }
`)
const PushRequest = root.lookupType('PushRequest')

interface Entry {
  ns: string
  line: string
  metadata?: Record<string, string>
}
interface Stream {
  labels: Record<string, string>
  entries: Entry[]
}

function protobufOf(streams: readonly Stream[]): Buffer {
  const message = {
    streams: streams.map(({ labels, entries }) => ({
      labels: `{${Object.entries(labels).map(([name, value]) => `${name}=${JSON.stringify(value)}`)}}`,
      entries: entries.map(({ ns, line, metadata = {} }) => ({
        timestamp: { seconds: Number(BigInt(ns) / 1_000_000_000n), nanos: Number(BigInt(ns) % 1_000_000_000n) },
        line,
        structuredMetadata: Object.entries(metadata).map(([name, value]) => ({ name, value })),
      })),
      hash: 77,
    })),
  }
  return Buffer.from(PushRequest.encode(PushRequest.fromObject(message)).finish())
}

function jsonOf(streams: readonly Stream[], order: 'usual' | 'reversed' = 'usual', space?: number): Buffer {
  const list = streams.map(({ labels, entries }) => {
    const values = entries.map(({ ns, line, metadata }) => (metadata === undefined ? [ns, line] : [ns, line, metadata]))
    return order === 'usual' ? { stream: labels, values, more: [{}] } : { values, stream: labels }
  })
  return Buffer.from(JSON.stringify({ other: [1, '"streams"'], streams: list, last: null }, null, space))
}

const definitionOf = (text: PushText) => (text === 'json' ? lokiPushJson : lokiPush)

function divided(text: PushText, body: Buffer, bytesMax = 2_000_000, tenant = '') {
  const dividing = dividePush(text, tenant, body, bytesMax)
  for (;;) {
    const step = dividing.next()
    if (step.done === true) return step.value
  }
}

/** As the source and the decoder do it, one after the other. */
function recordsOf(text: PushText, body: Buffer, bytesMax = 2_000_000, tenant = '', recordsMax = 8192): unknown[] {
  const result = divided(text, body, bytesMax, tenant)
  assert.ok(result.ok)
  const records = result.pieces.flatMap(({ head, from, to }) => {
    assert.ok(head.length + to - from <= bytesMax)
    const entry = Buffer.concat([head, body.subarray(from, to)])
    const { records, malformed } = decodeEntry(definitionOf(text), entry, recordsMax)
    assert.equal(malformed, 0)
    return records
  })
  assert.equal(records.length, result.records)
  return records.map((record) => JSON.parse(record))
}

const STREAMS: Stream[] = [
  {
    labels: { app: 'w"e\\b\n', service_name: 'shop', detected_level: 'warn' },
    entries: [
      { ns: '1700000000123456789', line: 'one "two"\n\u0001é', metadata: { trace_id: '7', app: 'x', level: 'y' } },
      { ns: '1700000001000000000', line: '' },
    ],
  },
  { labels: {}, entries: [] },
  {
    labels: { message: 'm', timestamp: 't', service: 's', service_name: 'n' },
    entries: [{ ns: '5', line: '{"a":1}' }],
  },
]
const RECORDS = [
  {
    message: 'one "two"\n\u0001é',
    timestamp: '2023-11-14T22:13:20.123456789Z',
    app: 'w"e\\b\n',
    service: 'shop',
    level: 'warn',
    trace_id: '7',
    metadata_app: 'x',
    metadata_level: 'y',
    loki_tenant: 'tënant',
  },
  {
    message: '',
    timestamp: '2023-11-14T22:13:21Z',
    app: 'w"e\\b\n',
    service: 'shop',
    level: 'warn',
    loki_tenant: 'tënant',
  },
  {
    message: '{"a":1}',
    timestamp: '1970-01-01T00:00:00.000000005Z',
    label_message: 'm',
    label_timestamp: 't',
    service: 's',
    service_name: 'n',
    loki_tenant: 'tënant',
  },
]

test('entries become records, the same from protobuf and from JSON, in any order of keys', () => {
  assert.deepEqual(recordsOf('plain', protobufOf(STREAMS), undefined, 'tënant'), RECORDS)
  for (const order of ['usual', 'reversed'] as const) {
    for (const space of [0, 1]) {
      assert.deepEqual(recordsOf('json', jsonOf(STREAMS, order, space), undefined, 'tënant'), RECORDS)
    }
  }
})

test('a golden request', () => {
  const golden = Buffer.from(
    '0a1e0a077b613d2262227d12110a0b0880e2cfaa0610959aef3a12026869 1802'.replaceAll(' ', ''),
    'hex',
  )
  assert.deepEqual(decodeEntry(lokiPush, Buffer.concat([pushHead(''), golden])).records, [
    '{"message":"hi","timestamp":"2023-11-14T22:13:20.123456789Z","a":"b"}',
  ])
})

const word = fc.string({ unit: 'grapheme', maxLength: 30 })
const streams = fc.array(
  fc.record({
    labels: fc.dictionary(fc.stringMatching(/^[a-z_]{1,8}$/), word, { maxKeys: 4 }),
    entries: fc.array(
      fc.record(
        {
          ns: fc.bigInt({ min: 1n, max: 4_000_000_000_000_000_000n }).map(String),
          line: word,
          metadata: fc.dictionary(fc.stringMatching(/^[a-z_]{1,8}$/), word, { maxKeys: 3 }),
        },
        { requiredKeys: ['ns', 'line'] },
      ),
      { maxLength: 30 },
    ),
  }),
  { maxLength: 8 },
)

test(`however a request is cut into entries and blocks, its records are the same (seed ${SEED})`, () => {
  fc.assert(
    fc.property(streams, fc.integer({ min: 1, max: 9 }), (given, recordsMax) => {
      const expected = recordsOf('plain', protobufOf(given))
      assert.equal(
        expected.length,
        given.reduce((sum, { entries }) => sum + entries.length, 0),
      )
      for (const [text, body] of [
        ['plain', protobufOf(given)],
        ['json', jsonOf(given)],
        ['json', jsonOf(given, 'reversed')],
      ] as const) {
        assert.deepEqual(recordsOf(text, body, 700, '', recordsMax), expected)
        assert.deepEqual(recordsOf(text, body, 2_000_000, '', recordsMax), expected)
      }
    }),
    { seed: SEED, numRuns: 150 },
  )
})

test('an entry that fits nowhere is told', () => {
  const large = [{ labels: { a: 'b' }, entries: [{ ns: '1', line: 'x'.repeat(1000) }] }]
  for (const [text, body] of [
    ['plain', protobufOf(large)],
    ['json', jsonOf(large)],
  ] as const) {
    const result = divided(text, body, 900)
    assert.equal(!result.ok && result.reason, 'too_large')
  }
})

test('what is no request is told before any of it is taken', () => {
  const json = (streams: unknown) => JSON.stringify({ streams })
  for (const body of [
    '{}',
    '{"streams":5}',
    json([5]),
    json([{ stream: {} }]),
    json([{ stream: [], values: [] }]),
    json([{ stream: { a: 5 }, values: [] }]),
    json([{ stream: {}, values: [5] }]),
    json([{ stream: {}, values: [['1']] }]),
    json([{ stream: {}, values: [[1, 'line']] }]),
    json([{ stream: {}, values: [['1e9', 'line']] }]),
    json([{ stream: {}, values: [['', 'line']] }]),
    json([{ stream: {}, values: [['1', 5]] }]),
    json([{ stream: {}, values: [['1', 'line', 5]] }]),
    json([{ stream: {}, values: [['1', 'line', { a: 5 }]] }]),
  ]) {
    const result = divided('json', Buffer.from(body))
    assert.equal(!result.ok && result.reason, 'malformed', body)
  }
  for (const hex of ['0a05', '07', '0a020a05', '0a0412021205', '0a030a0178', 'ffffffffffffffffffffff01']) {
    const result = divided('plain', Buffer.from(hex, 'hex'))
    assert.equal(!result.ok && result.reason, 'malformed', hex)
  }
})

test('sets of labels as Loki and its clients write them', () => {
  const cases: [string, [string, string][] | undefined][] = [
    ['{}', []],
    [
      ' { a = "b" , c="d", } ',
      [
        ['a', 'b'],
        ['c', 'd'],
      ],
    ],
    ['{a="\\"\\\\\\n\\t\\x41\\u00e9\\U0001F600\\101"}', [['a', '"\\\n\tAé😀A']]],
    ['{a=`b\\n"`}', [['a', 'b\\n"']]],
    ['{a="}"}', [['a', '}']]],
    ['', undefined],
    ['{', undefined],
    ['{a="b"', undefined],
    ['{a="b"}x', undefined],
    ['{a="b" c="d"}', undefined],
    ['{a=b}', undefined],
    ['{1a="b"}', undefined],
    ['{a="b\\"}', undefined],
  ]
  for (const [text, expected] of cases) assert.deepEqual(parseLabelSet(text), expected, text)
  const started = performance.now()
  assert.equal(parseLabelSet(`{a="${'\\'.repeat(1_000_000)}`), undefined)
  assert.equal(parseLabelSet(`{${'a="b",'.repeat(100_000)}`), undefined)
  assert.equal(parseLabelSet(`{${' '.repeat(1_000_000)}`), undefined)
  assert.ok(performance.now() - started < 2000)
})
