import assert from 'node:assert/strict'
import { test } from 'node:test'
import { groupHeaderBytes, writeGroupHeader } from '#codecs/grouped/grouped.ts'
import { groupKey } from '#codecs/otlp/group.ts'
import { allocate, type Bytes } from '#std/bytes.ts'
import { signals } from '#telemetry/signal.ts'
import { decodeMessage, encodeMessage, methodOf } from '#test/support/otlp-messages.ts'
import { batchOf, outputContext } from '#test/support/outputs.ts'
import { OtlpFake, OtlpGrpcFake } from '#test/support/vendors/otlp.ts'
import { GROUP_BYTES_MAX, requestOf } from './export.ts'
import { otlp } from './otlp.ts'

const NOTHING = allocate(0)
const EMPTY_RECORD = Buffer.from([0x12, 0])

function record(key: Bytes, payload: Bytes): Bytes {
  const bytes = allocate(groupHeaderBytes(key.length) + payload.length)
  payload.copy(bytes, writeGroupHeader(key, bytes, 0))
  return bytes
}

const span = (name: string) => encodeMessage('ScopeSpans', { spans: [{ name }] })
const resource = (name: string, schema_url = '') =>
  encodeMessage('ResourceSpans', {
    resource: { attributes: [{ key: 'service.name', value: { string_value: name } }], dropped_attributes_count: 3 },
    schema_url,
  })
const scope = (name: string, schema_url = '') =>
  encodeMessage('ScopeSpans', { scope: { name, version: '1' }, schema_url })

test('otlp: records are sent with the resource, the scope and the schemas that they came with', () => {
  const shop = groupKey(resource('shop', 'r'), scope('http', 's'))
  const records = [
    record(shop, span('a')),
    record(groupKey(resource('shop', 'r'), scope('sql')), span('b')),
    record(groupKey(resource('shop'), scope('http', 's')), span('c')),
    record(shop, span('d')),
    record(groupKey(NOTHING, NOTHING), span('e')),
  ]
  const batch = batchOf(...records)
  const request = requestOf(batch)
  const named = (service: string) => ({
    attributes: [{ key: 'service.name', value: { string_value: service } }],
    dropped_attributes_count: 3,
  })
  const http = { name: 'http', version: '1' }
  assert.deepEqual(decodeMessage('ExportTraceServiceRequest', request), {
    resource_spans: [
      {
        resource: named('shop'),
        schema_url: 'r',
        scope_spans: [
          { scope: http, schema_url: 's', spans: [{ name: 'a' }, { name: 'd' }] },
          { scope: { name: 'sql', version: '1' }, spans: [{ name: 'b' }] },
        ],
      },
      { resource: named('shop'), scope_spans: [{ scope: http, schema_url: 's', spans: [{ name: 'c' }] }] },
      { scope_spans: [{ spans: [{ name: 'e' }] }] },
    ],
  })
  assert.ok(request.length <= batch.bytes.length + GROUP_BYTES_MAX * records.length)
})

test('otlp: what is too long for a key comes whole', () => {
  const long = 'x'.repeat(70_000)
  const whole = encodeMessage('ExportTraceServiceRequest', {
    resource_spans: [{ resource: { attributes: [{ key: long }] }, scope_spans: [{ spans: [{ name: 'a' }] }] }],
  })
  const request = requestOf(
    batchOf(record(NOTHING, whole), record(groupKey(NOTHING, NOTHING), span('b')), record(NOTHING, whole)),
  )
  const { resource_spans: groups } = decodeMessage('ExportTraceServiceRequest', request)
  assert.deepEqual(
    groups.map((group: Group) => [group.scope_spans[0]?.spans[0]?.name, group.resource?.attributes[0]?.key.length]),
    [
      ['b', undefined],
      ['a', 70_000],
      ['a', 70_000],
    ],
  )
})

interface Group {
  resource?: { attributes: { key: string }[] }
  scope_spans: { spans: { name: string }[] }[]
}

test('otlp: each signal has its path, its method and its encoder', async () => {
  const batch = batchOf(record(groupKey(NOTHING, NOTHING), EMPTY_RECORD))
  for (const signal of signals) {
    await using http = await new OtlpFake().listen()
    http.path = `/v1/${signal}`
    await using grpc = await new OtlpGrpcFake().listen()
    for (const options of [{ url: http.url }, { url: `http://${grpc.address}`, protocol: 'grpc' }]) {
      const output = otlp.create(otlp.config.parse(options), outputContext('out', undefined, signal))
      await output.start()
      const result = await output.send(batch, new AbortController().signal)
      await output.stop()
      if (!('protocol' in options)) assert.deepEqual([result, http.requests[0]?.path], [{ ok: true }, http.path])
      // The fake has a method for logs alone, and says what it was asked for.
      else if (signal === 'logs') assert.deepEqual(result, { ok: true })
      else assert.match(JSON.stringify(result), new RegExp(methodOf(signal).replaceAll('/', '.')))
    }
  }
  const options = otlp.config.parse({ url: 'http://x' })
  assert.deepEqual(
    signals.map((signal) => otlp.encoder(options, signal).name),
    ['otlp', 'otlp_metrics', 'otlp_spans'],
  )
})

test('otlp: a url that takes another signal is a mistake', () => {
  const create = (url: string) => () =>
    otlp.create(otlp.config.parse({ url }), outputContext('out', undefined, 'traces'))
  assert.throws(create('http://x/otlp/v1/logs'), {
    code: 'SG_CONFIG_INVALID',
    message: 'output "out" sends traces, but its url ends with /v1/logs; leave the path out, or end it with /v1/traces',
  })
  create('http://x/otlp/v1/traces')()
  create('http://x/anything')()
})
