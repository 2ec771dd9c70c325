import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { groupsOf } from '#codecs/grouped/grouped.ts'
import { fieldsOf } from '#codecs/protobuf/wire.ts'
import { allocate, fromText, utf8 } from '#std/bytes.ts'
import { blockOf } from '#test/support/outputs.ts'
import { formatLabels, parseJsonLabels, parseLabels } from './labels.ts'
import { ENTRY_TIME_BYTES, type LokiFormat, loki } from './loki.ts'

const SEED = 20260106
const FORMATS: LokiFormat[] = ['protobuf', 'json']

const OPTIONS = {
  labels: { job: 'x', zone: '"\u0001' },
  label_fields: { service: 'service', a: 'a', deep: 'n/k', all: 'message' },
  structured_metadata: { trace: 'trace_id', a: 'a', text: 'message' },
}

const value = fc.oneof(fc.string({ unit: 'binary' }), fc.integer(), fc.boolean(), fc.constant(null))
const object = fc.dictionary(fc.constantFrom('service', 'a', 'n', 'message', 'trace_id', 'ts', 'k'), value)
const record = fc.oneof(
  fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
  fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes.map((byte) => byte % 0x20))),
  object.map((members) => fromText(JSON.stringify(members))),
  fc.tuple(object, object).map(([members, n]) => fromText(JSON.stringify({ ...members, n }))),
)

function encode(format: LokiFormat, records: Buffer[]) {
  const encoder = loki.create({ format, ...OPTIONS })
  const block = blockOf(records)
  const bound = encoder.sizeMax(block)
  const bytes = allocate(bound + 64).fill(0xee)
  const ends = new Int32Array(records.length)
  const end = encoder.encode(block, bytes, 0, ends, 0)
  assert.ok(end <= bound, `${end} bytes are more than the bound ${bound}`)
  if (records.length > 0) assert.equal(ends.at(-1), end)
  return { bytes: bytes.subarray(0, end), ends, records: records.length, bound }
}

for (const format of FORMATS) {
  test(`loki (${format}): keeps to its bound, and every line comes through, whatever it holds`, () => {
    fc.assert(
      fc.property(fc.array(record, { maxLength: 8 }), (records) => {
        const batch = encode(format, records)
        const lines: string[] = []
        for (const { key, records: indices, from, to } of groupsOf(batch)) {
          const labels = format === 'json' ? parseJsonLabels(utf8Of(key)) : parseLabels(utf8Of(key))
          assert.equal(labels.get('job'), 'x')
          assert.equal(labels.get('zone'), '"\u0001')
          indices.forEach((index, i) => {
            lines[index] = lineOf(format, batch.bytes, from[i]! + ENTRY_TIME_BYTES, to[i]!)
          })
        }
        assert.deepEqual(
          lines,
          records.map((bytes) => bytes.toString()),
        )
      }),
      { seed: SEED, numRuns: 300 },
    )
  })

  test(`loki (${format}): values that are too long are cut, and a label set never outgrows its key`, () => {
    const long = '\u0001'.repeat(12_000)
    const { bytes, ends, records } = encode(format, [
      fromText(JSON.stringify({ service: long, a: long, n: { k: long }, message: long, trace_id: long })),
      Buffer.alloc(100_000, 1),
      Buffer.alloc(100_000, 0xff),
    ])
    assert.equal(groupsOf({ bytes, ends, records }).length, 3)
  })

  test(`loki (${format}): a large record does not ask for several times its room`, () => {
    const large = fromText(JSON.stringify({ text: 'x'.repeat(3 * 1024 * 1024) }))
    assert.ok(encode(format, [large]).bound < 1.1 * large.length)
    encode(format, [Buffer.alloc(1024 * 1024, Buffer.from([0, 0xff, 0x22, 0x61]))])
  })
}

test('label sets read back as what they were written from', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.stringMatching(/^[a-z_][a-z0-9_]{0,9}$/), fc.string({ unit: 'binary' })), (labels) => {
      const kept = Object.entries(labels).filter(([, text]) => text !== '')
      const wellFormed = kept.map(([name, text]) => [name, text.toWellFormed()] as const)
      assert.deepEqual([...parseLabels(formatLabels(kept))], wellFormed)
    }),
    { seed: SEED },
  )
  assert.deepEqual(
    [...parseLabels(String.raw`{a="\x41\u00e9\U0001F600\a", b="{\"}, c='"}`)],
    [
      ['a', 'Aé😀\x07'],
      ['b', `{"}, c='`],
    ],
  )
})

function lineOf(format: LokiFormat, bytes: Buffer, from: number, to: number): string {
  if (format === 'json') return (JSON.parse(utf8(bytes, from, to - 1)) as [string, string])[1]
  const [entry] = [...fieldsOf(bytes, from, to)]
  assert.equal(entry?.to, to)
  const line = [...fieldsOf(bytes, entry!.from, entry!.to)].find(({ field }) => field === 2)!
  return utf8(bytes, line.from, line.to)
}

function utf8Of(key: string): string {
  return Buffer.from(key, 'latin1').toString()
}
