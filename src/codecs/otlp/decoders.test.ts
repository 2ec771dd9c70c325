import assert from 'node:assert/strict'
import { test } from 'node:test'
import { requestOf as outgoing } from '#outputs/otlp/export.ts'
import { allocate, type Bytes } from '#std/bytes.ts'
import { BLOCK_RECORDS_MAX, Block } from '#telemetry/block.ts'
import { encodeWithin } from '#test/support/encoding.ts'
import { anyValueOf, attributesOf, entryOf, requestBlock, requestOf } from '#test/support/otlp-blocks.ts'
import { decodeMessage, encodeMessage } from '#test/support/otlp-messages.ts'
import { otlpLogs } from './decoders.ts'
import { otlp, otlpSpans } from './otlp.ts'
import { checkRequest, splitRequest } from './request.ts'

const record = (n: number, size = 0) => ({ body: anyValueOf(`${n}${'x'.repeat(size)}`) })
const group = (name: string, ...scopes: object[]) => ({
  resource: { attributes: attributesOf({ 'service.name': name }) },
  scope_logs: scopes,
})
const scope = (name: string, ...records: object[]) => ({ scope: { name }, log_records: records })
const logs = (...groups: object[]) => encodeMessage('ExportLogsServiceRequest', { resource_logs: groups })

/** Each record with its resource and scope, block by block; a fresh decoder for each when told so. */
function decodeAll(request: Uint8Array, { fresh = false, recordsMax = BLOCK_RECORDS_MAX } = {}) {
  const entry = entryOf(request)
  const block = new Block()
  const context = { source: 'test', arrivalMs: 0, truncated: false, format: otlpLogs.format }
  const records: string[] = []
  const blocks: number[] = []
  let decoder = otlpLogs.create()
  let malformed = 0
  let malformedBytes = 0
  for (let at = entry.from, done = false; !done; ) {
    const { records: left } = decoder.count(entry, at)
    block.fill(entry.bytes, at, at, context)
    const part = decoder.decode(entry, at, block, recordsMax)
    assert.ok(part.done || part.end > at)
    assert.equal(left, block.count + part.malformedRecords + (part.done ? 0 : decoder.count(entry, part.end).records))
    malformed += part.malformedRecords
    malformedBytes += part.malformedBytes
    blocks.push(block.count)
    for (let i = 0; i < block.count; i++) {
      const pair = 2 * block.partOf[i]!
      const { resource, schema_url: schema } = decodeMessage('ResourceLogs', block.shared[pair]!)
      const { scope } = decodeMessage('ScopeLogs', block.shared[pair + 1]!)
      const { body } = decodeMessage('LogRecord', block.recordBytes(i))
      const service = resource?.attributes?.[0].value.string_value
      records.push(`${service}${schema ?? ''}/${scope?.name}/${body?.string_value.replace(/x+$/, '')}`)
    }
    at = part.end
    done = part.done
    if (fresh) decoder = otlpLogs.create()
  }
  return { records, blocks, malformed, malformedBytes }
}

const MIXED = logs(
  group('a', scope('s1', record(1), record(2)), scope('s2', record(3)), scope('s3')),
  group('b'),
  group('a', scope('s1', record(4))),
)
const MIXED_RECORDS = ['a/s1/1', 'a/s1/2', 'a/s2/3', 'a/s1/4']

test('otlp_logs: records stand where they stood, each with its resource and scope', () => {
  assert.deepEqual(decodeAll(MIXED).records, MIXED_RECORDS)
  assert.deepEqual(decodeAll(allocate(0)).records, [])
})

test('otlp_logs: what is around records may come behind them', () => {
  const message = (name: string, fields: object) => encodeMessage(name, fields)
  const field = (number: number, content: Uint8Array) =>
    Buffer.concat([Uint8Array.of(number * 8 + 2, content.length), content])
  const records = [1, 2].map((n) => field(2, message('LogRecord', record(n))))
  const inScope = Buffer.concat([records[0]!, field(1, message('InstrumentationScope', { name: 's' })), records[1]!])
  const resource = message('Resource', { attributes: attributesOf({ 'service.name': 'a' }) })
  const unknown = Uint8Array.of(0xf8, 0x07, 0x01)
  const request = field(1, Buffer.concat([field(2, inScope), unknown, field(3, Buffer.from('!')), field(1, resource)]))
  for (const recordsMax of [1, 8]) {
    assert.deepEqual(decodeAll(Buffer.concat([unknown, request]), { recordsMax }).records, ['a!/s/1', 'a!/s/2'])
  }
})

test('otlp_logs: a large request becomes several blocks, and any decoder can go on', () => {
  const many = logs(
    ...['a', 'b'].map((name) =>
      group(name, scope('s', ...Array.from({ length: 600 }, (_, n) => record(n, 200))), scope('t', record(600))),
    ),
  )
  const expected = decodeAll(many)
  assert.equal(expected.records.length, 1202)
  assert.ok(expected.blocks.length >= 4 && expected.blocks.every((count) => count <= 320), `${expected.blocks}`)
  assert.deepEqual(decodeAll(many, { fresh: true }), expected)
  for (const recordsMax of [1, 7, 100]) {
    assert.deepEqual(decodeAll(many, { fresh: true, recordsMax }).records, expected.records)
    assert.deepEqual(decodeAll(many, { recordsMax }).records, expected.records)
  }
})

test('otlp_logs: a large resource makes blocks of few records', () => {
  const big = { resource: { attributes: attributesOf({ big: 'x'.repeat(60_000) }) } }
  const request = requestOf(
    'logs',
    Array.from({ length: 200 }, (_, n) => record(n)),
    big,
  )
  const { blocks } = decodeAll(request)
  assert.ok(
    blocks.every((count) => count <= 20),
    `${blocks}`,
  )
})

test('otlp_logs: many resources make blocks of few records', () => {
  const many = logs(...Array.from({ length: 1000 }, (_, n) => group(`s${n}`, scope('s', record(n)))))
  const { records, blocks } = decodeAll(many)
  assert.equal(records.length, 1000)
  assert.ok(
    blocks.every((count) => count <= 256),
    `${blocks}`,
  )
})

test('otlp_logs: what breaks off is one malformed record; those in front of it count', () => {
  for (let cut = 1; cut < MIXED.length; cut++) {
    const { records, malformed, malformedBytes } = decodeAll(MIXED.subarray(0, cut))
    assert.deepEqual(
      records,
      MIXED_RECORDS.slice(0, records.length).map((one, i) => records[i] ?? one),
    )
    assert.ok(malformed <= 1 && malformedBytes <= cut)
  }
})

/** What leaves as it came. */
function roundTrip(signal: 'logs' | 'traces', request: Bytes, attributes: Record<string, string> = {}): Bytes {
  const encoder = (signal === 'logs' ? otlp : otlpSpans).create({ resource_attributes: attributes })
  const encoded = encodeWithin(encoder, requestBlock(signal, request))
  let end = 0
  const ends = Int32Array.from(encoded, (one) => (end += one.length))
  return outgoing({ bytes: Buffer.concat(encoded), ends, records: encoded.length })
}

test('otlp: records that came as OTLP leave as they came, with resource, scope and schemas', () => {
  const schemas = { resource_schema: 'https://r', scope_schema: 'https://s' }
  const around = { resource: { attributes: attributesOf({ a: 'b' }) }, scope: { name: 's' }, ...schemas }
  for (const signal of ['logs', 'traces'] as const) {
    const records = signal === 'logs' ? [record(1), record(2, 300)] : [{ name: 'x' }, { name: 'y', kind: 2 }]
    const request = requestOf(signal, records, around)
    const name = signal === 'logs' ? 'ExportLogsServiceRequest' : 'ExportTraceServiceRequest'
    assert.deepEqual(decodeMessage(name, roundTrip(signal, request)), decodeMessage(name, request))
  }
  const merged = decodeMessage('ExportLogsServiceRequest', roundTrip('logs', MIXED)).resource_logs
  assert.deepEqual(
    merged.map(({ scope_logs: scopes }: { scope_logs: { log_records: unknown[] }[] }) =>
      scopes.map(({ log_records: records }) => records.length),
    ),
    [[3, 1]],
  )
})

test('otlp: resources get the configured attributes that they do not have', () => {
  const attributes = { 'service.name': 'other', zone: 'é' }
  const ofRequest = (request: Bytes) =>
    decodeMessage('ExportLogsServiceRequest', roundTrip('logs', request, attributes)).resource_logs[0]
  const first = ofRequest(
    requestOf('logs', [record(1)], { resource: { attributes: attributesOf({ 'service.name': 'a' }) } }),
  )
  assert.deepEqual(first.resource.attributes, attributesOf({ 'service.name': 'a', zone: 'é' }))
  const second = ofRequest(requestOf('logs', [record(1)], { resource_schema: 'u' }))
  assert.deepEqual(second.resource.attributes, attributesOf(attributes))
  assert.equal(second.schema_url, 'u')
})

test('otlp: a resource that is too long for a key goes with each record', () => {
  const around = { resource: { attributes: attributesOf({ big: 'x'.repeat(70_000) }) }, scope: { name: 's' } }
  const request = requestOf('logs', [record(1), record(2)], around)
  const groups = decodeMessage('ExportLogsServiceRequest', roundTrip('logs', request)).resource_logs
  assert.equal(groups.length, 2)
  assert.deepEqual(groups[1].scope_logs, [{ scope: { name: 's' }, log_records: [record(2)] }])
})

test('requests: what is no export request is told from what is', () => {
  assert.deepEqual(checkRequest('logs', MIXED, 0, MIXED.length), { ok: true, records: 4 })
  assert.deepEqual(checkRequest('traces', allocate(0), 0, 0), { ok: true, records: 0 })
  const refused = (bytes: Uint8Array, message: RegExp) => {
    const checked = checkRequest('logs', Buffer.from(bytes), 0, bytes.length)
    assert.equal(checked.ok, false)
    assert.match(checked.ok ? '' : checked.message, message)
  }
  refused(MIXED.subarray(0, MIXED.length - 1), /breaks off/)
  refused(Buffer.from('{"resourceLogs":[]}'), /breaks off|wrong type/)
  refused(Uint8Array.of(0x08, 1), /wrong type/)
  refused(Uint8Array.of(0x0a, 2, 0x0b, 0), /breaks off/)
  const heavy = requestOf(
    'logs',
    Array.from({ length: 20_000 }, () => ({})),
    { resource: { attributes: attributesOf({ big: 'x'.repeat(8000) }) } },
  )
  refused(heavy, /20000 records have resources and scopes/)
  const nested = (levels: number): object =>
    levels === 1 ? anyValueOf('x') : { array_value: { values: [nested(levels - 1)] } }
  const deep = (levels: number) => requestOf('logs', [{ body: nested(levels) }])
  assert.ok(checkRequest('logs', deep(32), 0, deep(32).length).ok)
  refused(deep(33), /nested deeper than 32/)
})

test('requests: a large one is cut where records end, and each piece is a request', () => {
  const request = logs(
    group('a', scope('s', ...Array.from({ length: 50 }, (_, n) => record(n, 50))), scope('t', record(50))),
    group('b', scope('s', record(51), record(52, 5000), record(53))),
  )
  const all = decodeAll(request).records
  for (const bytesMax of [400, 1000, 2000]) {
    const { pieces, tooLarge, tooLargeBytes } = splitRequest(request, 0, request.length, bytesMax)
    assert.ok(pieces.every((piece) => piece.length <= bytesMax && checkRequest('logs', piece, 0, piece.length).ok))
    assert.deepEqual(
      pieces.flatMap((piece) => decodeAll(piece).records),
      all.filter((one) => one !== 'b/s/52'),
    )
    assert.equal(tooLarge, 1)
    assert.ok(tooLargeBytes > 5000)
    assert.ok(pieces.length <= (2 * request.length) / bytesMax + 2, `${pieces.length} pieces`)
  }
  assert.equal(splitRequest(request, 0, request.length, 2 * request.length).pieces.length, 1)
})
