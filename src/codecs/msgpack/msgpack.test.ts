import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decode, encode } from '@msgpack/msgpack'
import fc from 'fast-check'
import { JsonLinesWriter } from '#codecs/json/lines-writer.ts'
import { textFormat } from '#codecs/text/format.ts'
import { type Bytes, viewOf } from '#std/bytes.ts'
import { Block } from '#telemetry/block.ts'
import { Examiner } from './examine.ts'
import { Head, MALFORMED, PARTIAL, readHead } from './head.ts'
import { JsonOfMsgpack } from './json.ts'
import { DEPTH_MAX, skipValue, TOO_LARGE, ValueScanner } from './scanner.ts'

const SEED = 20_261_121
const CONTEXT = { source: '', arrivalMs: 0, truncated: false, format: textFormat }

function jsonOf(bytes: Bytes): string | undefined {
  const { end, superseded } = new Examiner().examine(bytes, 0, bytes.length)
  if (end === -1) return undefined
  const block = new Block()
  const writer = new JsonLinesWriter()
  writer.begin(block, CONTEXT)
  const json = new JsonOfMsgpack(writer, bytes)
  json.begin(bytes, end, superseded)
  assert.equal(json.value(0), end)
  writer.endRecord()
  return block.recordText(0)
}

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex')
const value = fc.letrec((tie) => ({
  any: fc.oneof(
    { maxDepth: 6, withCrossShrink: true },
    fc.constantFrom(null, true, false, 0, -1, 127, 128, -32, -33, 65535, 65536, 2 ** 32, -(2 ** 31) - 1, 2 ** 53 - 1),
    fc.integer(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.string({ unit: 'grapheme', maxLength: 300 }),
    fc.array(tie('any'), { maxLength: 40 }),
    fc.dictionary(fc.string({ unit: 'grapheme', maxLength: 40 }), tie('any'), { maxKeys: 40 }),
  ),
})).any

test(`every value that JSON has too comes out as it was (seed ${SEED})`, () => {
  fc.assert(
    fc.property(value, (given) => {
      const bytes = viewOf(encode(given))
      // -0 is 0 in JSON.
      assert.deepEqual(JSON.parse(jsonOf(bytes)!), JSON.parse(JSON.stringify(decode(bytes))))
    }),
    { seed: SEED, numRuns: 500 },
  )
})

test(`a scanner finds the end of a value however it is cut, and never before it is there (seed ${SEED})`, () => {
  fc.assert(
    fc.property(value, fc.integer({ min: 1, max: 17 }), (given, step) => {
      const bytes = viewOf(encode([given, given]))
      const padded = Buffer.concat([bytes, Buffer.from([0xc1])])
      const scanner = new ValueScanner(bytes.length)
      for (let to = 0; to < bytes.length; to += step) assert.equal(scanner.scan(padded, 0, to), PARTIAL)
      assert.equal(scanner.scan(padded, 0, padded.length), bytes.length)
      assert.equal(skipValue(padded, 0, padded.length), bytes.length)
      assert.equal(skipValue(bytes, 0, bytes.length - 1), -1)
    }),
    { seed: SEED, numRuns: 300 },
  )
})

test('every head of the spec is read', () => {
  const head = new Head()
  const cases: [string, Partial<Head>][] = [
    ['7f', { kind: 2, number: 127 }],
    ['e0', { kind: 2, number: -32 }],
    ['c0', { kind: 0 }],
    ['c2', { kind: 1, number: 0 }],
    ['c3', { kind: 1, number: 1 }],
    ['c4 ff', { kind: 5, length: 255 }],
    ['c5 ffff', { kind: 5, length: 65535 }],
    ['c6 ffffffff', { kind: 5, length: 2 ** 32 - 1 }],
    ['c7 05 ff', { kind: 8, length: 5, type: -1 }],
    ['c8 0105 00', { kind: 8, length: 261, type: 0 }],
    ['c9 00010000 7f', { kind: 8, length: 65536, type: 127 }],
    ['ca 3fc00000', { kind: 3, number: 1.5 }],
    ['cb 3ff8000000000000', { kind: 3, number: 1.5 }],
    ['cc ff', { kind: 2, number: 255 }],
    ['cd ffff', { kind: 2, number: 65535 }],
    ['ce ffffffff', { kind: 2, number: 2 ** 32 - 1 }],
    ['cf ffffffffffffffff', { kind: 2, exact: 2n ** 64n - 1n }],
    ['d0 80', { kind: 2, number: -128 }],
    ['d1 8000', { kind: 2, number: -32768 }],
    ['d2 80000000', { kind: 2, number: -(2 ** 31) }],
    ['d3 8000000000000000', { kind: 2, exact: -(2n ** 63n) }],
    ['d4 00', { kind: 8, length: 1, type: 0 }],
    ['d7 00', { kind: 8, length: 8, type: 0 }],
    ['d8 01', { kind: 8, length: 16, type: 1 }],
    ['d9 ff', { kind: 4, length: 255 }],
    ['da ffff', { kind: 4, length: 65535 }],
    ['db ffffffff', { kind: 4, length: 2 ** 32 - 1 }],
    ['dc 0102', { kind: 6, values: 258 }],
    ['dd ffffffff', { kind: 6, values: 2 ** 32 - 1 }],
    ['de 0102', { kind: 7, values: 516 }],
    ['df ffffffff', { kind: 7, values: 2 * (2 ** 32 - 1) }],
  ]
  for (const [text, expected] of cases) {
    const bytes = hex(text)
    assert.equal(readHead(bytes, 0, bytes.length, head), bytes.length, text)
    for (const [name, value] of Object.entries(expected)) assert.equal(head[name as keyof Head], value, text)
    for (let to = 0; to < bytes.length; to++) assert.equal(readHead(bytes, 0, to, head), PARTIAL, text)
  }
  assert.equal(readHead(hex('c1'), 0, 1, head), MALFORMED)
})

test('what JSON does not have becomes text, base64 or null', () => {
  const cases: [string, string][] = [
    ['cf ffffffffffffffff', '18446744073709551615'],
    ['cb 7ff0000000000000', 'null'],
    ['c4 03 616263', '"abc"'],
    ['c4 03 ff00fe', '"/wD+"'],
    ['c7 03 05 010203', '"AQID"'],
    ['a2 c328', '"\ufffd("'],
    ['82 01 02 c0 03', '{"1":2,"null":3}'],
    ['82 c3 a1 61 c4 01 62 a1 0a', '{"true":"a","b":"\\n"}'],
    ['90', '[]'],
    ['80', '{}'],
  ]
  for (const [text, expected] of cases) assert.equal(jsonOf(hex(text)), expected, text)
})

test('of members with one key the last counts, however the key is written and however many there are', () => {
  assert.equal(jsonOf(hex('83 a161 01 a162 02 a161 03')), '{"b":2,"a":3}')
  assert.equal(jsonOf(hex('83 a161 01 a161 02 a161 03')), '{"a":3}')
  assert.equal(jsonOf(hex('82 a131 01 01 02')), '{"1":2}')
  assert.equal(jsonOf(hex('82 a1ff 01 a1fe 02')), '{"\ufffd":2}')
  assert.equal(jsonOf(hex('81 a161 92 82 a162 01 a162 02 82 a162 03 a161 04')), '{"a":[{"b":2},{"b":3,"a":4}]}')
  const many = Array.from({ length: 60 }, (_, i) => i)
  const twice = Buffer.concat([
    hex('de 0078'),
    ...[...many, ...many].map((i, at) => Buffer.concat([encode(`k${i}`), encode(at)])),
  ])
  assert.deepEqual(JSON.parse(jsonOf(twice)!), Object.fromEntries(many.map((i) => [`k${i}`, i + 60])))
})

test('depth, and lengths that are not there, are refused before anything is set aside', () => {
  const deep = (levels: number) => Buffer.concat([Buffer.alloc(levels, 0x91), Buffer.from([0x01])])
  assert.equal(jsonOf(deep(DEPTH_MAX)), `${'['.repeat(DEPTH_MAX)}1${']'.repeat(DEPTH_MAX)}`)
  assert.equal(jsonOf(deep(DEPTH_MAX + 1)), undefined)
  assert.equal(new ValueScanner(1e9).scan(deep(DEPTH_MAX + 1), 0, DEPTH_MAX + 2), MALFORMED)
  for (const huge of ['dd ffffffff', 'df 7fffffff', 'db ffffffff', 'c9 ffffffff 00', '91 c6 00100000']) {
    const bytes = hex(huge)
    assert.equal(new ValueScanner(1024 * 1024).scan(bytes, 0, bytes.length), TOO_LARGE, huge)
    assert.equal(jsonOf(bytes), undefined, huge)
  }
  assert.equal(jsonOf(hex('81 90 01')), undefined)
})
