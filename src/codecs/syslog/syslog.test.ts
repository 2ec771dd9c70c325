import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { anyRecords, encodeWithin } from '#test/support/encoding.ts'
import { blockOf } from '#test/support/outputs.ts'
import { parseSyslog } from '#test/support/vendors/syslog.ts'
import { HEADER_BYTES_MAX, type SyslogOptions, syslog } from './syslog.ts'

const SEED = 20260109
const ARRIVAL = Date.UTC(2026, 0, 31, 8, 15, 30)
const NAMES = ['level', 'service', 'host', 'trace_id', 'span_id', 'message', 'timestamp']

const base: SyslogOptions = { framing: 'datagram', facility: 16, hostname: '-', appName: '-', message: 'record' }

function encode(records: (string | Buffer)[], options: Partial<SyslogOptions> = {}): string[] {
  const encoder = syslog.create({ ...base, ...options })
  return encodeWithin(encoder, blockOf(records, { arrivalMs: ARRIVAL })).map(String)
}

test('syslog: header and message of a record, and of text', () => {
  const record =
    '{"level":"error","service":"checkout","host":"web-1","time":"2026-01-31T09:15:30.123456789+01:00","msg":"a\\nb"}'
  assert.deepEqual(encode([record, 'plain text', '{}', '']), [
    `<131>1 2026-01-31T08:15:30.123456Z web-1 checkout - - - ${record}`,
    '<134>1 2026-01-31T08:15:30.000Z - - - - - plain text',
    '<134>1 2026-01-31T08:15:30.000Z - - - - - {}',
    '<134>1 2026-01-31T08:15:30.000Z - - - - -',
  ])
  assert.deepEqual(encode([record], { message: 'message', facility: 0 }), [
    '<3>1 2026-01-31T08:15:30.123456Z web-1 checkout - - - a\nb',
  ])
  const fallback = { message: 'message', hostname: 'gateway', appName: 'app' } as const
  assert.deepEqual(encode(['{"a":1}', '{"msg":"é","level":"debug"}', '{"msg":7}'], fallback), [
    '<134>1 2026-01-31T08:15:30.000Z gateway app - - - {"a":1}',
    '<135>1 2026-01-31T08:15:30.000Z gateway app - - - é',
    '<134>1 2026-01-31T08:15:30.000Z gateway app - - - 7',
  ])
})

test('syslog: every level has its severity', () => {
  const levels = ['emerg', 'alert', 'crit', 'error', 'warn', 'notice', 'info', 'debug', 'trace', '', 'nonsense', '30']
  const priorities = encode(
    levels.map((level) => JSON.stringify({ level })),
    { facility: 0 },
  )
  assert.deepEqual(
    priorities.map((line) => Number(/^<(\d+)>/.exec(line)![1])),
    [0, 1, 2, 3, 4, 5, 6, 7, 7, 6, 6, 6],
  )
})

test('syslog: frames', () => {
  assert.deepEqual(encode(['é', 'a\nb\0c'], { framing: 'octet_counting' }), [
    '44 <134>1 2026-01-31T08:15:30.000Z - - - - - é',
    '47 <134>1 2026-01-31T08:15:30.000Z - - - - - a\nb\0c',
  ])
  assert.deepEqual(encode(['é', 'a\nb\0c'], { framing: 'newline' }), [
    '<134>1 2026-01-31T08:15:30.000Z - - - - - é\n',
    '<134>1 2026-01-31T08:15:30.000Z - - - - - a b c\n',
  ])
})

test('syslog: names are made fit for a header, ids that are not fit are left out', () => {
  const record = JSON.stringify({
    host: 'hé st]"\\',
    service: 's'.repeat(60),
    trace_id: 'abc',
    span_id: 'a]b',
    message: 'm',
  })
  assert.deepEqual(encode([record, 'text'], { message: 'message', structuredDataId: 'trace@32473' }), [
    `<134>1 2026-01-31T08:15:30.000Z h___st]_"__ ${'s'.repeat(48)} - - [trace@32473 trace_id="abc"] m`,
    '<134>1 2026-01-31T08:15:30.000Z - - - - - text',
  ])
  const both = '{"trace_id":"t","span_id":"s","msg":"m"}'
  assert.match(encode([both], { structuredDataId: 'x@1' })[0]!, / \[x@1 trace_id="t" span_id="s"\] \{/)
})

test('syslog: a message above the limit is cut at the end of a character', () => {
  const limit = HEADER_BYTES_MAX
  const header = encode([''])[0]!.length + 1
  const room = limit - header
  const whole = encode(['x'.repeat(room), 'x'.repeat(room + 1)], { messageBytesMax: limit })
  assert.equal(whole[0]!.slice(header), 'x'.repeat(room))
  assert.equal(whole[1]!.slice(header), `${'x'.repeat(room - 3)}…`)
  for (const character of ['é', '€', '😀']) {
    for (const shift of ['', 'a', 'ab', 'abc']) {
      const [cut] = encode([shift + character.repeat(room)], { messageBytesMax: limit })
      const size = Buffer.byteLength(cut!)
      assert.ok(size <= limit && size > limit - 4, `${size}`)
      assert.ok(cut!.endsWith(`${character}…`))
    }
  }
})

test('syslog: whatever the records are, a receiver reads messages, each within bound and limit', () => {
  for (const framing of ['octet_counting', 'newline', 'datagram'] as const) {
    for (const message of ['record', 'message'] as const) {
      const messageBytesMax = HEADER_BYTES_MAX
      const options = { ...base, framing, message, structuredDataId: 'trace@32473', messageBytesMax }
      const encoder = syslog.create(options)
      fc.assert(
        fc.property(anyRecords(NAMES), (records) => {
          const written = encodeWithin(encoder, blockOf(records, { arrivalMs: ARRIVAL }))
          assert.equal(written.length, records.length)
          for (const [i, bytes] of written.entries()) {
            const unframed = unframe(bytes, framing)
            assert.ok(unframed.length <= messageBytesMax)
            const parsed = parseSyslog(unframed)
            assert.ok(parsed !== undefined, bytes.toString())
            const text = records[i]!.toString()
            if (message === 'record' && framing !== 'newline' && !parsed.message.endsWith('…')) {
              assert.equal(parsed.message, text)
            }
          }
        }),
        { seed: SEED, numRuns: 100 },
      )
    }
  }
})

function unframe(bytes: Buffer, framing: SyslogOptions['framing']): Buffer {
  if (framing === 'datagram') return bytes
  if (framing === 'newline') {
    assert.equal(bytes.indexOf(0x0a), bytes.length - 1)
    return bytes.subarray(0, -1)
  }
  const space = bytes.indexOf(0x20)
  assert.equal(Number(bytes.toString('latin1', 0, space)), bytes.length - space - 1)
  return bytes.subarray(space + 1)
}

test('syslog: the largest header there can be fits, and bounds stay near the record', () => {
  const long = 'x'.repeat(5000)
  const ids = { trace_id: 'x'.repeat(128), span_id: 'x'.repeat(64) }
  const record = JSON.stringify({
    host: long,
    service: long,
    ...ids,
    message: long,
    time: '2026-01-31T08:15:30.123456Z',
  })
  const options = { structuredDataId: 'x'.repeat(32), facility: 23, messageBytesMax: HEADER_BYTES_MAX }
  const [encoded] = encode([record], options)
  assert.equal(Buffer.byteLength(encoded!), HEADER_BYTES_MAX)
  const encoder = syslog.create({ ...base, ...options })
  assert.ok(encoder.sizeMax(blockOf(['x'.repeat(3_000_000)])) < 3_001_000)
  assert.ok(encoder.sizeMax(blockOf(Array.from({ length: 1000 }, () => 'x'))) < 200_000)
})
