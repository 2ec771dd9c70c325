/**
 * One rule does the same to the same record, whatever encoding it came in. One table of cases; each is run over all
 * encodings, and judged by what rules can ask of a record: which are left, and what their fields say then.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encode as encodeMsgpack } from '@msgpack/msgpack'
import { entryHead, fluent } from '#codecs/fluent/fluent.ts'
import { syslogFormat } from '#codecs/syslog/format.ts'
import { textFormat } from '#codecs/text/format.ts'
import type { Condition } from '#component/condition.ts'
import { find } from '#component/registry.ts'
import { Chain } from '#engine/chain.ts'
import { registry } from '#registry.ts'
import { concat, fromLatin1, fromText } from '#std/bytes.ts'
import { enableLinearRegex } from '#std/pattern/linear.ts'
import { randomFrom } from '#std/random.ts'
import { BLOCK_RECORDS_MAX, Block } from '#telemetry/block.ts'
import { blockOf } from '#test/support/blocks.ts'
import { anyValueOf, attributesOf, requestBlock } from '#test/support/otlp-blocks.ts'
import { encodeMessage } from '#test/support/otlp-messages.ts'

enableLinearRegex()

/** A record, before it is said in any encoding. */
interface Said {
  level?: 'error' | 'warn' | 'info' | 'debug'
  service?: string
  host?: string
  trace_id?: string
  message: string
  attributes: { id: string; [name: string]: string | number }
}

const TIME = '2026-01-01T00:00:00.123Z'
const [T1, T2, T3] = ['4bf92f3577b34da6a3ce929d0e0e4736', '0af7651916cd43dd8448eb211c80319c', `${'0'.repeat(31)}1`]

const RECORDS: readonly Said[] = [
  {
    ...{ level: 'error', service: 'checkout', host: 'web-1', trace_id: T1, message: 'payment failed for 123-45-6789' },
    attributes: { id: 'a', user: 'u1', n: 3 },
  },
  {
    ...{ level: 'info', service: 'checkout', host: 'web-2', trace_id: T2, message: 'payment ok für 12 €' },
    attributes: { id: 'b', user: 'u2', n: 10 },
  },
  {
    ...{ level: 'debug', service: 'auth', host: 'web-1', trace_id: T1, message: 'Login DEBUG by a.b@example.com' },
    attributes: { id: 'c', user: 'u1', n: 3 },
  },
  {
    ...{ level: 'info', service: 'auth', host: 'web-1', trace_id: T3, message: 'payment ok für 12 €' },
    attributes: { id: 'd', user: 'Zoë', ssn: 'is 987-65-4321, twice 987-65-4321' },
  },
  { message: 'a line that says little', attributes: { id: 'e' } },
]

/** By encoding: a block with these records. */
const encodings: Record<string, (records: readonly Said[]) => Block> = {
  'text, as JSON': (records) => blockOf(records.map(flat)),
  'fluent, as Fluent Bit sends it': fluentBlock,
  syslog: (records) => blockOf(records.map(syslogOf), { context: { format: syslogFormat } }),
  otlp_log: otlpBlock,
  'otlp_log, as JSON': (records) => {
    const block = otlpBlock(records)
    const into = new Block()
    block.context.format.toJson(block, into)
    assert.equal(into.context.format, textFormat)
    return into
  },
}

function flat({ attributes, ...fields }: Said): string {
  return JSON.stringify({ timestamp: TIME, ...fields, ...attributes })
}

function syslogOf({ level, service, host, message, trace_id, attributes }: Said): string {
  const severity = { error: 3, warn: 4, info: 6, debug: 7 }[level ?? 'info']
  const parameters = Object.entries({ ...attributes, ...(trace_id === undefined ? {} : { trace_id }) })
  const data = parameters.map(([name, value]) => ` ${name}="${value}"`).join('')
  // A priority there must be; facility 1.
  return `<${8 + severity}>1 ${TIME} ${host ?? '-'} ${service ?? '-'} - - [meta@32473${data}] ${message}`
}

/** Events with the names that Kubernetes and loggers in it give, through the real decoder. */
function fluentBlock(records: readonly Said[]): Block {
  const events = records.map(({ level, service, host, message, trace_id, attributes }) => {
    const fields = { severity: level, hostname: host, 'service.name': service, traceId: trace_id }
    const said = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
    return [Date.parse(TIME) / 1000, { ...attributes, log: message, ...said }]
  })
  const head = entryHead('fluent_tag', fromText('app.web'), false)
  const bytes = concat([head, ...events.map((event) => encodeMsgpack(event))])
  const block = new Block()
  block.fill(bytes, 0, 0, { source: 'test', arrivalMs: 0, truncated: false, format: textFormat })
  assert.ok(fluent.create().decode({ bytes, from: 0, to: bytes.length }, 0, block, BLOCK_RECORDS_MAX).done)
  return block
}

/** Grouped by resource, with one scope each. */
function otlpBlock(records: readonly Said[]): Block {
  const resource_logs = records.map(({ level, service, host, trace_id, message, attributes }) => {
    const resource = { ...(service && { 'service.name': service }), ...(host && { 'host.name': host }) }
    const record = {
      time_unix_nano: '1767225600123000000',
      ...(level && { severity_text: level }),
      ...(trace_id && { trace_id: Buffer.from(trace_id, 'hex') }),
      body: anyValueOf(message),
      attributes: attributesOf(attributes),
    }
    return {
      resource: { attributes: attributesOf(resource) },
      scope_logs: [{ scope: { name: 'l' }, log_records: [record] }],
    }
  })
  return requestBlock('logs', encodeMessage('ExportLogsServiceRequest', { resource_logs }))
}

interface Case {
  name: string
  rules: readonly { type: string; params: object; when?: Condition }[]
  /** Ids of the records that are left. */
  left: string
  /** By id: fields as they are then; what is not named is as it was. */
  fields?: Record<string, Record<string, string>>
}

const ALL = 'abcde'
const of = (type: string, params: object, when?: Condition) => [
  { type, params, ...(when === undefined ? {} : { when }) },
]
const SSN = '\\d{3}-\\d{2}-\\d{4}'

const cases: readonly Case[] = [
  { name: 'filter: a word in any text', rules: of('filter', { value: 'payment' }), left: 'ce' },
  { name: 'filter: a word outside ASCII', rules: of('filter', { value: 'für 12 €' }), left: 'ace' },
  { name: 'filter: a word in an attribute', rules: of('filter', { value: 'Zoë' }), left: 'abce' },
  { name: 'filter: a word that records share', rules: of('filter', { value: 'checkout' }), left: 'cde' },
  { name: 'filter: several words', rules: of('filter', { values: ['failed', 'Login'], mode: 'keep' }), left: 'ac' },
  { name: 'filter: a pattern', rules: of('filter', { pattern: SSN }), left: 'bce' },
  { name: 'filter: a pattern outside ASCII', rules: of('filter', { pattern: 'f.r \\d+ .', mode: 'keep' }), left: 'bd' },
  { name: 'filter: any case', rules: of('filter', { value: 'PAYMENT', ignore_case: true }), left: 'ce' },
  {
    name: 'attribute_filter: a well-known field',
    rules: of('attribute_filter', { attribute: 'service', equals: 'auth' }),
    left: 'abe',
  },
  {
    name: 'attribute_filter: host',
    rules: of('attribute_filter', { attribute: 'host', equals: 'web-2' }),
    left: 'acde',
  },
  {
    name: 'attribute_filter: level',
    rules: of('attribute_filter', { attribute: 'level', equals: 'debug' }),
    left: 'abde',
  },
  {
    name: 'attribute_filter: trace_id',
    rules: of('attribute_filter', { attribute: 'trace_id', equals: T1 }),
    left: 'bde',
  },
  {
    name: 'attribute_filter: an attribute',
    rules: of('attribute_filter', { attribute: 'user', equals: 'u1' }),
    left: 'bde',
  },
  {
    name: 'attribute_filter: outside ASCII',
    rules: of('attribute_filter', { attribute: 'user', equals: 'Zoë' }),
    left: 'abce',
  },
  { name: 'attribute_filter: a number', rules: of('attribute_filter', { attribute: 'n', equals: 3 }), left: 'bde' },
  {
    name: 'attribute_filter: a number as text',
    rules: of('attribute_filter', { attribute: 'n', equals: '10', mode: 'keep' }),
    left: 'b',
  },
  {
    name: 'attribute_filter: contains',
    rules: of('attribute_filter', { attribute: 'message', contains: 'ok für' }),
    left: 'ace',
  },
  {
    name: 'attribute_filter: a pattern',
    rules: of('attribute_filter', { attribute: 'user', regex: '^(u1|Zo.)$', mode: 'keep' }),
    left: 'acd',
  },
  {
    name: 'attribute_filter: no such field',
    rules: of('attribute_filter', { attribute: 'absent', contains: 'a' }),
    left: ALL,
  },
  {
    name: 'when: all, any, not, exists',
    rules: of(
      'filter',
      { pattern: '.' },
      {
        all: [
          {
            any: [
              { field: 'level', equals: 'info' },
              { field: 'user', equals: 'u1' },
            ],
          },
          { not: { field: 'ssn', exists: true } },
          { field: 'service', regex: '^(auth|checkout)$' },
        ],
      },
    ),
    left: 'de',
  },
  {
    name: 'redact: a pattern, wherever it stands',
    rules: of('redact', { pattern: SSN, replacement: '***' }),
    left: ALL,
    fields: { a: { message: 'payment failed for ***' }, d: { ssn: 'is ***, twice ***' } },
  },
  {
    name: 'redact: longer than what it hides, with a group',
    rules: of('redact', {
      pattern: '(\\d{3})-\\d{2}-\\d{4}',
      replacement: '<$1 and what is behind it, hidden by much>',
    }),
    left: ALL,
    fields: {
      a: { message: 'payment failed for <123 and what is behind it, hidden by much>' },
      d: {
        ssn: 'is <987 and what is behind it, hidden by much>, twice <987 and what is behind it, hidden by much>',
      },
    },
  },
  {
    name: 'redact: builtins',
    rules: of('redact', { builtins: ['email'] }),
    left: ALL,
    fields: { c: { message: 'Login DEBUG by [email]' } },
  },
  {
    name: 'redact: outside ASCII',
    rules: of('redact', { pattern: 'für|ë', replacement: 'é' }),
    left: ALL,
    fields: { b: { message: 'payment ok é 12 €' }, d: { message: 'payment ok é 12 €', user: 'Zoé' } },
  },
  {
    name: 'redact: what records share',
    rules: of('redact', { pattern: 'checkout', replacement: 'c' }),
    left: ALL,
    fields: { a: { service: 'c' }, b: { service: 'c' } },
  },
  {
    name: 'redact: only where the condition holds',
    rules: of('redact', { pattern: SSN, replacement: '***' }, { field: 'service', equals: 'auth' }),
    left: ALL,
    fields: { d: { ssn: 'is ***, twice ***' } },
  },
  {
    name: 'rules one behind the other see what the ones before did',
    rules: [
      ...of('redact', { pattern: SSN, replacement: 'HIDDEN' }),
      ...of('filter', { value: 'HIDDEN' }, { field: 'level', equals: 'info' }),
      ...of('attribute_filter', { attribute: 'message', contains: 'HIDDEN', mode: 'keep' }),
    ],
    left: 'a',
    fields: { a: { message: 'payment failed for HIDDEN' } },
  },
  {
    name: 'sample: by key',
    rules: of('sample', { keep_ratio: 0.5, key: 'trace_id', missing_key: 'keep' }),
    left: 'ace',
    fields: Object.fromEntries([...'ace'].map((id) => [id, { sample_rate: '2' }])),
  },
  {
    name: 'sample: by a number',
    rules: of('sample', { keep_ratio: 0.5, key: 'n', missing_key: 'drop', sample_rate_field: '' }),
    left: 'ac',
  },
  {
    name: 'dedupe: by fields',
    rules: of('dedupe', { fields: ['message', 'level'] }),
    left: 'abce',
  },
  {
    name: 'dedupe: by fields of both kinds',
    rules: of('dedupe', { fields: ['user', 'n'] }),
    left: 'abde',
  },
]

/** What is asked of every record that is left. */
const FIELDS = ['level', 'service', 'host', 'trace_id', 'message', 'user', 'n', 'ssn', 'sample_rate']
const SINK = { tally: () => undefined }

function run({ rules }: Case, block: Block): Record<string, Record<string, string>> {
  const plans = rules.map(({ type, params, when }, i) => {
    const definition = find(registry.processors, type)!
    const options = definition.config.parse(params) as Record<string, unknown>
    return { id: String(i), type, options, when, required: false, onError: definition.onError }
  })
  const chain = new Chain(plans, registry, ({ type, options }) => ({
    random: randomFrom(1),
    state: new SharedArrayBuffer(find(registry.processors, type)!.stateBytes?.(options as never) ?? 0),
    engine: 0,
  }))
  chain.run(block, false, SINK)
  const left: Record<string, Record<string, string>> = {}
  for (let i = 0; i < block.count; i++) {
    if (block.selection[i] === 1) left[textOf(block, i, 'id')!] = fieldsOf(block, i)
  }
  return left
}

function fieldsOf(block: Block, i: number): Record<string, string> {
  const found = FIELDS.map((name) => [name, textOf(block, i, name)] as const)
  return Object.fromEntries(found.filter((field): field is [string, string] => field[1] !== undefined))
}

function textOf(block: Block, i: number, name: string): string | undefined {
  const value = block.context.format.lookup(name).find(block, i)
  return value === undefined ? undefined : fromLatin1(value.text.slice(value.from, value.to))
}

for (const [encoding, encode] of Object.entries(encodings)) {
  for (const one of cases) {
    test(`${encoding}: ${one.name}`, () => {
      const before = run({ name: '', rules: [], left: ALL }, encode(RECORDS))
      const after = run(one, encode(RECORDS))
      assert.deepEqual(Object.keys(after).join(''), one.left)
      const expected = Object.fromEntries([...one.left].map((id) => [id, { ...before[id], ...one.fields?.[id] }]))
      assert.deepEqual(after, expected)
    })
  }

  test(`${encoding}: a record says what it was given to say`, () => {
    const left = run({ name: '', rules: [], left: ALL }, encode(RECORDS))
    for (const { attributes, ...fields } of RECORDS) {
      const { id, ...others } = attributes
      const expected = Object.fromEntries(
        Object.entries({ ...fields, ...others }).map(([name, value]) => [name, String(value)]),
      )
      // Each message of syslog has a priority.
      if (encoding === 'syslog' && fields.level === undefined) expected['level'] = 'info'
      assert.deepEqual(left[id], expected)
    }
  })
}
