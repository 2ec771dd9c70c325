import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { JsonLinesWriter } from '#codecs/json/lines-writer.ts'
import { textFormat } from '#codecs/text/format.ts'
import { Block } from '#telemetry/block.ts'
import { writeCheck, writeEvent } from './event.ts'
import { LineKind, StatsdLine } from './line.ts'
import { NumberReader } from './number.ts'

const SEED = 20_261_121
const TYPES = ['counter', 'gauge', 'timer', 'histogram', 'set']

/** What a line says, without what it does not say. Between other bytes, so that reading beyond it shows. */
function read(text: string): unknown {
  const bytes = Buffer.from(`#9|c\n${text}:9|g|#x`)
  const [from, to] = [5, bytes.length - 7]
  const line = new StatsdLine()
  const kind = line.read(bytes, from, to)
  if (kind !== LineKind.METRIC)
    return Object.entries(LineKind)
      .find(([, value]) => value === kind)![0]
      .toLowerCase()
  const part = (start: number, end: number) => bytes.toString('utf8', start, end)
  return {
    name: part(line.nameFrom, line.nameTo),
    type: TYPES[line.type],
    ...(line.type === 4
      ? { value: part(line.valueFrom, line.valueTo) }
      : { values: [...line.values.subarray(0, line.count)] }),
    ...(line.deltas.subarray(0, line.count).some(Boolean) ? { deltas: [...line.deltas.subarray(0, line.count)] } : {}),
    ...(line.rate === 1 ? {} : { rate: line.rate }),
    ...(line.tagsTo > line.tagsFrom ? { tags: part(line.tagsFrom, line.tagsTo) } : {}),
    ...(line.seconds > 0 ? { seconds: line.seconds } : {}),
    ...(line.containerTo > 0 ? { container: part(line.containerFrom, line.containerTo) } : {}),
    ...(line.externalTo > 0 ? { external: part(line.externalFrom, line.externalTo) } : {}),
  }
}

test('lines of both dialects say what they say', () => {
  for (const [text, expected] of [
    ['gorets:1|c', { name: 'gorets', type: 'counter', values: [1] }],
    ['gorets:1|c|@0.1', { name: 'gorets', type: 'counter', values: [1], rate: 0.1 }],
    ['glork:320|ms|@0.1', { name: 'glork', type: 'timer', values: [320], rate: 0.1 }],
    ['gaugor:-10|g', { name: 'gaugor', type: 'gauge', values: [-10], deltas: [1] }],
    ['gaugor:+4|g', { name: 'gaugor', type: 'gauge', values: [4], deltas: [1] }],
    ['uniques:765|s', { name: 'uniques', type: 'set', value: '765' }],
    ['uniques:a:b c|s', { name: 'uniques', type: 'set', value: 'a:b c' }],
    ['meter:2|m', { name: 'meter', type: 'counter', values: [2] }],
    [
      'page.views:1|c|#env:dev,b|@0.5',
      { name: 'page.views', type: 'counter', values: [1], rate: 0.5, tags: 'env:dev,b' },
    ],
    ['pool:.5|h|#', { name: 'pool', type: 'histogram', values: [0.5] }],
    ['songs:1:2.5:-3e2|d|#env:dev', { name: 'songs', type: 'histogram', values: [1, 2.5, -300], tags: 'env:dev' }],
    ['g:1:+2:-3|g', { name: 'g', type: 'gauge', values: [1, 2, -3], deltas: [0, 1, 1] }],
    ['up:15|c|#dev|T1656581400', { name: 'up', type: 'counter', values: [15], tags: 'dev', seconds: 1656581400 }],
    [
      'm:1|c|c:ci-83c0a99c|e:it-false,cn-nginx|card:low|#a:b',
      {
        name: 'm',
        type: 'counter',
        values: [1],
        tags: 'a:b',
        container: 'ci-83c0a99c',
        external: 'it-false,cn-nginx',
      },
    ],
    ['m:1|c|z9:new|', { name: 'm', type: 'counter', values: [1] }],
    ['g:inf|g', { name: 'g', type: 'gauge', values: [Infinity] }],
    ['g:NaN|g', { name: 'g', type: 'gauge', values: [Number.NaN] }],
    ['ü:1e5|g', { name: 'ü', type: 'gauge', values: [1e5] }],
    ['_e{5,4}:title|text', 'event'],
    ['_sc|name|0', 'check'],
    ['_other:1|c', { name: '_other', type: 'counter', values: [1] }],
  ] as const) {
    assert.deepEqual(read(text), expected, text)
  }
})

test('what is no line is told so', () => {
  for (const text of [
    ...['', 'a', 'a:', ':1|c', 'a:1', 'a:1|', 'a:|c', 'a|c', '|', 'a:1|x', 'a:1|mss', 'a:x|c', 'a:1:|c', 'a::1|c'],
    ...['a:1|c|@', 'a:1|c|@0', 'a:1|c|@-1', 'a:1|c|@x', 'a:1|c|@nan', 'a:1|c|@inf', 'a:1|c|T', 'a:1|c|Tx'],
    ...['a:1|c|T1.5', 'a:1|c|T0', 'a:1|ms|T5', 'a:inf|c', 'a:nan|ms', 'a:+inf|g', 'a:--1|c', 'a:1_0|c', 'a:0x1|c'],
    ...['a:1 |c', 'a:1e|c', 'a:.|c', 'a:-|g', '#a:1|c|T999999999999999'],
  ]) {
    assert.equal(read(text), 'malformed', text)
  }
})

test('numbers are those of the language', () => {
  const reader = new NumberReader()
  const check = (text: string) => {
    const bytes = Buffer.from(`1${text}1`)
    assert.ok(reader.read(bytes, 1, bytes.length - 1), text)
    assert.ok(Object.is(reader.value, Number(text)), `${text} was read as ${reader.value}`)
  }
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => check(String(value))),
    { seed: SEED },
  )
  fc.assert(fc.property(fc.stringMatching(/^[+-]?(\d{1,18}\.\d{0,18}|\d{1,20}|\.\d{1,17})(e[+-]?\d{1,3})?$/), check), {
    seed: SEED,
  })
})

function recordOf(write: typeof writeEvent, text: string): unknown {
  const block = new Block()
  const writer = new JsonLinesWriter()
  writer.begin(block, { source: 'test', arrivalMs: 0, truncated: false, format: textFormat })
  const bytes = Buffer.from(`${text}|z:behind`)
  return write(bytes, 0, bytes.length - '|z:behind'.length, writer) ? JSON.parse(block.recordText(0)) : undefined
}

test('events and service checks become objects that are known as logs', () => {
  assert.deepEqual(
    recordOf(
      writeEvent,
      '_e{21,36}:An exception occurred|Cannot parse CSV file from 10.0.0.17|d:1767225600|h:web-1|k:agg|p:low' +
        '|s:my_apps|t:warning|#err_type:bad_file,service:csv',
    ),
    {
      kind: 'event',
      title: 'An exception occurred',
      message: 'Cannot parse CSV file from 10.0.0.17',
      timestamp: '2026-01-01T00:00:00.000Z',
      host: 'web-1',
      aggregation_key: 'agg',
      priority: 'low',
      source_type_name: 'my_apps',
      level: 'warning',
      service: 'csv',
      tags: ['err_type:bad_file', 'service:csv'],
    },
  )
  assert.deepEqual(recordOf(writeEvent, '_e{2,7}:ü|a|b\\nc"|t:success'), {
    ...{ kind: 'event', title: 'ü', message: 'a|b\nc"', level: 'success' },
  })
  assert.deepEqual(recordOf(writeEvent, '_e{1,0}:t|'), { kind: 'event', title: 't', message: '' })
  assert.deepEqual(
    recordOf(writeCheck, '_sc|Redis connection|2|d:1767225600|h:db|#env:dev|m:timed out | m\\: after\\n10 s'),
    {
      kind: 'service_check',
      check: 'Redis connection',
      status: 'critical',
      level: 'critical',
      message: 'timed out | m: after\n10 s',
      timestamp: '2026-01-01T00:00:00.000Z',
      host: 'db',
      tags: ['env:dev'],
    },
  )
  assert.deepEqual(recordOf(writeCheck, '_sc|a|3'), {
    ...{ kind: 'service_check', check: 'a', status: 'unknown', message: '' },
  })
})

test('what is no event and no service check is told so', () => {
  for (const text of [
    ...['_e{}', '_e{1,1}', '_e{1,1}:a', '_e{1,1}:a|', '_e{1,2}:a|b', '_e{1,1}:ab|c', '_e{1,1}:a|bc', '_e{0,1}:|b'],
    ...[
      '_e{-1,1}:a|b',
      '_e{1.5,1}:a|b',
      '_e{1,99999999}:a|b',
      '_e{1,999999999999}:a|b',
      '_e{1,1}:a|b|d:x',
      '_e{1 ,1}:a|b',
    ],
  ]) {
    assert.equal(recordOf(writeEvent, text), undefined, text)
  }
  for (const text of ['_sc|', '_sc|a', '_sc|a|', '_sc||0', '_sc|a|4', '_sc|a|00', '_sc|a|x', '_sc|a|1|d:-5']) {
    assert.equal(recordOf(writeCheck, text), undefined, text)
  }
})
