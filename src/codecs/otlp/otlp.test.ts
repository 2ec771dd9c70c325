import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { requestOf } from '#outputs/otlp/export.ts'
import { allocate, fromText } from '#std/bytes.ts'
import { blockOf } from '#test/support/outputs.ts'
import { decodeRequest } from '#test/support/vendors/otlp.ts'
import { VALUE_DEPTH_MAX } from './any-value.ts'
import { otlp } from './otlp.ts'

const SEED = 20260106
const ARRIVAL = Date.UTC(2026, 0, 1)

function encode(records: (Buffer | string)[], resource: Record<string, string> = {}) {
  const encoder = otlp.create({ resource_attributes: resource })
  const block = blockOf(records, { arrivalMs: ARRIVAL })
  const bound = encoder.sizeMax(block)
  const bytes = allocate(bound + 64).fill(0xee)
  const ends = new Int32Array(records.length)
  const end = encoder.encode(block, bytes, 0, ends, 0)
  assert.ok(end <= bound, `${end} bytes are more than the bound ${bound}`)
  assert.ok(bytes.subarray(bound).every((byte) => byte === 0xee))
  if (records.length > 0) assert.equal(ends.at(-1), end)
  return { bytes: bytes.subarray(0, end), ends, records: records.length, bound }
}

/** What the records are to protobufjs. */
function decoded(records: (Buffer | string)[], resource: Record<string, string> = {}) {
  return decodeRequest(requestOf(encode(records, resource)))
}

const one = (record: string, resource: Record<string, string> = {}) => decoded([record], resource)[0]!
const observed = BigInt(ARRIVAL) * 1_000_000n

test('otlp: text is a body, known to have been observed and no more', () => {
  assert.deepEqual(one('GET /health 200', { 'service.name': 'gateway' }), {
    resource: { 'service.name': 'gateway' },
    time: 0n,
    observed,
    severity: 0,
    severityText: '',
    body: 'GET /health 200',
    attributes: {},
    traceId: '',
    spanId: '',
  })
})

test('otlp: what is recognised becomes a field, all else an attribute of its type', () => {
  const trace = '0AF7651916cd43dd8448eb211c80319c'
  const record = {
    ...{ msg: 'paid "é"', level: 'WARN', service: 'checkout', host: 'web-1', ts: '2025-12-31T23:59:59.123456789Z' },
    ...{ trace_id: trace, span_id: 'b7ad6b7169203331', amount: 12, ratio: -0.5, ok: true, none: null, empty: '' },
    list: [1, 'a', [], {}, null, false],
    nested: { deep: { er: [{ x: 1 }] }, text: 'é\n' },
  }
  assert.deepEqual(one(JSON.stringify(record), { 'service.name': 'other', 'deployment.environment': 'prod' }), {
    resource: { 'service.name': 'checkout', 'host.name': 'web-1', 'deployment.environment': 'prod' },
    time: observed - 1_000_000_000n + 123_456_789n,
    observed,
    severity: 13,
    severityText: 'WARN',
    body: 'paid "é"',
    attributes: {
      ...{ amount: 12n, ratio: -0.5, ok: true, none: null, empty: '' },
      list: [1n, 'a', [], {}, null, false],
      nested: { deep: { er: [{ x: 1n }] }, text: 'é\n' },
    },
    traceId: trace.toLowerCase(),
    spanId: 'b7ad6b7169203331',
  })
})

test('otlp: a record in the shape of OpenTelemetry keeps its shape', () => {
  const record = one(
    ` { "body" : {"a":[1]} , "severity_text":"Info", 
      "attributes": {"http.status":200,"trace_id":"00f067aa0ba902b700f067aa0ba902b7"},
      "resource" : {"service.name":"shop","k8s":{"pod":"p"},"service.name":"twice"}, "x":1 } `.replaceAll('\n', ' '),
    { 'service.name': 'other' },
  )
  assert.deepEqual(record.resource, { 'service.name': 'shop', k8s: { pod: 'p' } })
  assert.deepEqual(record.body, { a: [1n] })
  assert.deepEqual([record.severity, record.severityText], [9, 'Info'])
  assert.deepEqual(record.attributes, { 'http.status': 200n, x: 1n })
  assert.equal(record.traceId, '00f067aa0ba902b700f067aa0ba902b7')
  const inner = one('{"resource":{"attributes":{"host.name":"h","a":"\\u0041"},"schema":1},"message":"m"}')
  assert.deepEqual(inner.resource, { 'host.name': 'h', a: 'A' })
})

test('otlp: what only looks like an id, a time or a level stays an attribute', () => {
  const record = { trace_id: '0'.repeat(32), span_id: 'xyz', time: 'noon', level: 'x'.repeat(300), service: '' }
  const { traceId, spanId, time, severity, attributes } = one(JSON.stringify({ ...record, resource: 7 }))
  assert.deepEqual({ traceId, spanId, time, severity }, { traceId: '', spanId: '', time: 0n, severity: 0 })
  assert.deepEqual(attributes, { ...record, resource: 7n })
  const number = one('{"message":7,"trace_id":12345678901234567890123456789012}')
  assert.equal(number.body, 7n)
  assert.equal(number.traceId, '')
})

test('otlp: whole numbers keep their digits, larger ones become doubles', () => {
  const numbers = [
    '0',
    '-0',
    '-1',
    '999999999999999',
    '9007199254740993',
    '9223372036854775807',
    '-9223372036854775808',
  ]
  const { attributes } = one(`{"n":[${numbers.join()}],"d":[9223372036854775808,1e3,-1.5e-7,1e400]}`)
  assert.deepEqual(attributes['n'], numbers.map(BigInt))
  assert.deepEqual(attributes['d'], [2 ** 63, 1000, -1.5e-7, Number.POSITIVE_INFINITY])
})

test('otlp: what is nested too deep is its JSON text', () => {
  const deep = (levels: number) => `${'['.repeat(levels)}"]"${']'.repeat(levels)}`
  let value = one(`{"v":${deep(VALUE_DEPTH_MAX + 3)}}`).attributes['v']
  for (let level = 1; level < VALUE_DEPTH_MAX; level++) value = (value as unknown[])[0]
  assert.equal(value, deep(4))
})

test('otlp: records of one resource are sent together, in their order', () => {
  const records = ['{"service":"a","n":1}', '{"service":"b","n":2}', '{"service":"a","n":3}', 'text', '{"n":4}']
  assert.deepEqual(
    decoded(records).map(({ resource, attributes, body }) => [resource['service.name'], attributes['n'] ?? body]),
    [
      ['a', 1n],
      ['a', 3n],
      ['b', 2n],
      [undefined, 'text'],
      [undefined, 4n],
    ],
  )
})

test('otlp: a piece of a line that was too long says so', () => {
  const encoder = otlp.create({})
  const block = blockOf(['half a'], { truncated: true })
  const bytes = allocate(encoder.sizeMax(block))
  const ends = new Int32Array(1)
  encoder.encode(block, bytes, 0, ends, 0)
  const [record] = decodeRequest(requestOf({ bytes, ends, records: 1 }))
  assert.deepEqual(record!.attributes, { truncated: true })
})

/** JSON of any shape and spelling, with names that mean something and bytes that are no UTF-8. */
const name = fc.oneof(
  fc.string(),
  fc.constantFrom('level', 'service', 'attributes', 'resource', 'body', 'message', 'ts', 'trace_id'),
)
const { value: json } = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.oneof(
      fc.string({ unit: 'binary' }).map((text) => JSON.stringify(text)),
      fc.constantFrom(
        '-1',
        '0',
        '1.5',
        'null',
        'true',
        '-9223372036854775808',
        '1e1',
        '""',
        '"\\ud800"',
        '{}',
        '[]',
        '"\x80\xff"',
      ),
    ),
    fc.array(tie('value'), { maxLength: 6 }).map((values) => `[${values.join()}]`),
    fc
      .array(fc.tuple(name, tie('value')), { maxLength: 6 })
      .map((members) => `{${members.map(([key, value]) => `${JSON.stringify(key)} :${value}`).join(', ')}}`),
  ),
}))
const record = fc.oneof(
  json.map((text) => fromText(text.replace(/[\r\n]/g, ' '))),
  json.map((text) => Buffer.from(text.replace(/[\r\n]/g, ' '), 'latin1')),
  fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
)

test('otlp: keeps to its bound, and every value comes through, whatever it is', () => {
  fc.assert(
    fc.property(fc.array(record, { maxLength: 6 }), (records) => {
      assert.equal(decoded(records, { zone: 'z' }).length, records.length)
    }),
    { seed: SEED, numRuns: 500 },
  )
  const plain = fc.jsonValue().filter((value) => JSON.stringify(value) !== undefined)
  fc.assert(
    fc.property(plain, (value) => {
      const text = JSON.stringify({ v: value })
      assert.deepEqual(asJson(one(text).attributes['v']), asJson((JSON.parse(text) as { v: unknown }).v))
    }),
    { seed: SEED, numRuns: 300 },
  )
})

test('otlp: hostile records keep to the bound, and a large one does not ask for several times its room', () => {
  const hostile = [
    `{"a":[${'-1,'.repeat(300_000)}0]}`,
    `{"a":[${'[],'.repeat(300_000)}0]}`,
    `{${'"":-1,'.repeat(200_000)}"":0}`,
    `{"a":${'['.repeat(400)}${']'.repeat(400)}}`,
    `{"event":{"original":"${'x'.repeat(1_000_000)}"}}`,
    `{"resource":{${'"a":-1,'.repeat(1000)}"b":-1},"service":"${'s'.repeat(1024)}","host":"${'h'.repeat(1024)}"}`,
    `{"resource":{${Array.from({ length: 800 }, (_, i) => `"${i}":-1`).join()}}}`,
  ]
  for (const text of hostile) encode([text])
  encode([Buffer.alloc(1024 * 1024, 0xff)])
  encode([Buffer.concat([fromText('{"a":"'), Buffer.alloc(1024 * 1024, 0xff), fromText('"}')])])
  const large = JSON.stringify({ text: 'x'.repeat(3 * 1024 * 1024) })
  assert.ok(encode([large]).bound < 2.1 * large.length)
})

/** With int64 as numbers: what JSON has for both. */
function asJson(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value)
  if (typeof value === 'number') return value === 0 ? 0 : value
  if (typeof value === 'string') return value.toWellFormed()
  if (Array.isArray(value)) return value.map(asJson)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key.toWellFormed(), asJson(inner)]))
}
