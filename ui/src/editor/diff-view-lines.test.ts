import assert from 'node:assert/strict'
import { test } from 'node:test'
import { diffLines, hunksOf, pairsOf } from '#ui/editor/diff-view-lines.ts'

const SIGNS = { same: ' ', added: '+', removed: '-' } as const

function shown(before: string, after: string): string[] {
  return diffLines(before, after).map(({ kind, text }) => SIGNS[kind] + text)
}

test('lines that stay, go and come, each with its numbers', () => {
  assert.deepEqual(shown('a\nb\nc\n', 'a\nx\nc\n'), [' a', '-b', '+x', ' c'])
  assert.deepEqual(shown('', 'a\nb\n'), ['+a', '+b'])
  assert.deepEqual(shown('a\nb', ''), ['-a', '-b'])
  assert.deepEqual(shown('a\nb\n', 'a\nb\n'), [' a', ' b'])
  assert.deepEqual(shown('a\na\nb\n', 'a\nb\n'), [' a', '-a', ' b'])
  assert.deepEqual(diffLines('a\nb\n', 'b\nc\n'), [
    { kind: 'removed', text: 'a', before: 1 },
    { kind: 'same', text: 'b', before: 2, after: 1 },
    { kind: 'added', text: 'c', after: 2 },
  ])
})

test('both texts can be had back from any difference, and it is a shortest one', () => {
  let seed = 7
  const random = (below: number) => {
    seed = (seed * 48_271) % 2_147_483_647
    return seed % below
  }
  for (let round = 0; round < 300; round++) {
    const make = () => [...Array(random(12))].map(() => 'abc'[random(3)]!)
    const [before, after] = [make(), make()]
    const lines = diffLines(before.join('\n'), after.join('\n'))
    const side = (gone: string) => lines.filter(({ kind }) => kind !== gone).map(({ text }) => text)
    assert.deepEqual(side('added'), before, `round ${round}`)
    assert.deepEqual(side('removed'), after, `round ${round}`)
    assert.equal(lines.filter(({ kind }) => kind === 'same').length, longestCommon(before, after), `round ${round}`)
  }
})

test('texts that have little in common are told as removed and added whole', () => {
  const make = (name: string) => [...Array(3000).keys()].map((i) => `${name}${i}`).join('\n')
  const lines = diffLines(make('a'), make('b'))
  assert.equal(lines.length, 6000)
  assert.equal(lines[0]!.kind, 'removed')
})

test('unchanged lines far from changes are folded, and changes are counted', () => {
  const before = [...Array(30).keys()].map((i) => `line ${i}`)
  const after = before.map((line, i) => (i === 10 || i === 25 ? `${line} new` : line))
  const hunks = hunksOf(diffLines(before.join('\n'), after.join('\n')))
  assert.deepEqual(
    hunks.map(({ kind, lines }) => `${kind} ${lines.length}`),
    ['fold 7', 'context 3', 'change 2', 'context 3', 'fold 8', 'context 3', 'change 2', 'context 4'],
  )
  assert.deepEqual(
    hunks.flatMap((hunk) => (hunk.kind === 'change' ? [hunk.change] : [])),
    [0, 1],
  )
})

test('side by side, what was removed stands beside what came', () => {
  const pairs = pairsOf(diffLines('a\nb\n', 'x\n').filter(({ kind }) => kind !== 'same'))
  assert.deepEqual(
    pairs.map(({ left, right }) => [left?.text, right?.text]),
    [
      ['a', 'x'],
      ['b', undefined],
    ],
  )
})

function longestCommon(a: readonly string[], b: readonly string[]): number {
  const table = [...Array(a.length + 1)].map(() => Array<number>(b.length + 1).fill(0))
  for (let i = 1; i <= a.length; i++) {
    for (let j = 1; j <= b.length; j++) {
      table[i]![j] = a[i - 1] === b[j - 1] ? table[i - 1]![j - 1]! + 1 : Math.max(table[i - 1]![j]!, table[i]![j - 1]!)
    }
  }
  return table[a.length]![b.length]!
}
