import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { textFormat } from '#codecs/text/format.ts'
import { allocate, type Bytes } from '#std/bytes.ts'
import { BLOCK_RECORDS_MAX, Block } from '#telemetry/block.ts'
import { countElements, unpackArray } from './array.ts'
import { countLines, splitLines } from './lines.ts'

const SEED = 20260105
const context = { source: 'test', arrivalMs: 0, truncated: false, format: textFormat }

/**
 * `whole`: the block is filled with just what is to be divided, as the engine does it; then lines may be found in its text, at
 * least if that was `expected`.
 */
function linesOf(bytes: Bytes, whole = true, expected = true): string[] {
  const block = new Block()
  const records: string[] = []
  for (let at = 0; at < bytes.length; ) {
    const from = at
    block.fill(bytes, at, bytes.length, context)
    if (!whole) block.from--
    block.textExpected = expected
    at = splitLines(block, bytes, at, bytes.length)
    block.from = from
    block.to = at
    assert.equal(block.text(), bytes.toString('latin1', from, at))
    for (let i = 0; i < block.count; i++) records.push(block.recordBytes(i).toString('latin1'))
  }
  return records
}

/** The plain way: cut at each newline; a last empty piece is no record; one `\r` before the newline is none of it. */
function plainLines(text: string): string[] {
  const pieces = text.split('\n')
  const last = pieces.pop()!
  return [...pieces.map((piece) => piece.replace(/\r$/, '')), ...(last === '' ? [] : [last.replace(/\r$/, '')])]
}

test('lines are what cutting at each newline gives', () => {
  const piece = fc.constantFrom('a', 'bc', '', '\n', '\r\n', '\r', '\n\n', 'long line with words', 'é')
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
      const text = Buffer.from(pieces.join('')).toString('latin1')
      const bytes = Buffer.from(text, 'latin1')
      assert.deepEqual(linesOf(bytes), plainLines(text))
      assert.equal(countLines(bytes, 0, bytes.length), plainLines(text).length)
    }),
    { seed: SEED, numRuns: 500 },
  )
})

test('many short lines, and long ones among them, are found alike in bytes and in text', () => {
  const line = fc.oneof(
    { weight: 20, arbitrary: fc.string({ maxLength: 30 }) },
    fc.string({ minLength: 2000, maxLength: 5000 }),
    fc.constantFrom('', '\r', 'a\r'),
  )
  fc.assert(
    fc.property(fc.array(line, { minLength: 20, maxLength: 60 }), fc.boolean(), (lines, ended) => {
      const bytes = Buffer.from(lines.join('\n') + (ended ? '\n' : ''))
      const expected = plainLines(bytes.toString('latin1'))
      assert.deepEqual(linesOf(bytes, true), expected)
      assert.deepEqual(linesOf(bytes, true, false), expected)
      assert.deepEqual(linesOf(bytes, false), expected)
    }),
    { seed: SEED, numRuns: 200 },
  )
})

test('more lines than a block holds go on in the next', () => {
  const lines = Array.from({ length: BLOCK_RECORDS_MAX + 10 }, (_, i) => String(i))
  assert.deepEqual(linesOf(Buffer.from(`${lines.join('\n')}\n`)), lines)
})

test('text is expected after it was asked for, not after framing used it', () => {
  const bytes = Buffer.from('a\nb\n')
  const block = new Block()
  const next = () => {
    block.fill(bytes, 0, bytes.length, context)
    splitLines(block, bytes, 0, bytes.length)
    return block.textExpected
  }
  assert.equal(next(), false)
  assert.equal(next(), false)
  block.text()
  assert.equal(next(), true)
  assert.equal(next(), false)
})

test('the search keeps to its range', () => {
  const bytes = Buffer.from('before\nab\ncd\nbehind\n')
  const block = new Block()
  block.fill(bytes, 7, 13, context)
  assert.equal(splitLines(block, bytes, 7, 13), 13)
  assert.deepEqual([block.recordText(0), block.recordText(1), block.count], ['ab', 'cd', 2])
  assert.equal(countLines(bytes, 7, 13), 2)
})

/** As in the intake, other bytes stand before and behind the array; none of them may count. */
function unpack(text: string, recordsMax = BLOCK_RECORDS_MAX, behind = ']') {
  const before = Buffer.from('[0,')
  const bytes = Buffer.concat([before, Buffer.from(text), Buffer.from(behind)])
  const from = before.length
  const to = bytes.length - Buffer.byteLength(behind)
  const records: string[] = []
  let malformed = 0
  let multiline = false
  for (let at = from, done = false; !done; ) {
    const target = allocate(to - at).fill(0xee)
    const block = new Block()
    block.fill(target, 0, 0, context)
    const part = unpackArray(block, bytes, at, to, target, recordsMax)
    for (let i = 0; i < block.count; i++) {
      records.push(block.recordText(i))
      assert.equal(block.bytes[block.ends[i]!], 0x0a, 'a newline behind each')
    }
    if (block.count > 0) assert.equal(block.to, block.ends[block.count - 1]! + 1)
    assert.equal(
      block.selectedBytes,
      Array.from({ length: block.count }, (_, i) => block.ends[i]! - block.starts[i]!).reduce((a, b) => a + b, 0),
    )
    assert.ok(part.malformedBytes >= 0)
    malformed += part.malformedBytes
    multiline ||= block.multiline
    assert.ok(block.count <= recordsMax)
    done = part.done
    at = part.end
  }
  assert.deepEqual(countElements(bytes, from, to), {
    records: records.length + (malformed > 0 ? 1 : 0),
    bytes: records.reduce((sum, record) => sum + Buffer.byteLength(record), malformed),
  })
  return { records, malformed, multiline }
}

test('elements of a JSON array keep their bytes', () => {
  fc.assert(
    fc.property(
      fc.array(fc.jsonValue(), { maxLength: 12 }),
      fc.constantFrom(undefined, 1, '\t'),
      fc.integer({ min: 1, max: 4 }),
      (values, indent, most) => {
        const text = JSON.stringify(values, null, indent)
        const { records, malformed } = unpack(text, most)
        assert.deepEqual(
          records.map((record) => JSON.parse(record)),
          JSON.parse(text),
        )
        for (const record of records) assert.ok(text.includes(record))
        assert.equal(malformed, 0)
      },
    ),
    { seed: SEED, numRuns: 300 },
  )
})

test('what is no array any more is told in bytes, and what came before is kept', () => {
  const cases: [string, string[]][] = [
    ['[1,2', ['1']],
    ['[1 2]', ['1']],
    ['["a\\"]', []],
    ['[1,]', ['1']],
    ['[,1]', []],
    ['[{"a":1}}]', ['{"a":1}']],
    ['[1]x', ['1']],
    ['[', []],
    ['[1', []],
    ['[1,', ['1']],
    ['["a"', ['"a"']],
    ['[{"a":[1', []],
    ['[1"a"]', []],
    ['[1{}]', []],
    ['[{}}]', ['{}']],
    ['[[]]]', ['[]']],
    ['["a\\', []],
    ['{"a":1}', []],
    ['', []],
  ]
  for (const [text, expected] of cases) {
    for (const behind of [']', ',1]', '"]', '}]', '\n', '']) {
      const { records, malformed } = unpack(text, BLOCK_RECORDS_MAX, behind)
      assert.deepEqual(records, expected, text)
      assert.ok(malformed > 0, `${text} is malformed`)
    }
  }
  assert.deepEqual(unpack(' [ ] '), { records: [], malformed: 0, multiline: false })
})

test('only a line end inside an element makes the block multiline', () => {
  const cases: [string, boolean][] = [
    ['[\n1,\n{"a":2}\n]\n', false],
    ['[1,2]', false],
    ['[1,{\n"a":2}]', true],
    ['[\n{"a":2,\n"b":3},\n4]', true],
    ['[\n1\n,\n2,["\n"]]', true],
  ]
  for (const [text, expected] of cases) assert.equal(unpack(text).multiline, expected, text)
})

test('no text at all makes it throw, run on, or miscount', () => {
  const text = fc.string({ unit: fc.constantFrom(...'[]{},"\\:a1 \n'), maxLength: 30 })
  fc.assert(
    fc.property(
      text,
      fc.string({ unit: fc.constantFrom(...'[],"}'), maxLength: 3 }),
      fc.nat(3),
      (inner, behind, most) => {
        const alone = unpack(`[${inner}`, most + 1, '')
        assert.deepEqual(unpack(`[${inner}`, most + 1, behind), alone)
        assert.deepEqual(unpack(`[${inner}`, BLOCK_RECORDS_MAX, behind).records, alone.records)
      },
    ),
    { seed: SEED, numRuns: 3000 },
  )
})
