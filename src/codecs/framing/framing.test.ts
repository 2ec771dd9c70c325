import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { allocate, type Bytes } from '#std/bytes.ts'
import { BLOCK_RECORDS_MAX, Block } from '#telemetry/block.ts'
import { countElements, unpackArray } from './array.ts'
import { countLines, splitLines } from './lines.ts'

const SEED = 20260105
const context = { source: 'test', arrivalMs: 0, truncated: false }

function linesOf(bytes: Bytes): string[] {
  const block = new Block()
  const records: string[] = []
  for (let at = 0; at < bytes.length; ) {
    block.fill(bytes, at, bytes.length, context)
    at = splitLines(block, bytes, at, bytes.length)
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

test('more lines than a block holds go on in the next', () => {
  const lines = Array.from({ length: BLOCK_RECORDS_MAX + 10 }, (_, i) => String(i))
  assert.deepEqual(linesOf(Buffer.from(`${lines.join('\n')}\n`)), lines)
})

test('the search keeps to its range', () => {
  const bytes = Buffer.from('before\nab\ncd\nbehind\n')
  const block = new Block()
  block.fill(bytes, 7, 13, context)
  assert.equal(splitLines(block, bytes, 7, 13), 13)
  assert.deepEqual([block.recordText(0), block.recordText(1), block.count], ['ab', 'cd', 2])
  assert.equal(countLines(bytes, 7, 13), 2)
})

function unpack(text: string, recordsMax = BLOCK_RECORDS_MAX) {
  const bytes = Buffer.from(text)
  const block = new Block()
  const records: string[] = []
  let malformed = 0
  for (let at = 0, done = false; !done; ) {
    const target = allocate(bytes.length)
    block.fill(target, 0, 0, context)
    const part = unpackArray(block, bytes, at, bytes.length, target, recordsMax)
    for (let i = 0; i < block.count; i++) records.push(block.recordText(i))
    malformed += part.malformedBytes
    assert.ok(block.count <= recordsMax)
    done = part.done
    at = part.end
  }
  return { records, malformed }
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
        const counted = countElements(Buffer.from(text), 0, Buffer.byteLength(text))
        assert.deepEqual(counted, {
          records: records.length,
          bytes: records.reduce((sum, record) => sum + Buffer.byteLength(record), 0),
        })
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
    ['{"a":1}', []],
    ['', []],
  ]
  for (const [text, expected] of cases) {
    const { records, malformed } = unpack(text)
    assert.deepEqual(records, expected, text)
    assert.ok(malformed > 0, `${text} is malformed`)
  }
  assert.deepEqual(unpack(' [ ] '), { records: [], malformed: 0 })
})
