import assert from 'node:assert/strict'
import { test } from 'node:test'
import { severityOf } from '#codecs/event/level.ts'
import { EventReader, Slot } from '#codecs/event/reader.ts'
import { fromLatin1, fromText } from '#std/bytes.ts'
import { Block } from '#telemetry/block.ts'
import { stringsOf } from '#telemetry/strings.ts'
import { anyValueOf, attributesOf, recordsBlock } from '#test/support/otlp-blocks.ts'
import { decodeMessage } from '#test/support/otlp-messages.ts'

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const SPAN = '00f067aa0ba902b7'
const TIME = '1767225600123456789'

const around = {
  resource: { attributes: attributesOf({ 'service.name': 'checkout', 'host.name': 'web-1', ssn: '123-45-6789' }) },
  resource_schema: 'https://example.com/1',
  scope: { name: 'lib', version: '1.2', attributes: attributesOf({ zone: 'a' }) },
}
const log = {
  time_unix_nano: TIME,
  observed_time_unix_nano: '1767225600123456790',
  severity_number: 14,
  severity_text: 'Warning',
  body: anyValueOf('paid 123-45-6789 é'),
  attributes: attributesOf({
    ...{ user: 'u1', n: 42, big: 2n ** 62n, neg: -5, ratio: 0.5, ok: true, none: null, 'http.status': 200 },
    ...{ nested: { a: { b: 'deep' }, list: ['x', 1, { y: 'z' }] }, raw: Uint8Array.of(1, 2, 255) },
  }),
  trace_id: Buffer.from(TRACE, 'hex'),
  span_id: Buffer.from(SPAN, 'hex'),
  flags: 1,
  event_name: 'payment',
}
const span = {
  trace_id: Buffer.from(TRACE, 'hex'),
  span_id: Buffer.from(SPAN, 'hex'),
  parent_span_id: Buffer.from('1112131415161718', 'hex'),
  trace_state: 'a=b',
  name: 'GET /',
  kind: 2,
  start_time_unix_nano: TIME,
  end_time_unix_nano: '1767225600124956789',
  attributes: attributesOf({ user: 'u1' }),
  events: [{ time_unix_nano: TIME, name: 'exception', attributes: attributesOf({ stack: 'at x' }) }, { name: 'e2' }],
  links: [{ trace_id: Buffer.from(TRACE, 'hex'), attributes: attributesOf({ why: 'retry' }) }],
  status: { code: 2, message: 'broke' },
}

function found(block: Block, name: string, i = 0): string | undefined {
  const value = block.context.format.lookup(name).find(block, i)
  return value === undefined ? undefined : `${value.kind} ${fromLatin1(value.text.slice(value.from, value.to))}`
}

function textsOf(block: Block): string[] {
  const { lines } = stringsOf(block)
  return Array.from({ length: lines.count }, (_, i) => lines.recordText(i))
}

test('otlp_log: names and paths lead where the JSON form has them', () => {
  const block = recordsBlock('logs', [log], around)
  const expected: Record<string, string | undefined> = {
    service: 'text checkout',
    host: 'text web-1',
    level: 'text Warning',
    severity_number: 'number 14',
    message: 'text paid 123-45-6789 é',
    body: 'text paid 123-45-6789 é',
    'body/': 'text paid 123-45-6789 é',
    trace_id: `text ${TRACE}`,
    span_id: `text ${SPAN}`,
    timestamp: 'text 2026-01-01T00:00:00.123456789Z',
    observed_timestamp: 'text 2026-01-01T00:00:00.123456790Z',
    flags: 'number 1',
    event_name: 'text payment',
    user: 'text u1',
    n: 'number 42',
    big: 'number 4611686018427387904',
    neg: 'number -5',
    ratio: 'number 0.5',
    ok: 'boolean true',
    none: 'null null',
    raw: 'text AQL/',
    nested: undefined,
    'attributes/http.status': 'number 200',
    'http.status': 'number 200',
    'attributes/nested/a/b': 'text deep',
    'attributes/nested/list': undefined,
    zone: 'text a',
    ssn: 'text 123-45-6789',
    'resource/attributes/service.name': 'text checkout',
    'resource/service.name': 'text checkout',
    'attributes/service.name': undefined,
    'scope/name': 'text lib',
    'scope/version': 'text 1.2',
    'scope/attributes/zone': 'text a',
    'nested/a': undefined,
    absent: undefined,
  }
  assert.deepEqual(Object.fromEntries(Object.keys(expected).map((name) => [name, found(block, name)])), expected)
})

test('otlp_log: what is unset falls back, or is not there', () => {
  const block = recordsBlock('logs', [
    { severity_number: 17, observed_time_unix_nano: TIME, body: anyValueOf({ message: 'm', code: 7 }) },
    { attributes: attributesOf({ level: 'debug', service: 's', trace_id: 't', message: 'a' }) },
    {},
  ])
  const of = (i: number) =>
    ['level', 'timestamp', 'message', 'body/code', 'service', 'trace_id'].map((name) => found(block, name, i))
  assert.deepEqual(of(0), [
    ...['text ERROR', 'text 2026-01-01T00:00:00.123456789Z', 'text m', 'number 7', undefined, undefined],
  ])
  assert.deepEqual(of(1), ['text debug', undefined, 'text a', undefined, 'text s', 'text t'])
  assert.deepEqual(of(2), Array(6).fill(undefined))
})

test('otlp_span: names and paths lead where the JSON form has them', () => {
  const block = recordsBlock('traces', [span, { name: 'n' }], around)
  const expected: Record<string, string | undefined> = {
    name: 'text GET /',
    message: 'text GET /',
    kind: 'text server',
    'status/code': 'text error',
    'status/message': 'text broke',
    status: 'text error',
    duration_ms: 'number 1.5',
    trace_id: `text ${TRACE}`,
    parent_span_id: 'text 1112131415161718',
    service: 'text checkout',
    user: 'text u1',
    timestamp: 'text 2026-01-01T00:00:00.123456789Z',
  }
  assert.deepEqual(Object.fromEntries(Object.keys(expected).map((name) => [name, found(block, name)])), expected)
  assert.equal(found(block, 'status', 1), 'text unset')
  assert.equal(found(block, 'duration_ms', 1), undefined)
})

test('otlp: every text of a record and of what records share, once', () => {
  const shared = ['checkout', 'web-1', '123-45-6789', 'lib', '1.2', 'a']
  assert.deepEqual(textsOf(recordsBlock('logs', [log], around)), [
    ...shared,
    ...['Warning', 'paid 123-45-6789 é', 'u1', 'deep', 'x', 'z', 'payment'],
  ])
  assert.deepEqual(textsOf(recordsBlock('traces', [span], around)), [
    ...shared,
    ...['GET /', 'u1', 'exception', 'at x', 'e2', 'retry', 'broke'],
  ])
})

/** Edits each text as told, and gives them back. */
function edit(block: Block, change: (text: string) => string): void {
  const strings = stringsOf(block)
  const { lines } = strings
  for (let i = 0; i < lines.count; i++) {
    const text = lines.recordText(i)
    if (lines.selection[i] === 1 && change(text) !== text) lines.replaceRecord(i, fromText(change(text)))
  }
  lines.commitEdits()
  strings.giveBack(block)
}

test('otlp: edits of texts change those and the lengths around them, nothing else', () => {
  for (const size of [0, 1, 11, 200, 20_000]) {
    const replacement = 'x'.repeat(size)
    const change = (text: string) => text.replaceAll('123-45-6789', replacement).replace('deep', replacement)
    const block = recordsBlock('logs', [{ body: anyValueOf('other') }, log, log], around)
    const before = block.recordBytes(0).toString('hex')
    edit(block, change)
    assert.equal(block.recordBytes(0).toString('hex'), before)
    const expected = structuredClone(log) as typeof log & { body: { string_value: string } }
    expected.body = { string_value: `paid ${replacement} é` }
    const text = JSON.stringify(decodeMessage('LogRecord', block.recordBytes(2)))
    const original = JSON.stringify(decodeMessage('LogRecord', recordsBlock('logs', [log]).recordBytes(0)))
    assert.equal(text, change(original))
    const resource = JSON.stringify(decodeMessage('ResourceLogs', block.shared[0]!))
    assert.ok(!resource.includes('123-45-6789') && resource.includes('https://example.com/1'))
    assert.equal(block.editedRecords > 0, true)
    assert.deepEqual(
      textsOf(block),
      textsOf(recordsBlock('logs', [{ body: anyValueOf('other') }, log, log], around))
        .map(change)
        .filter(Boolean),
    )
  }
})

test('otlp: a rule that sees some records leaves the resource of the others alone', () => {
  const block = recordsBlock('logs', [log, log, log], around)
  block.drop(1)
  edit(block, (text) => text.replaceAll('123-45-6789', '***').replace(/^a$/, 'b'))
  block.restore(1)
  assert.deepEqual(
    [0, 1, 2].map((i) => [found(block, 'ssn', i), found(block, 'zone', i), found(block, 'message', i)]),
    [
      ['text ***', 'text b', 'text paid *** é'],
      ['text 123-45-6789', 'text a', 'text paid 123-45-6789 é'],
      ['text ***', 'text b', 'text paid *** é'],
    ],
  )
  // Nobody asked for the texts of the one that was hidden; the next rule sees them.
  assert.equal(textsOf(block).filter((text) => text === 'paid 123-45-6789 é').length, 1)
})

test('otlp: what a rule noted before it failed is forgotten', () => {
  const block = recordsBlock('logs', [{ body: anyValueOf('first') }, { body: anyValueOf('second') }])
  stringsOf(block).lines.replaceRecord(1, fromText('half done'))
  edit(block, (text) => text.replace('first', '1st'))
  assert.deepEqual(textsOf(block), ['1st', 'second'])
})

test('otlp: a number is added as an attribute, once', () => {
  for (const [signal, message, record] of [
    ['logs', 'LogRecord', log],
    ['traces', 'Span', span],
  ] as const) {
    for (const [number, expected] of [
      [10, { int_value: '10' }],
      [-3, { int_value: '-3' }],
      [1.5, { double_value: 1.5 }],
    ] as const) {
      const block = recordsBlock(signal, [record, {}], around)
      const { format } = block.context
      for (let i = 0; i < 2; i++) {
        format.annotate(block, i, 'sample_rate', number)
        format.annotate(block, i, 'user', 9)
      }
      block.commitEdits()
      for (let i = 0; i < 2; i++) format.annotate(block, i, 'sample_rate', 99)
      block.commitEdits()
      const { attributes } = decodeMessage(message, block.recordBytes(0))
      assert.deepEqual(attributes.at(-1), { key: 'sample_rate', value: expected })
      assert.equal(decodeMessage(message, block.recordBytes(1)).attributes.length, 2)
    }
  }
})

function jsonOf(block: Block): unknown[] {
  const into = new Block()
  block.context.format.toJson(block, into)
  return Array.from({ length: into.count }, (_, i) => JSON.parse(into.recordText(i)))
}

test('otlp: as JSON', () => {
  const resource = { attributes: { 'service.name': 'checkout', 'host.name': 'web-1', ssn: '123-45-6789' } }
  const scope = { name: 'lib', version: '1.2', attributes: { zone: 'a' } }
  const bare = { severity_number: 9, body: anyValueOf({ a: [1, 'x', null] }), observed_time_unix_nano: TIME }
  assert.deepEqual(jsonOf(recordsBlock('logs', [log, bare], around)), [
    {
      timestamp: '2026-01-01T00:00:00.123456789Z',
      observed_timestamp: '2026-01-01T00:00:00.123456790Z',
      severity_text: 'Warning',
      severity_number: 14,
      message: 'paid 123-45-6789 é',
      event_name: 'payment',
      attributes: {
        ...{ user: 'u1', n: 42, big: 2 ** 62, neg: -5, ratio: 0.5, ok: true, none: null, 'http.status': 200 },
        ...{ nested: { a: { b: 'deep' }, list: ['x', 1, { y: 'z' }] }, raw: 'AQL/' },
      },
      trace_id: TRACE,
      span_id: SPAN,
      flags: 1,
      resource,
      scope,
    },
    {
      timestamp: '2026-01-01T00:00:00.123456789Z',
      observed_timestamp: '2026-01-01T00:00:00.123456789Z',
      severity_text: 'INFO',
      severity_number: 9,
      body: { a: [1, 'x', null] },
      resource,
      scope,
    },
  ])
  assert.deepEqual(jsonOf(recordsBlock('traces', [span, {}])), [
    {
      timestamp: '2026-01-01T00:00:00.123456789Z',
      end_time: '2026-01-01T00:00:00.124956789Z',
      duration_ms: 1.5,
      name: 'GET /',
      kind: 'server',
      status: { code: 'error', message: 'broke' },
      trace_id: TRACE,
      span_id: SPAN,
      parent_span_id: '1112131415161718',
      trace_state: 'a=b',
      attributes: { user: 'u1' },
      events: [
        { timestamp: '2026-01-01T00:00:00.123456789Z', name: 'exception', attributes: { stack: 'at x' } },
        { name: 'e2' },
      ],
      links: [{ trace_id: TRACE, attributes: { why: 'retry' } }],
    },
    {},
  ])
})

test('otlp: the JSON form says what codecs/event looks for', () => {
  const into = new Block()
  const reader = new EventReader()
  for (const [block, message] of [
    [recordsBlock('logs', [log], around), 'paid 123-45-6789 é'],
    [recordsBlock('traces', [span], around), undefined],
  ] as const) {
    block.context.format.toJson(block, into)
    reader.begin(into)
    reader.read(0)
    assert.ok(reader.timed)
    assert.deepEqual(reader.time, { ms: Number(TIME.slice(0, 13)), nanos: 456_789 })
    const read = (['service', 'host', 'trace_id', 'span_id', 'message'] as const).map((name) =>
      reader.string(Slot[name]),
    )
    assert.deepEqual(read, ['checkout', 'web-1', TRACE, SPAN, message])
  }
  const block = recordsBlock('logs', [{ severity_number: 18 }])
  block.context.format.toJson(block, into)
  reader.begin(into)
  reader.read(0)
  assert.equal(severityOf(reader.string(Slot.level)!), 17)
})
