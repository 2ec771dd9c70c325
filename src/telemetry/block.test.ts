import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { allOf, blockOf, selectedOf } from '#test/support/blocks.ts'
import { BLOCK_BYTES_MAX, Block } from './block.ts'

test('a block shows its records and nothing around them', () => {
  const block = blockOf(['one', '', 'zwölf'])
  assert.deepEqual([block.count, block.selected, block.selectedBytes], [3, 3, 9])
  assert.equal(block.text(), 'one\n\nzwÃ¶lf\n')
  assert.equal(block.ascii(), false)
  assert.equal(block.recordText(2), 'zwölf')
  assert.equal(blockOf(['one']).ascii(), true)
})

test('dropping and restoring keep the sums right and may be repeated', () => {
  const block = blockOf(['one', 'three'])
  block.drop(1)
  block.drop(1)
  assert.deepEqual([block.selected, block.selectedBytes, selectedOf(block)], [1, 3, ['one']])
  block.restore(1)
  block.restore(1)
  assert.deepEqual([block.selected, block.selectedBytes], [2, 8])
})

test('a position belongs to the record that holds it, or to the next one', () => {
  const block = blockOf(['ab', '', 'c'])
  const at = (offset: number) => block.recordAt(block.from + offset, 0)
  assert.deepEqual([at(0), at(1), at(2), at(3), at(4), at(5)], [0, 0, 1, 2, 2, 3])
})

test('edits change the bytes that they name and no others', () => {
  const block = blockOf(['user=bob age=7', 'nothing', 'x'])
  const start = block.starts[0]!
  block.edit(start + 5, start + 8, Buffer.from('[name]'))
  block.edit(start + 13, start + 14, Buffer.from(''))
  block.replaceRecord(2, Buffer.from('longer'))
  assert.equal(block.hasEdits, true)
  block.commitEdits()
  assert.deepEqual(allOf(block), ['user=[name] age=', 'nothing', 'longer'])
  assert.equal(block.text(), 'user=[name] age=\nnothing\nlonger\n')
  assert.deepEqual([block.selectedBytes, block.addedBytes, block.editedRecords], [29, 7, 2])
  assert.deepEqual([block.edited, block.hasEdits], [true, false])
})

test('edits that are discarded change nothing', () => {
  const block = blockOf(['abc'])
  const { bytes } = block
  block.replaceRecord(0, Buffer.from('x'))
  block.discardEdits()
  block.commitEdits()
  assert.deepEqual([block.edited, block.bytes === bytes, allOf(block)], [false, true, ['abc']])
})

test('an edit that brings a newline makes the block one of several lines', () => {
  const block = blockOf(['abc'])
  block.replaceRecord(0, Buffer.from('a\nb'))
  block.commitEdits()
  assert.equal(block.multiline, true)
})

test('an edit that reaches beyond its record is refused', () => {
  const block = blockOf(['abc', 'def'])
  block.edit(block.starts[0]! + 1, block.starts[1]! + 1, Buffer.from('x'))
  assert.throws(() => block.commitEdits(), /stays inside one record/)
})

test('edits that would make a block huge are refused', () => {
  const block = blockOf(['abc'])
  block.replaceRecord(0, Buffer.alloc(BLOCK_BYTES_MAX + 1))
  assert.throws(() => block.commitEdits(), RangeError)
})

test('a block that is filled again knows nothing of what it held', () => {
  const block = blockOf(['é\r', 'b'])
  block.drop(0)
  block.replaceRecord(1, Buffer.from('c'))
  block.commitEdits()
  const other = Buffer.from('plain\n')
  block.fill(other, 0, 6, block.context)
  block.addRecord(0, 5)
  assert.deepEqual([block.count, block.selected, block.selectedBytes, block.edited], [1, 1, 5, false])
  assert.deepEqual([block.ascii(), block.hasCarriageReturn(), block.text()], [true, false, 'plain\n'])
})

test('a copy has the same records and goes its own way', () => {
  const block = blockOf(['a', 'b'])
  block.drop(0)
  const copy = new Block()
  copy.copyFrom(block)
  copy.replaceRecord(1, Buffer.from('c'))
  copy.commitEdits()
  copy.drop(1)
  assert.deepEqual([allOf(block), block.selected], [['a', 'b'], 1])
  assert.deepEqual([allOf(copy), copy.selected], [['a', 'c'], 0])
})

test('any edits, round after round, leave what splicing each record leaves', () => {
  const contents = fc.array(fc.string({ unit: fc.constantFrom('a', 'b', 'é'), maxLength: 8 }), {
    minLength: 1,
    maxLength: 8,
  })
  const cuts = fc.array(fc.array(fc.tuple(fc.nat(9), fc.nat(9), fc.string({ maxLength: 5 })), { maxLength: 3 }), {
    maxLength: 8,
  })
  fc.assert(
    fc.property(contents, fc.array(cuts, { minLength: 1, maxLength: 3 }), (records, rounds) => {
      const block = blockOf(records)
      const expected = allOf(block)
      for (const round of rounds) {
        for (let i = 0; i < block.count; i++) {
          const length = expected[i]!.length
          const edges = (round[i] ?? []).flatMap(([a, b]) => [a % (length + 1), b % (length + 1)]).sort((a, b) => a - b)
          let result = ''
          let read = 0
          for (const [n, [, , text]] of (round[i] ?? []).entries()) {
            const [from, to] = [edges[2 * n]!, edges[2 * n + 1]!]
            const replacement = Buffer.from(text)
            block.edit(block.starts[i]! + from, block.starts[i]! + to, replacement)
            result += expected[i]!.slice(read, from) + replacement.toString('latin1')
            read = to
          }
          expected[i] = result + expected[i]!.slice(read)
        }
        block.commitEdits()
        assert.deepEqual(allOf(block), expected)
        assert.equal(block.selectedBytes, expected.join('').length)
      }
    }),
    { seed: 20_263, numRuns: 500 },
  )
})
