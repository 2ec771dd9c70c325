import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ExtData, encode } from '@msgpack/msgpack'
import { textFormat } from '#codecs/text/format.ts'
import { type Bytes, concat, fromText } from '#std/bytes.ts'
import { BLOCK_RECORDS_MAX, Block } from '#telemetry/block.ts'
import { entryHead, fluent } from './fluent.ts'

const CONTEXT = { source: '', arrivalMs: 0, truncated: false, format: textFormat }

function decodeAll(bytes: Bytes, recordsMax = BLOCK_RECORDS_MAX) {
  const decoder = fluent.create()
  const block = new Block()
  const records: string[] = []
  const entry = { bytes, from: 0, to: bytes.length }
  let malformedRecords = 0
  let malformedBytes = 0
  for (let at = 0, done = false; !done; ) {
    block.fill(bytes, at, at, CONTEXT)
    const decoded = decoder.decode(entry, at, block, recordsMax)
    assert.ok(decoded.done || decoded.end > at)
    assert.ok(block.count <= recordsMax)
    for (let i = 0; i < block.count; i++) records.push(block.recordText(i))
    malformedRecords += decoded.malformedRecords
    malformedBytes += decoded.malformedBytes
    at = decoded.end
    done = decoded.done
  }
  const counted = decoder.count(entry, 0)
  assert.equal(counted.records, records.length + malformedRecords)
  assert.equal(counted.bytes, records.reduce((sum, record) => sum + Buffer.byteLength(record), 0) + malformedBytes)
  return { records, malformedRecords, malformedBytes }
}

const eventTime = (seconds: number, nanos: number) => {
  const bytes = Buffer.alloc(8)
  bytes.writeUInt32BE(seconds, 0)
  bytes.writeUInt32BE(nanos, 4)
  return new ExtData(0, bytes)
}
const entryOf = (...events: unknown[]) =>
  concat([entryHead('fluent_tag', fromText('app.web'), false), ...events.map((event) => encode(event))])

test('an event is its record, with the time and the tag beside it', () => {
  const golden = Buffer.concat([
    Buffer.from('\x0afluent_tag\0\x07app.web', 'latin1'),
    Buffer.from('92 d7 00 65 53 f1 00 07 5b cd 15 82 a3 6c 6f 67 a2 68 69 a1 6e 05'.replaceAll(' ', ''), 'hex'),
  ])
  assert.deepEqual(entryOf([eventTime(0x6553f100, 123456789), { log: 'hi', n: 5 }]), golden)
  assert.deepEqual(decodeAll(golden).records, [
    '{"log":"hi","n":5,"timestamp":"2023-11-14T22:13:20.123456789Z","fluent_tag":"app.web"}',
  ])
})

test('times: EventTime, seconds as a whole number or not, and what says nothing', () => {
  const cases: [unknown, string | undefined][] = [
    [eventTime(1_700_000_000, 0), '2023-11-14T22:13:20Z'],
    [eventTime(1_700_000_000, 500_000_000), '2023-11-14T22:13:20.5Z'],
    [eventTime(4_294_967_295, 999_999_999), '2106-02-07T06:28:15.999999999Z'],
    [1_700_000_000, '2023-11-14T22:13:20Z'],
    [1_700_000_000.25, '2023-11-14T22:13:20.25Z'],
    [eventTime(1_700_000_000, 1_000_000_000), undefined],
    [new ExtData(1, new Uint8Array(8)), undefined],
    [0, undefined],
    [null, undefined],
    [-1, undefined],
    [1e15, undefined],
    ['now', undefined],
  ]
  for (const [time, expected] of cases) {
    const [record] = decodeAll(entryOf([time, {}])).records
    assert.equal(JSON.parse(record!).timestamp, expected, JSON.stringify(time))
  }
})

test('fields of the record go before those from around it', () => {
  const own = { timestamp: 'mine', fluent_tag: 'also', fluent_metadata: 1 }
  assert.deepEqual(decodeAll(entryOf([[1_700_000_000, { a: 1 }], own])).records, [JSON.stringify(own)])
  assert.deepEqual(decodeAll(entryOf([[1_700_000_000, { a: 1 }], {}], [[1, {}], {}])).records, [
    '{"timestamp":"2023-11-14T22:13:20Z","fluent_tag":"app.web","fluent_metadata":{"a":1}}',
    '{"timestamp":"1970-01-01T00:00:01Z","fluent_tag":"app.web"}',
  ])
  const bare = concat([entryHead('tag', fromText('\u00e9"'), true), encode(1), encode({ a: 'b' })])
  const [record] = decodeAll(bare).records
  assert.deepEqual(JSON.parse(record!), { a: 'b', timestamp: '1970-01-01T00:00:01Z', tag: '\u00e9"' })
})

test('what is no event is counted, and those behind it are records all the same', () => {
  const good = [1, { a: 1 }]
  const mixed = entryOf(good, 7, [1], [1, 'text'], { a: 1 }, good, [[1], 0], [[], []], good)
  const { records, malformedRecords } = decodeAll(mixed)
  assert.equal(records.length, 3)
  assert.equal(malformedRecords, 6)
  const broken = concat([entryOf(good), Uint8Array.of(0x92, 0x01)])
  assert.deepEqual(decodeAll(broken).malformedBytes, 2)
  for (const text of ['', '\x05', '\x01t\0\x05ab'])
    assert.equal(decodeAll(Buffer.from(text, 'latin1')).malformedRecords, 1)
})

test('a long entry becomes several blocks, at most as many records as are asked for at once', () => {
  const events = Array.from({ length: 3000 }, (_, i) => [
    1_700_000_000 + i,
    { message: `line ${i}`, filler: 'x'.repeat(50) },
  ])
  const { records } = decodeAll(entryOf(...events))
  assert.deepEqual(
    records.map((record) => JSON.parse(record).message),
    events.map((_, i) => `line ${i}`),
  )
  assert.deepEqual(decodeAll(entryOf(...events), 7).records, records)
})
