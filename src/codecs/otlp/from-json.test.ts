import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fromText } from '#std/bytes.ts'
import type { Signal } from '#telemetry/signal.ts'
import { decodeMessage, requestName } from '#test/support/otlp-messages.ts'
import { fromJson } from './from-json.ts'
import { checkRequest } from './request.ts'

const TRACE = '5B8EFFF798038103D269B633813FC60C'
const SPAN = 'EEE19B7EC3C1B174'

function decoded(signal: Signal, request: object | string): object {
  const made = fromJson(signal, fromText(typeof request === 'string' ? request : JSON.stringify(request)))
  assert.ok(made.ok, made.ok ? '' : made.message)
  assert.deepEqual(checkRequest(signal, made.bytes, 0, made.bytes.length).ok, true)
  return decodeMessage(requestName(signal), made.bytes)
}

function log(members: string): unknown {
  const text = `{"resourceLogs":[{"scopeLogs":[{"logRecords":[{${members}}]}]}]}`
  const made = fromJson('logs', fromText(text))
  if (!made.ok) return made.message
  return decodeMessage('ExportLogsServiceRequest', made.bytes).resource_logs[0].scope_logs[0].log_records[0]
}

/** After the examples of opentelemetry-proto (examples/logs.json, trace.json, metrics.json). */
test('OTLP/JSON: logs, traces and metrics', () => {
  const attributes = [{ key: 'service.name', value: { stringValue: 'my.service' } }]
  const resource = { attributes }
  const scope = { name: 'my.library', version: '1.0.0', attributes: [] }
  const plain = [{ key: 'service.name', value: { string_value: 'my.service' } }]
  assert.deepEqual(
    decoded('logs', {
      resourceLogs: [
        {
          resource,
          scopeLogs: [
            {
              scope,
              logRecords: [
                {
                  timeUnixNano: '1544712660300000000',
                  observedTimeUnixNano: 1544712660300000000,
                  severityNumber: 10,
                  severityText: 'Information',
                  traceId: TRACE,
                  spanId: SPAN,
                  flags: 1,
                  body: { stringValue: 'Example "é" log\n' },
                  attributes: [
                    { key: 'boolean', value: { boolValue: true } },
                    { key: 'int', value: { intValue: '-10' } },
                    { key: 'double', value: { doubleValue: 637.704 } },
                    { key: 'array', value: { arrayValue: { values: [{ stringValue: 'many' }, {}] } } },
                    { key: 'map', value: { kvlistValue: { values: [{ key: 'a', value: { intValue: 1 } }] } } },
                    { key: 'bytes', value: { bytesValue: 'AQL_' } },
                  ],
                },
              ],
            },
          ],
          schemaUrl: 'https://example.com',
        },
      ],
    }),
    {
      resource_logs: [
        {
          resource: { attributes: plain },
          scope_logs: [
            {
              scope: { name: 'my.library', version: '1.0.0' },
              log_records: [
                {
                  time_unix_nano: '1544712660300000000',
                  observed_time_unix_nano: '1544712660300000000',
                  severity_number: 10,
                  severity_text: 'Information',
                  trace_id: TRACE.toLowerCase(),
                  span_id: SPAN.toLowerCase(),
                  flags: 1,
                  body: { string_value: 'Example "é" log\n' },
                  attributes: [
                    { key: 'boolean', value: { bool_value: true } },
                    { key: 'int', value: { int_value: '-10' } },
                    { key: 'double', value: { double_value: 637.704 } },
                    { key: 'array', value: { array_value: { values: [{ string_value: 'many' }, {}] } } },
                    { key: 'map', value: { kvlist_value: { values: [{ key: 'a', value: { int_value: '1' } }] } } },
                    { key: 'bytes', value: { bytes_value: '0102ff' } },
                  ],
                },
              ],
            },
          ],
          schema_url: 'https://example.com',
        },
      ],
    },
  )
  const event = { timeUnixNano: '1', name: 'e', attributes, droppedAttributesCount: 2 }
  const span = { traceId: TRACE, name: 'I am a span', kind: 2, events: [event], status: { code: 2, message: 'no' } }
  assert.deepEqual(decoded('traces', { resourceSpans: [{ scopeSpans: [{ spans: [span] }] }] }), {
    resource_spans: [
      {
        scope_spans: [
          {
            spans: [
              {
                trace_id: TRACE.toLowerCase(),
                name: 'I am a span',
                kind: 2,
                events: [{ time_unix_nano: '1', name: 'e', attributes: plain, dropped_attributes_count: 2 }],
                status: { message: 'no', code: 2 },
              },
            ],
          },
        ],
      },
    ],
  })
  const histogram = { count: 2, sum: 2, bucketCounts: ['1', 1], explicitBounds: [1, 1.5], min: 0, max: '2' }
  const metrics = [
    { name: 'c', unit: '1', sum: { aggregationTemporality: 1, isMonotonic: true, dataPoints: [{ asInt: '-5' }] } },
    { name: 'h', histogram: { aggregationTemporality: 2, dataPoints: [histogram] } },
    { name: 'g', gauge: { dataPoints: [{ asDouble: 'NaN' }] } },
  ]
  const read = decoded('metrics', { resourceMetrics: [{ scopeMetrics: [{ metrics }] }] }) as {
    resource_metrics: { scope_metrics: { metrics: { gauge?: unknown }[] }[] }[]
  }
  const [sum, distribution, gauge] = read.resource_metrics[0]!.scope_metrics[0]!.metrics
  assert.deepEqual(sum, {
    name: 'c',
    unit: '1',
    sum: { aggregation_temporality: 1, is_monotonic: true, data_points: [{ as_int: '-5' }] },
  })
  assert.deepEqual(distribution, {
    name: 'h',
    histogram: {
      aggregation_temporality: 2,
      data_points: [{ count: '2', sum: 2, bucket_counts: ['1', '1'], explicit_bounds: [1, 1.5], min: 0, max: 2 }],
    },
  })
  assert.deepEqual(gauge!.gauge, { data_points: [{ as_double: Number.NaN }] })
})

test('OTLP/JSON: numbers keep all their digits, however they are written', () => {
  for (const [written, read] of [
    ['"18446744073709551615"', '18446744073709551615'],
    ['18446744073709551615', '18446744073709551615'],
    ['1544712660300000001', '1544712660300000001'],
    ['1.5447126603e18', undefined],
    ['1e3', '1000'],
    ['7.0', '7'],
    ['null', undefined],
  ] as const) {
    const record = log(`"timeUnixNano":${written}`)
    if (written === '1.5447126603e18') assert.match(String(record), /LogRecord.timeUnixNano/)
    else assert.deepEqual(record, read === undefined ? {} : { time_unix_nano: read })
  }
  assert.deepEqual(log('"body":{"intValue":"-9223372036854775808"}'), { body: { int_value: '-9223372036854775808' } })
})

test('OTLP/JSON: members that nobody knows are passed by, spellings and order are free', () => {
  const record = ' "later" : [ { "a":"]}" } , 1e5 ] , "b\\u006fdy" : { "stringValue" : "\\u0041\\ud800" } , "body_":1'
  assert.deepEqual(log(record), { body: { string_value: 'A\ufffd' } })
  assert.deepEqual(log('"severity_text":"no","traceId":""'), {})
})

test('OTLP/JSON: deep values come through, and time does not multiply with their depth', () => {
  const nested = (levels: number, leaf: string): string =>
    levels === 0 ? leaf : `{"kvlistValue":{"values":[{"key":"a","value":${nested(levels - 1, leaf)}}]}}`
  const leaf = 'x'.repeat(100_000)
  let { body } = log(`"body":${nested(31, `{"stringValue":"${leaf}"}`)}`) as { body: Record<string, never> }
  for (let level = 0; level < 31; level++) body = body['kvlist_value']!['values']![0]!['value']!
  assert.equal(body['string_value'], leaf)
})

test('OTLP/JSON: a request, byte for byte', () => {
  const text = `{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"severityNumber":9,"body":{"stringValue":"hi"},
    "attributes":[{"key":"n","value":{"intValue":"-1"}}]}]}]}]}`
  const made = fromJson('logs', fromText(text))
  const record = '1009 2a04 0a026869 3210 0a016e 120b 18ffffffffffffffffff01'.replaceAll(' ', '')
  assert.equal(made.ok && made.bytes.toString('hex'), `0a1e121c121a${record}`)
})

test('OTLP/JSON: what has the wrong shape is refused with its place', () => {
  for (const [members, message] of [
    ['"timeUnixNano":"noon"', /LogRecord.timeUnixNano is no number/],
    ['"timeUnixNano":-1', /timeUnixNano/],
    ['"timeUnixNano":{}', /timeUnixNano/],
    ['"severityNumber":"SEVERITY_NUMBER_INFO"', /LogRecord.severityNumber/],
    ['"severityText":7', /LogRecord.severityText is no string/],
    ['"traceId":"abc"', /LogRecord.traceId is no id of 32/],
    [`"traceId":"${'g'.repeat(32)}"`, /traceId/],
    ['"spanId":123', /spanId/],
    ['"body":"text"', /LogRecord.body is no object/],
    ['"body":{"bytesValue":"*"}', /AnyValue.bytesValue is no base64/],
    ['"body":{"boolValue":"true"}', /boolValue/],
    ['"body":{"doubleValue":"much"}', /doubleValue/],
    ['"attributes":{"a":1}', /LogRecord.attributes is no array/],
    ['"attributes":[1]', /LogRecord.attributes is no object/],
    [`"body":${'{"arrayValue":{"values":['.repeat(40)}${']}}'.repeat(40)}`, /nested deeper than 32/],
  ] as const) {
    assert.match(String(log(members)), message, members)
  }
  for (const body of ['', '[]', '{', '{"resourceLogs":[}', 'null', '{}{}']) {
    assert.deepEqual(fromJson('logs', fromText(body)), { ok: false, message: 'The body is not a JSON object.' })
  }
  assert.deepEqual(fromJson('logs', Buffer.from([0x7b, 0xff, 0x7d])), { ok: false, message: 'The body is not UTF-8.' })
  assert.deepEqual(decoded('logs', '{}'), {})
})
