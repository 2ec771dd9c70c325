import assert from 'node:assert/strict'
import { test } from 'node:test'
import { randomFrom } from '#std/random.ts'
import { changedSpans, joinedSpans, type Span } from './spans.ts'

/** The text with marks around its spans. */
function shown(text: string, spans: readonly Span[]): string {
  return spans.reduceRight(
    (rest, [from, to]) => `${rest.slice(0, from)}<${rest.slice(from, to)}>${rest.slice(to)}`,
    text,
  )
}

test('what changed is marked by the word', () => {
  const cases: [before: string, after: string, shownBefore: string, shownAfter: string][] = [
    ['same', 'same', 'same', 'same'],
    ['', 'new', '', '<new>'],
    ['mail to jo@example.org now', 'mail to [email] now', 'mail to <jo@example.org> now', 'mail to <[email]> now'],
    ['a=1 b=2 c=3', 'a=* b=2 c=*', 'a=<1> b=2 c=<3>', 'a=<*> b=2 c=<*>'],
    ['one two three', 'one three', 'one <two >three', 'one three'],
    ['{"a":1}', '{"sample_rate":10,"a":1}', '{"a":1}', '{"<sample_rate":10,">a":1}'],
    ['🙂 ok', '🙃 ok', '<🙂> ok', '<🙃> ok'],
    ['größe', 'grösse', '<größe>', '<grösse>'],
    ['line\nnext', 'line next', 'line<\n>next', 'line< >next'],
  ]
  for (const [before, after, shownBefore, shownAfter] of cases) {
    const spans = changedSpans(before, after)
    assert.deepEqual([shown(before, spans.before), shown(after, spans.after)], [shownBefore, shownAfter])
  }
})

test('without what is marked both texts are the same, and marks are in order and apart', () => {
  const seed = 20260103
  const random = randomFrom(seed)
  const words = ['a', 'bc', ' ', '=', '🙂', 'é', '\n', '[x]']
  const text = () => Array.from({ length: random() * 30 }, () => words[Math.floor(random() * words.length)]).join('')
  const rest = (of: string, spans: readonly Span[]) =>
    spans.reduceRight((whole, [from, to]) => whole.slice(0, from) + whole.slice(to), of)
  for (let round = 0; round < 2000; round++) {
    const [before, after] = [text(), text()]
    const spans = changedSpans(before, after)
    assert.equal(
      rest(before, spans.before),
      rest(after, spans.after),
      `seed ${seed}: ${JSON.stringify([before, after])}`,
    )
    for (const list of [spans.before, spans.after]) {
      let end = -1
      for (const [from, to] of list) {
        assert.ok(end < from && from < to)
        end = to
      }
    }
  }
})

test('long texts that have little in common are marked as a whole, soon', () => {
  const before = Array.from({ length: 5000 }, (_, i) => `x${i}`).join(' ')
  const after = Array.from({ length: 5000 }, (_, i) => `y${i}`).join('-')
  const startedAt = performance.now()
  assert.deepEqual(changedSpans(before, after), { before: [[0, before.length]], after: [[0, after.length]] })
  assert.ok(performance.now() - startedAt < 1000)
})

test('spans that overlap or touch become one', () => {
  assert.deepEqual(
    joinedSpans([
      [5, 7],
      [0, 2],
      [2, 3],
      [6, 9],
      [12, 12],
    ]),
    [
      [0, 3],
      [5, 9],
    ],
  )
})
