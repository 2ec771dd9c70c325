import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { groupsOf } from '#codecs/grouped/grouped.ts'
import { allocate, type Bytes } from '#std/bytes.ts'
import type { Block } from '#telemetry/block.ts'
import { blockOf } from '#test/support/outputs.ts'
import { arrivalMsAt, type PartitionedOptions, partitioned, STAMP_BYTES } from './partitioned.ts'
import { templateBytesMax, templateProblem } from './template.ts'

const SEED = 20260107
const GUARD = 16
const ARRIVAL = Date.UTC(2026, 0, 2, 3, 4, 5)
const defaults = { use: 'path', missing: 'unknown', time: 'event', format: 'text' } as const

/** The names and texts that come out, and all bytes. */
function encode(block: Block, options: Partial<PartitionedOptions> & { template: string }) {
  const encoder = partitioned.create({ ...defaults, ...options })
  const bound = encoder.sizeMax(block)
  const target = allocate(GUARD + bound + GUARD).fill(0xee)
  const ends = new Int32Array(block.selected + 2).fill(-1)
  const end = encoder.encode(block, target, GUARD, ends, 1)
  assert.ok(end <= GUARD + bound, `${end - GUARD} bytes are more than the bound ${bound}`)
  assert.ok(target.subarray(GUARD + bound).every((byte) => byte === 0xee))
  assert.equal(ends[0], -1)
  assert.equal(ends[block.selected + 1], -1)
  const bytes: Bytes = target.subarray(GUARD, end)
  const groups = groupsOf({ bytes, ends: ends.subarray(1), records: block.selected })
  const records: { name: string; text: string; stamp: string }[] = []
  for (const { key, records: indices, from, to } of groups) {
    indices.forEach((record, i) => {
      const at = from[i]! + STAMP_BYTES
      const stamp = bytes.toString('hex', from[i]!, at)
      records[record] = { name: key, text: bytes.toString('utf8', at, to[i]!), stamp }
      assert.equal(arrivalMsAt(bytes, from[i]!), block.context.arrivalMs)
    })
  }
  return { records, names: records.map(({ name }) => name), bound, bytes }
}

const named = (template: string, record: string, options: Partial<PartitionedOptions> = {}) =>
  encode(blockOf([record], { arrivalMs: ARRIVAL, source: 'tcp:1' }), { template, ...options }).names[0]

test('a template takes its values from the record, its time and its source', () => {
  const record = JSON.stringify({
    timestamp: '2026-03-04T23:59:59.9+01:00',
    level: 40,
    service: 'check/out',
    'service.version': 7,
    kubernetes: { labels: { app: 'shop é' } },
    attributes: { region: 'eu' },
  })
  const cases: [string, string][] = [
    ['logs/{service}/{yyyy}/{MM}/{dd}/{HH}/{mm}', 'logs/check_out/2026/03/04/22/59'],
    ['{level}-{source}', 'warn-tcp_1'],
    ['v={service.version}/{kubernetes/labels/app}/{region}', 'v=7/shop__/eu'],
    ['{host}/{kubernetes}/{nothing/there}', 'unknown/unknown/unknown'],
    ['all', 'all'],
  ]
  for (const [template, expected] of cases) assert.equal(named(template, record), expected)
  assert.equal(named('{yyyy}/{MM}/{dd}/{HH}', record, { time: 'arrival' }), '2026/01/02/03')
  assert.equal(named('{yyyy}/{service}/{level}/{app}', 'no JSON'), '2026/unknown/unknown/unknown')
})

test('values are made safe for where they stand', () => {
  const cases: [string, string, string][] = [
    ['..', '_.', '__'],
    ['../../etc/passwd', '_._.._etc_passwd', '______etc_passwd'],
    ['a.b*c>d e', 'a.b_c_d_e', 'a_b_c_d_e'],
    ['$SYS', '_SYS', '_SYS'],
    ['a\n\u0000"\\b', 'a____b', 'a____b'],
    ['日本', '__', '__'],
    ['', 'unknown', 'unknown'],
    ['x'.repeat(1000), 'x'.repeat(100), 'x'.repeat(100)],
  ]
  for (const [value, path, subject] of cases) {
    for (const member of ['service', 'other']) {
      const record = JSON.stringify({ [member]: value })
      assert.equal(named(`a/{${member}}`, record), `a/${path}`)
      assert.equal(named(`a.{${member}}`, record, { use: 'subject' }), `a.${subject}`)
    }
  }
  assert.equal(named('{service}', '{"service":null}'), 'unknown')
  assert.equal(named('{other}', '{"other":null}'), 'unknown')
  assert.equal(named('{other}', '{"other":true}'), 'true')
})

test('templates that could lead anywhere are refused, with the reason', () => {
  const problem = (template: string, use: 'path' | 'subject' = 'path') => templateProblem(template, use, 'none', 400)
  for (const good of ['logs', 'a/{service}/{dd}', 'dt={yyyy}-{MM}-{dd}/{level}', '{a}{b}.{c}'])
    assert.equal(problem(good), undefined, good)
  assert.equal(problem('logs.{service}.{level}', 'subject'), undefined)
  const bad: [string, RegExp, ('path' | 'subject')?][] = [
    ['', /empty part/],
    ['/a', /empty part/],
    ['a//b', /empty part/],
    ['a/', /empty part/],
    ['a/../b', /\. or \.\./],
    ['a/./b', /\. or \.\./],
    ['a b', /not safe/],
    ['a.*', /not safe/, 'subject'],
    ['a.>', /not safe/, 'subject'],
    ['a..b', /empty part/, 'subject'],
    ['a/b', /not safe/, 'subject'],
    ['{', /without its pair/],
    ['a}', /without its pair/],
    ['{}', /without a field/],
    ['{a b}', /without a field/],
    ['{a}{b}{c}{d}{e}', /500 bytes/],
    ['x'.repeat(600), /longer than/],
  ]
  for (const [template, reason, use] of bad) assert.match(problem(template, use) ?? '', reason, template)
})

test('each record has a stamp of its own, with every encoder', () => {
  const block = blockOf(['same', 'same', 'same'], { arrivalMs: ARRIVAL })
  block.drop(1)
  const stamps = [1, 2].flatMap(() => encode(block, { template: 'a' }).records.map(({ stamp }) => stamp))
  assert.equal(new Set(stamps).size, 4)
})

test('ndjson is one object a line', () => {
  const pretty = JSON.stringify({ a: 1 }, null, 2)
  const { records } = encode(blockOf(['plain "text"', pretty]), { template: '{service}', format: 'ndjson' })
  assert.equal(records[0]!.text, '{"message":"plain \\"text\\""}\n')
  assert.deepEqual(JSON.parse(records[1]!.text), { a: 1 })
  assert.equal(records[1]!.text.indexOf('\n'), records[1]!.text.length - 1)
})

test('names and bounds hold, and nothing is lost, whatever the records are', () => {
  const value = fc.oneof(fc.string({ unit: 'binary' }), fc.integer(), fc.constant('..'), fc.jsonValue())
  const record = fc.oneof(
    fc
      .record({ service: value, level: value, host: value, other: value }, { requiredKeys: [] })
      .map((r) => JSON.stringify(r)),
    fc.string(),
    fc.uint8Array({ maxLength: 30 }),
  )
  const clean = (bytes: string | Uint8Array) =>
    Buffer.from(bytes).map((byte) => (byte === 10 || byte === 13 ? 32 : byte))
  const templates = ['{service}', 'a/{service}/{other}/{level}{host}/{yyyy}{MM}{dd}/{source}', 'k', '{yyyy}', '{level}']
  fc.assert(
    fc.property(
      fc.array(fc.record({ bytes: record, kept: fc.boolean() }), { maxLength: 10 }),
      fc.constantFrom(...templates),
      fc.constantFrom('path' as const, 'subject' as const),
      fc.constantFrom('ndjson' as const, 'text' as const),
      (parts, pathTemplate, use, format) => {
        const template = use === 'path' ? pathTemplate : pathTemplate.replaceAll('/', '.')
        const block = blockOf(parts.map(({ bytes }) => Buffer.from(clean(bytes))))
        for (const [i, { kept }] of parts.entries()) if (!kept) block.drop(i)
        const kept = parts.filter((part) => part.kept)
        const { records } = encode(block, { template, use, format })
        assert.equal(records.length, kept.length)
        for (const [i, { name, text }] of records.entries()) {
          if (format === 'text') assert.equal(text, `${Buffer.from(clean(kept[i]!.bytes)).toString()}\n`)
          else JSON.parse(text)
          assert.ok(name.length <= templateBytesMax(template, 'unknown'))
          assert.match(name, use === 'path' ? /^[\w.-]+(\/[\w.-]+)*$/ : /^[\w-]+(\.[\w-]+)*$/)
          assert.ok(!name.split('/').some((step) => step === '.' || step === '..'))
        }
      },
    ),
    { seed: SEED, numRuns: 400 },
  )
})

test('a large record does not ask for several times its room', () => {
  const large = JSON.stringify({ service: 'x'.repeat(3 * 1024 * 1024) })
  const { bound, records } = encode(blockOf([large, large]), { template: '{service}', format: 'ndjson' })
  assert.ok(bound < 1.01 * 2 * large.length)
  assert.deepEqual(
    records.map(({ text }) => text),
    [`${large}\n`, `${large}\n`],
  )
})
