/** Against Node's Buffer, on seeded random bytes and texts. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as twin from './bytes.browser.ts'
import * as node from './bytes.ts'
import { randomFrom } from './random.ts'

const ROUNDS = 3000
const SEED = 20260101
const random = randomFrom(SEED)
const below = (limit: number) => Math.floor(random() * limit)
const pick = <Item>(items: readonly Item[]): Item => items[below(items.length)]!

/** Pieces of UTF-8, whole, cut, overlong, surrogates and beyond the end. */
const PIECES = [
  'plain text 0123',
  'größer',
  '日本語',
  '🙂',
  '\ufeff',
  '\u0000',
  '\r\n',
  [0xff],
  [0xc0, 0x80],
  [0xe2, 0x82],
  [0xf0, 0x9f, 0x99],
  [0xed, 0xa0, 0x80],
  [0xf4, 0x90, 0x80, 0x80],
  [0x80],
  [0xf8, 0x88],
].map((piece) => (typeof piece === 'string' ? node.fromText(piece) : Uint8Array.from(piece)))

const TEXTS = ['abc', 'ö', '日', '🙂', '\ud83d', '\ude42', '\ufeff', '\u0000', '\u00ff', '\u0100', ' ']

function randomBytes(): Uint8Array {
  return node.concat(Array.from({ length: below(12) }, () => pick(PIECES)))
}

function randomText(): string {
  return Array.from({ length: below(12) }, () => pick(TEXTS)).join('')
}

/** The same bytes as both kinds. */
function both(bytes: Uint8Array): [twin.Bytes, node.Bytes] {
  return [twin.viewOf(Uint8Array.from(bytes)), node.viewOf(Uint8Array.from(bytes))]
}

function assertSame(actual: Uint8Array, expected: Uint8Array, what: string): void {
  assert.equal(Buffer.from(actual).toString('hex'), Buffer.from(expected).toString('hex'), `${what}, seed ${SEED}`)
}

test('bytes become the same text, and are judged the same', () => {
  for (let round = 0; round < ROUNDS; round++) {
    const [a, b] = both(randomBytes())
    const from = below(a.length + 1)
    const to = from + below(a.length - from + 1)
    const what = `${b.toString('hex')} [${from}, ${to})`
    for (const encoding of ['utf8', 'latin1', 'hex', 'base64'] as const) {
      assert.equal(a.toString(encoding, from, to), b.toString(encoding, from, to), `${encoding} of ${what}`)
      assert.equal(a.toString(encoding, from), b.toString(encoding, from), `${encoding} of ${what}`)
    }
    assert.equal(a.toString(), b.toString())
    assert.equal(twin.utf8(a, from, to), node.utf8(b, from, to), what)
    assert.equal(twin.latin1(a, from, to), node.latin1(b, from, to), what)
    assert.equal(twin.toBase64(a, from, to), node.toBase64(b, from, to), what)
    assert.equal(twin.isUtf8(a, from, to), node.isUtf8(b, from, to), what)
    assert.equal(twin.isAscii(a, from, to), node.isAscii(b, from, to), what)
    const byte = below(256)
    assert.equal(twin.indexOfByte(a, byte, from, to), node.indexOfByte(b, byte, from, to))
    assert.equal(twin.countByte(a, 0x80, from, to), node.countByte(b, 0x80, from, to))
    assert.equal(a.indexOf(byte, from), b.indexOf(byte, from))
    assert.equal(a.lastIndexOf(byte, to), b.lastIndexOf(byte, to))
    assert.equal(a.includes(byte), b.includes(byte))
    assertSame(a.subarray(from, to), b.subarray(from, to), 'subarray')
    assert.ok(a.subarray(from, to) instanceof twin.Bytes)
  }
})

test('text becomes the same bytes, lone surrogates and short room included', () => {
  for (let round = 0; round < ROUNDS; round++) {
    const text = randomText()
    assertSame(twin.fromText(text), node.fromText(text), JSON.stringify(text))
    assertSame(twin.latin1ToBytes(text), node.latin1ToBytes(text), JSON.stringify(text))
    assert.equal(twin.utf8Length(text), node.utf8Length(text))
    const raw = node.latin1(node.viewOf(randomBytes()), 0, 5)
    assert.equal(twin.fromLatin1(raw), node.fromLatin1(raw))
    const [a, b] = both(new Uint8Array(below(16)))
    const at = below(a.length + 1)
    assert.equal(twin.writeUtf8(a, text, at), node.writeUtf8(b, text, at), JSON.stringify(text))
    assertSame(a, b, 'writeUtf8')
    assert.equal(twin.writeLatin1(a, text, at), node.writeLatin1(b, text, at))
    assertSame(a, b, 'writeLatin1')
  }
})

test('base64 is read as far as it is base64', () => {
  const letters = ['A', 'b', '9', '+', '/', '-', '_', ' ', '\n', '!', 'é', 'Ā', '日', '='] as const
  for (let round = 0; round < ROUNDS; round++) {
    const bytes = node.viewOf(randomBytes())
    assertSame(twin.fromBase64(bytes.toString('base64')), bytes, 'base64')
    assertSame(twin.fromBase64(bytes.toString('base64url')), bytes, 'base64url')
    const text = Array.from({ length: below(12) }, () => (random() < 0.7 ? 'YWJj'[below(4)]! : pick(letters))).join('')
    assertSame(twin.fromBase64(text), node.fromBase64(text), JSON.stringify(text))
  }
})

test('bytes are copied, put together and compared the same', () => {
  for (let round = 0; round < ROUNDS; round++) {
    const [a, b] = both(randomBytes())
    const [other, otherB] = both(random() < 0.3 ? a : randomBytes())
    const from = below(a.length + 1)
    const to = from + below(a.length - from + 1)
    const at = below(other.length + 1)
    assert.equal(a.compare(other), b.compare(otherB))
    assert.equal(a.compare(other, 0, at, from, to), b.compare(otherB, 0, at, from, to))
    assert.equal(a.equals(other), b.equals(otherB))
    assertSame(twin.concat([a, other, a]), node.concat([b, otherB, b]), 'concat')
    assert.equal(a.copy(other, at, from, to), b.copy(otherB, at, from, to))
    assertSame(other, otherB, 'copy')
    if (at + to - from <= other.length) {
      twin.copyBytes(a, from, to, other, at)
      node.copyBytes(b, from, to, otherB, at)
      assertSame(other, otherB, 'copyBytes')
    }
    // Onto itself.
    assert.equal(a.copy(a, 1, 0, to), b.copy(b, 1, 0, to))
    assertSame(a, b, 'copy onto itself')
  }
})

const READS = [
  ['readInt8', 1],
  ['readInt16BE', 2],
  ['readInt32BE', 4],
  ['readInt32LE', 4],
  ['readUInt16BE', 2],
  ['readUInt32BE', 4],
  ['readUInt32LE', 4],
  ['readBigInt64BE', 8],
  ['readBigInt64LE', 8],
  ['readBigUInt64BE', 8],
  ['readBigUInt64LE', 8],
  ['readFloatBE', 4],
  ['readDoubleBE', 8],
  ['readDoubleLE', 8],
] as const

test('numbers are read and written the same, and not outside', () => {
  for (let round = 0; round < ROUNDS; round++) {
    const [a, b] = both(Uint8Array.from({ length: 24 }, () => below(256)))
    for (const [name, length] of READS) {
      const at = below(24 - length + 1)
      assert.deepEqual(a[name](at), b[name](at), name)
      assert.throws(() => a[name](24 - length + 1), RangeError)
      assert.throws(() => a[name](-1), RangeError)
    }
    const length = 1 + below(6)
    const at = below(16)
    assert.equal(a.readUIntLE(at, length), b.readUIntLE(at, length))
    const value = below(2 ** 8) + below(2 ** 8) * 2 ** 8
    const big = BigInt(below(2 ** 31)) * BigInt(below(2 ** 31))
    assert.equal(
      a.writeUIntLE(value, at, length + 1 > 6 ? 6 : length + 1),
      b.writeUIntLE(value, at, length + 1 > 6 ? 6 : length + 1),
    )
    assert.equal(a.writeUInt16BE(value, at), b.writeUInt16BE(value, at))
    assert.equal(a.writeUInt16LE(value, at + 1), b.writeUInt16LE(value, at + 1))
    assert.equal(a.writeUInt32LE(value * 65_536, at), b.writeUInt32LE(value * 65_536, at))
    assert.equal(a.writeInt32LE(-value * 32_768, at), b.writeInt32LE(-value * 32_768, at))
    assert.equal(a.writeBigInt64LE(-big, at), b.writeBigInt64LE(-big, at))
    assert.equal(a.writeBigUInt64LE(big, at), b.writeBigUInt64LE(big, at))
    assert.equal(a.writeDoubleLE(random() * 1e300, 3), b.writeDoubleLE(a.readDoubleLE(3), 3))
    assertSame(a, b, 'numbers')
  }
})
