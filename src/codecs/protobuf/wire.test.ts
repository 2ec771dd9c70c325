import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import protobuf from 'protobufjs'
import {
  closeLength,
  fieldsOf,
  LENGTH_BYTES_MAX,
  varintBytes,
  writeNanoseconds,
  writeVarint,
  writeVarint64,
} from './wire.ts'

const SEED = 20260106

test('varints are what protobufjs reads, and as long as said', () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (small, large) => {
      const target = Buffer.alloc(20)
      const end = writeVarint(target, small, 0)
      assert.equal(end, varintBytes(small))
      assert.equal(String(protobuf.Reader.create(target).uint64()), String(small))
      const wide = Buffer.alloc(20)
      writeVarint64(wide, large, 0)
      assert.equal(String(protobuf.Reader.create(wide).int64()), String(large))
    }),
    { seed: SEED },
  )
})

test('nanoseconds keep every digit', () => {
  const time = fc.record({
    ms: fc.integer({ min: 0, max: 9_223_372_036_853 }),
    nanos: fc.integer({ min: 0, max: 999_999 }),
  })
  fc.assert(
    fc.property(time, ({ ms, nanos }) => {
      const target = Buffer.alloc(8)
      assert.equal(writeNanoseconds(target, ms, nanos, 0), 8)
      assert.equal(target.readBigUInt64LE(), BigInt(ms) * 1_000_000n + BigInt(nanos))
    }),
    { seed: SEED },
  )
})

test('a length that needs more room than one byte moves what it measures', () => {
  for (const length of [0, 1, 127, 128, 16_383, 16_384, 2_097_152]) {
    const target = Buffer.alloc(1 + length + LENGTH_BYTES_MAX).fill(0xee)
    target.fill(7, 1, 1 + length)
    const end = closeLength(target, 1, 1 + length)
    const read = Buffer.from(protobuf.Reader.create(target.subarray(0, end)).bytes())
    assert.ok(read.length === length && read.every((byte) => byte === 7))
  }
})

test('fields are read as far as the message is well-formed', () => {
  const whole = protobuf.Writer.create().uint32(8).uint32(300).uint32(17).fixed64(1).uint32(26).string('text').finish()
  const read = (bytes: Uint8Array) =>
    [...fieldsOf(Buffer.from(bytes), 0, bytes.length)].map(({ field, value, from, to }) => [field, value, from, to])
  const all = [
    [1, 300, 0, 0],
    [2, 0, 4, 12],
    [3, 0, 14, 18],
  ]
  assert.deepEqual(read(whole), all)
  for (let length = 0; length < whole.length; length++) {
    const found = read(whole.subarray(0, length))
    assert.deepEqual(found, all.slice(0, found.length))
  }
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => void read(bytes)),
    { seed: SEED },
  )
})
