import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { enableLinearRegex } from '#std/pattern/linear.ts'
import { compilePattern, type Pattern } from '#std/pattern/pattern.ts'
import { blockOf } from '#test/support/blocks.ts'
import type { Block } from './block.ts'
import { eachMatch, eachRecordMatching, WordSearch } from './search.ts'
import { ShapeSearch } from './shape-search.ts'

enableLinearRegex()

const SEED = 20_262

const patterns = fc.constantFrom(
  'a',
  'ab',
  'a+b?',
  'a*',
  '(a)(b)?',
  '^a',
  'b$',
  '^a?b$',
  '^$',
  '$',
  '\\ba',
  'b\\B',
  '[^a]',
  '[^a]+b',
  '\\s',
  'a\\s*b',
  'a\\r?',
  '\\r',
  '.b',
  'a.',
  '.+',
  'é',
  'a.b',
  '\\n',
  'a\\nb',
  '(?s)a.b',
  '(?m)^b',
  '(?i)AB',
  '(?i)é',
  '\\W+',
  '[\\s\\S]b',
  '=\\d\\d',
  '==',
  '(a|ab)(c|b)',
  'ab=\\w+',
  '\\xe9',
  '😀',
  '.{2}',
  '\\d\\d-\\d',
)

const units = fc.constantFrom('a', 'b', 'c', 'A', 'é', '😀', ' ', '=', '-', '1', '2')
const lines = fc.string({ unit: units, maxLength: 8 })
const withReturns = fc.string({ unit: fc.oneof(units, fc.constant('\r')), maxLength: 8 })
const withNewlines = fc.string({ unit: fc.oneof(units, fc.constantFrom('\n', '\r')), maxLength: 8 })
const anyBytes = fc.uint8Array({ maxLength: 6 }).map((bytes) => bytes.filter((byte) => byte !== 0x0a))
const records = fc.oneof(
  fc.array(lines, { maxLength: 12 }),
  fc.array(withReturns, { maxLength: 12 }),
  fc.array(withNewlines, { maxLength: 12 }),
  fc.array(fc.oneof(lines, anyBytes), { maxLength: 12 }),
)
const separators = fc.constantFrom('\n', '\r\n', '\n\n')

test('searching a block finds what searching each record alone finds', () => {
  fc.assert(
    fc.property(patterns, records, separators, fc.integer(), (source, contents, separator, hide) => {
      const pattern = compilePattern(source)
      const block = blockOf(contents, { separator })
      for (let i = 0; i < block.count; i++) if ((hide >>> (i % 31)) % 4 === 3) block.drop(i)
      const matching: number[] = []
      eachRecordMatching(pattern, block, (record) => matching.push(record))
      assert.deepEqual(matching, expectedRecords(pattern, block))
      const matches: [number, number, number][] = []
      eachMatch(pattern, block, (record, from, to) => matches.push([record, from, to]))
      assert.deepEqual(matches, expectedMatches(pattern, block))
    }),
    { seed: SEED, numRuns: 4000 },
  )
})

test('words are found in the records that hold them whole', () => {
  const words = fc.array(fc.constantFrom('a', 'ab', 'é', 'b\na', 'a\n', '==', '😀', '\r'), {
    minLength: 1,
    maxLength: 3,
  })
  fc.assert(
    fc.property(words, records, separators, (needles, contents, separator) => {
      const block = blockOf(contents, { separator })
      const found: number[] = []
      new WordSearch(needles).eachRecord(block, (record) => found.push(record))
      const holds = (i: number) => needles.some((needle) => block.recordBytes(i).includes(Buffer.from(needle)))
      assert.deepEqual(found, selected(block).filter(holds))
    }),
    { seed: SEED, numRuns: 2000 },
  )
})

test('a shape is found where its pattern matches', () => {
  const digits = fc.string({ unit: fc.constantFrom('1', '2', '-', '-', 'x'), maxLength: 24 })
  fc.assert(
    fc.property(fc.array(digits, { maxLength: 8 }), separators, (contents, separator) => {
      const pattern = compilePattern('\\d{2}-\\d-\\d{2}')
      const block = blockOf(contents, { separator })
      const found: [number, number][] = []
      ShapeSearch.of(pattern.shape!)!.eachMatch(block, (record, from) => found.push([record, from]))
      assert.deepEqual(
        found,
        expectedMatches(pattern, block).map(([record, from]) => [record, from]),
      )
    }),
    { seed: SEED, numRuns: 2000 },
  )
})

test('matches are found in all stretches of a block of many records', () => {
  const contents = Array.from({ length: 8192 }, (_, i) => (i % 7 === 0 ? `n=${i} ok` : `${i} ${'x'.repeat(i % 50)}`))
  const block = blockOf(contents)
  for (const source of ['n=\\d+', '[nm]=(\\d+)', '^n=', 'ok$']) {
    const found: number[] = []
    eachRecordMatching(compilePattern(source), block, (record) => found.push(record))
    assert.equal(found.length, Math.ceil(8192 / 7), source)
    assert.ok(
      found.every((record) => record % 7 === 0),
      source,
    )
  }
})

function selected(block: Block): number[] {
  return Array.from({ length: block.count }, (_, i) => i).filter((i) => block.selection[i] === 1)
}

/** A record's text as the search promises to read it, and whether it is UTF-8. */
function textOf(block: Block, i: number): { text: string; encoding: 'utf8' | 'latin1' } {
  const bytes = block.recordBytes(i)
  const text = bytes.toString('utf8')
  return Buffer.from(text).equals(bytes)
    ? { text, encoding: 'utf8' }
    : { text: bytes.toString('latin1'), encoding: 'latin1' }
}

function expectedRecords(pattern: Pattern, block: Block): number[] {
  return selected(block).filter((i) => textOf(block, i).text.search(pattern.regex) !== -1)
}

/** Matches that are not empty, in bytes; one that cuts a character above U+FFFF in halves takes it whole. */
function expectedMatches(pattern: Pattern, block: Block): [number, number, number][] {
  return selected(block).flatMap((i) => {
    const { text, encoding } = textOf(block, i)
    let covered = 0
    return [...text.matchAll(pattern.regex)].flatMap((match): [number, number, number][] => {
      if (match[0] === '') return []
      const isLow = (index: number) => encoding === 'utf8' && /[\udc00-\udfff]/.test(text[index] ?? '')
      const from = Math.max(covered, isLow(match.index) ? match.index - 1 : match.index)
      const behind = match.index + match[0].length
      const to = isLow(behind) ? behind + 1 : behind
      covered = Math.max(covered, to)
      const byteAt = (index: number) => block.starts[i]! + Buffer.byteLength(text.slice(0, index), encoding)
      return to > from ? [[i, byteAt(from), byteAt(to)]] : []
    })
  })
}
