/** What tests of one encoder need: any records at all, and its bytes with a guard around them. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { allocate, type Bytes } from '#std/bytes.ts'
import type { Block } from '#telemetry/block.ts'
import type { Encoder } from '#telemetry/encoder.ts'

const GUARD_BYTES = 16
const GUARD = 0xee

/** Records of any bytes, some of them JSON with names and values that mean something to `names`. */
export function anyRecords(names: readonly string[]): fc.Arbitrary<Bytes[]> {
  const value = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 300 }),
    fc.constantFrom<unknown>(
      '',
      null,
      0,
      -1.5,
      1e300,
      'ERROR',
      30,
      '2026-01-31T08:15:30.123456789Z',
      {},
      { name: 'x' },
    ),
    fc.jsonValue({ maxDepth: 2 }),
    fc.constant('"\\]\u0000\n\u{1f600}'.repeat(60)),
  )
  const key = fc.oneof(fc.constantFrom(...names), fc.string({ maxLength: 8 }))
  const object = fc.dictionary(key, value).map((members) => Buffer.from(JSON.stringify(members)))
  const pretty = fc.dictionary(key, value).map((members) => Buffer.from(JSON.stringify(members, null, 1)))
  const text = fc.string({ unit: 'binary' }).map((content) => Buffer.from(content))
  const bytes = fc.uint8Array({ maxLength: 40 }).map((content) => Buffer.from(content))
  return fc.array(fc.oneof(object, pretty, text, bytes), { maxLength: 8 })
}

/** Each record as written, separators included. Fails when the encoder writes past its bound or in front of it. */
export function encodeWithin(encoder: Encoder, block: Block): Buffer[] {
  const bound = encoder.sizeMax(block)
  const target = allocate(GUARD_BYTES + bound + GUARD_BYTES).fill(GUARD)
  const ends = new Int32Array(block.selected + 1).fill(-1)
  const end = encoder.encode(block, target, GUARD_BYTES, ends, 1)
  assert.ok(end <= GUARD_BYTES + bound, `${end - GUARD_BYTES} bytes are more than the bound ${bound}`)
  assert.ok(target.subarray(0, GUARD_BYTES).every((byte) => byte === GUARD))
  assert.ok(target.subarray(GUARD_BYTES + bound).every((byte) => byte === GUARD))
  ends[0] = 0
  return Array.from({ length: block.selected }, (_, i) =>
    target.subarray(GUARD_BYTES + ends[i]!, GUARD_BYTES + ends[i + 1]!),
  )
}
