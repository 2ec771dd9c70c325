/** What every encoder must do: write what it says, keep to its bound, and lose nothing. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { textFormat } from '#codecs/text/format.ts'
import { registry } from '#registry.ts'
import { allocate } from '#std/bytes.ts'
import type { Block } from '#telemetry/block.ts'
import { Block as RealBlock } from '#telemetry/block.ts'
import type { Encoder } from '#telemetry/encoder.ts'

const SEED = 20260106
const GUARD = 16

/** Records with any bytes but line ends, some of them JSON, some dropped. */
const record = fc.oneof(
  fc.string().map((text) => Buffer.from(text.replace(/[\r\n]/g, ' '))),
  fc.jsonValue().map((value) => Buffer.from(JSON.stringify(value))),
  fc.dictionary(fc.string(), fc.jsonValue()).map((value) => Buffer.from(JSON.stringify(value))),
  fc
    .uint8Array({ maxLength: 20 })
    .map((bytes) => Buffer.from(bytes.map((byte) => (byte === 10 || byte === 13 ? 1 : byte)))),
)
const records = fc.array(fc.record({ bytes: record, kept: fc.boolean() }), { maxLength: 12 })

function blockOf(parts: { bytes: Buffer; kept: boolean }[], separator: string, truncated = false): Block {
  const block = new RealBlock()
  const bytes = Buffer.concat(parts.flatMap((part) => [part.bytes, Buffer.from(separator)]))
  block.fill(bytes, 0, bytes.length, { source: 'test', arrivalMs: 0, truncated, format: textFormat })
  let at = 0
  parts.forEach((part, i) => {
    block.addRecord(at, at + part.bytes.length)
    at += part.bytes.length + separator.length
    if (!part.kept) block.drop(i)
  })
  return block
}

/** The encoded records, each as its bytes with what the encoder put behind it. */
function encode(encoder: Encoder, block: Block): Buffer[] {
  const bound = encoder.sizeMax(block)
  const target = allocate(GUARD + bound + GUARD).fill(0xee)
  const ends = new Int32Array(block.selected + 2).fill(-1)
  const end = encoder.encode(block, target, GUARD, ends, 1)
  assert.ok(end <= GUARD + bound, `${end - GUARD} bytes are more than the bound ${bound}`)
  assert.equal(ends[0], -1)
  assert.equal(ends[block.selected + 1], -1)
  if (block.selected > 0) assert.equal(ends[block.selected], end - GUARD)
  assert.ok(target.subarray(0, GUARD).every((byte) => byte === 0xee))
  return Array.from({ length: block.selected }, (_, i) =>
    target.subarray(GUARD + (i === 0 ? 0 : ends[i]!), GUARD + ends[i + 1]!),
  )
}

/** Those that write records alone, whatever their options. The others have tests of their own. */
const alone = new Set(['text', 'ndjson', 'json_array'])
const encoders = registry.encoders.filter(({ name }) => alone.has(name)).map((definition) => definition.create({}))

for (const encoder of encoders) {
  for (const separator of ['\n', '\r\n', '\n\n']) {
    test(`${encoder.name}: writes each selected record, within its bound, with its end (${JSON.stringify(separator)})`, () => {
      fc.assert(
        fc.property(records, (parts) => {
          const block = blockOf(parts, separator)
          const kept = parts.filter((part) => part.kept)
          const encoded = encode(encoder, block)
          assert.equal(encoded.length, kept.length)
          for (const [i, bytes] of encoded.entries()) check(encoder.name, bytes, kept[i]!.bytes)
        }),
        { seed: SEED, numRuns: 200 },
      )
    })
  }
}

function check(name: string, encoded: Buffer, original: Buffer): void {
  const body = encoded.subarray(0, -1)
  assert.equal(encoded.at(-1), name === 'json_array' ? 0x2c : 0x0a)
  if (name === 'text') {
    assert.deepEqual(body, original)
    return
  }
  const value = JSON.parse(body.toString()) as Record<string, unknown>
  assert.ok(typeof value === 'object' && value !== null && !Array.isArray(value))
  assert.ok(!body.includes(0x0a), 'one line')
  const text = original.toString()
  let expected: unknown
  try {
    expected = JSON.parse(text)
  } catch {
    expected = undefined
  }
  const isObject = typeof expected === 'object' && expected !== null && !Array.isArray(expected)
  assert.deepEqual(value, isObject ? expected : { message: text })
}

test('a JSON record of several lines becomes one line that means the same', () => {
  const pretty = JSON.stringify({ a: [1, 2], text: 'x\ny' }, null, 2)
  const block = blockOf([{ bytes: Buffer.from(pretty), kept: true }], '\n')
  block.multiline = true
  const ndjson = encoders.find((encoder) => encoder.name === 'ndjson')!
  const [encoded] = encode(ndjson, block)
  assert.equal(encoded!.indexOf('\n'), encoded!.length - 1)
  assert.deepEqual(JSON.parse(encoded!.toString()), JSON.parse(pretty))
})

test('a piece of a line that was too long says so', () => {
  const block = blockOf([{ bytes: Buffer.from('half a'), kept: true }], '\n', true)
  const ndjson = encoders.find((encoder) => encoder.name === 'ndjson')!
  assert.equal(encode(ndjson, block)[0]!.toString(), '{"message":"half a","truncated":true}\n')
})

test('neighbours that are JSON keep their bytes, whatever stands between and beside them', () => {
  const bad = Buffer.concat([Buffer.from('{"a":"'), Buffer.from([0xff, 0xc3]), Buffer.from('"}')])
  const cases: [Buffer | string, string][] = [
    ['{"a":1}', '{"a":1}'],
    ['{ "b" : [ ] }', '{ "b" : [ ] }'],
    ['{"é":"é"}', '{"é":"é"}'],
    ['{"a":1}{"b":2}', '{"message":"{\\"a\\":1}{\\"b\\":2}"}'],
    ['{"a":1,\n\r\n"b":2}', '{"a":1,   "b":2}'],
    [bad, '{"a":"\ufffd\ufffd"}'],
    ['{"c":1}', '{"c":1}'],
    ['\u0000\t"\\/\u007f\u2028', '{"message":"\\u0000\\t\\"\\\\/\u007f\u2028"}'],
    [Buffer.from([0x61, 0x80, 0x0a]), '{"message":"a\ufffd\\n"}'],
    ['', '{"message":""}'],
    ['{"d":1}', '{"d":1}'],
  ]
  for (const encoder of encoders.filter(({ name }) => name !== 'text')) {
    for (const dropped of [-1, 0, 1, 6, 10]) {
      for (const multiline of [true, false]) {
        const used = multiline ? cases : cases.filter(([record]) => !Buffer.from(record).includes(0x0a))
        const block = blockOf(
          used.map(([record], i) => ({ bytes: Buffer.from(record), kept: i !== dropped })),
          '\n',
        )
        block.multiline = multiline
        const expected = used.filter((_, i) => i !== dropped).map(([, written]) => written)
        const separator = encoder.name === 'ndjson' ? '\n' : ','
        assert.deepEqual(
          encode(encoder, block).map(String),
          expected.map((written) => written + separator),
        )
      }
    }
  }
})

test('a large record does not ask for several times its room', () => {
  const large = JSON.stringify({ text: 'x'.repeat(3 * 1024 * 1024) })
  const block = blockOf([{ bytes: Buffer.from(large), kept: true }], '\n')
  for (const encoder of encoders) {
    assert.ok(encoder.sizeMax(block) < 1.01 * large.length, encoder.name)
    assert.equal(encode(encoder, block)[0]!.length, large.length + 1)
  }
  const hostile = blockOf([{ bytes: Buffer.alloc(1024 * 1024, Buffer.from([0, 0xff, 0x22, 0x61])), kept: true }], '\n')
  for (const encoder of encoders) encode(encoder, hostile)
})
