import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'
import fc from 'fast-check'
import { enableLinearRegex } from '#std/pattern/linear.ts'
import { compilePattern, PATTERN_CHARACTERS_MAX, PatternError } from './pattern.ts'

enableLinearRegex()

test('a pattern matches what it says, in JavaScript’s and in Go’s syntax', () => {
  const cases: [pattern: string, text: string, match: string | null][] = [
    ['\\d{3}-\\d{2}-\\d{4}', 'ssn 123-45-6789.', '123-45-6789'],
    ['(?i)error', 'an ERRor', 'ERRor'],
    ['(?i:err)or', 'ERRor ERROR', 'ERRor'],
    ['(?i)ß|é', 'É', 'É'],
    ['(?i)[^a]', 'aAb', 'b'],
    ['(?s)a.b', 'a\nb', 'a\nb'],
    ['a.b', 'a\nb', null],
    ['(?m)^b$', 'a\nb\nc', 'b'],
    ['^b$', 'a\nb\nc', null],
    ['(?P<year>\\d+)', 'in 2026', '2026'],
    ['\\Aab\\z', 'ab', 'ab'],
    ['\\Aab\\z', 'xab', null],
    ['[[:alpha:]]+[[:digit:]]', '..ab1', 'ab1'],
    ['[[:punct:][:space:]]+', 'a, !b', ', !'],
    ['a{64}', 'a'.repeat(65), 'a'.repeat(64)],
    ['(?:ab){20,}c', `${'ab'.repeat(21)}c`, `${'ab'.repeat(21)}c`],
    ['x{17,40}?', 'x'.repeat(50), 'x'.repeat(17)],
    ['[\\d-]+', 'a1-2', '1-2'],
    ['\\bcat\\b', 'concat cat', 'cat'],
    ['\\[x\\/y\\]', '[x/y]', '[x/y]'],
    ['a|b|', 'c', ''],
    ['😀+', '😀😀', '😀'],
  ]
  for (const [source, text, expected] of cases) {
    const pattern = compilePattern(source)
    pattern.regex.lastIndex = 0
    assert.equal(pattern.regex.exec(text)?.[0] ?? null, expected, `${source} on ${JSON.stringify(text)}`)
  }
})

test('captures of an unrolled repeat are those of its last round', () => {
  const { regex, groups, groupNames } = compilePattern('(?:(a)|(?<other>b)){20}')
  assert.equal(groups, 2)
  assert.deepEqual(groupNames, ['other'])
  assert.deepEqual([...regex.exec(`${'a'.repeat(19)}b`)!].slice(1), [undefined, 'b'])
})

test('a pattern that cannot be matched in linear time is refused with the construct and a way out', () => {
  const cases: [string, RegExp][] = [
    ['foo(?=bar)', /look-ahead \(\?=bar\)/],
    ['(?<!x)y', /look-behind \(\?<!x\)/],
    ['(a)\\1', /back-reference \\1/],
    ['((a{1,30}){1,30}){1,30}', /counted repeats/],
  ]
  for (const [source, message] of cases) {
    assert.throws(() => compilePattern(source), codeAnd('SG_PATTERN_UNSAFE', message), source)
    assert.ok(compilePattern(source, { unsafe: true }).regex instanceof RegExp, source)
  }
})

test('what is no pattern, or would be misread, is refused', () => {
  const cases: [string, RegExp][] = [
    ['[a', /not a valid regular expression.*class/],
    ['a)', /not a valid regular expression/],
    ['\\Qa.b\\E', /\\Q, which is not supported/],
    ['\\p{L}', /\\p, which is not supported/],
    ['[😀]', /above U\+FFFF/],
    ['(?i)(a)\\1', /where upper and lower case are the same/],
    ['a'.repeat(PATTERN_CHARACTERS_MAX + 1), /longer than/],
  ]
  for (const [source, message] of cases) {
    assert.throws(() => compilePattern(source, { unsafe: true }), codeAnd('SG_PATTERN_SYNTAX', message), source)
  }
})

test('the facts about a pattern are true', () => {
  const facts = (source: string) => {
    const { byteSafe, anchored, canBeEmpty, literal, shape } = compilePattern(source)
    return { byteSafe, anchored, canBeEmpty, literal, shape: shape?.length }
  }
  const none = { byteSafe: true, anchored: false, canBeEmpty: false, literal: '', shape: undefined }
  assert.deepEqual(facts('\\d{3}-\\d{2}'), { ...none, literal: '-', shape: 6 })
  assert.deepEqual(facts('user=(\\w+) ok'), { ...none, literal: 'user=' })
  assert.deepEqual(facts('(?i)user'), { ...none, shape: 4 })
  assert.deepEqual(facts('a|b'), none)
  assert.deepEqual(facts('^(?:ab)?$'), { ...none, anchored: true, canBeEmpty: true })
  assert.deepEqual(facts('x.y'), { ...none, byteSafe: false, literal: 'x' })
  assert.deepEqual(facts('[^a]b'), { ...none, byteSafe: false, literal: 'b' })
  assert.deepEqual(facts('\\s'), { ...none, byteSafe: false })
  assert.deepEqual(facts('(?:abc)+d'), { ...none, literal: 'abc' })
  assert.deepEqual(facts('(?:abc)*d'), { ...none, literal: 'd' })
})

test('both of V8’s matchers find the same matches and captures', () => {
  fc.assert(
    fc.property(patterns, texts, (source, text) => {
      const { regex } = compilePattern(source)
      const linear = new RegExp(regex.source, `${regex.flags}l`)
      assert.deepEqual(matchesOf(regex, text), matchesOf(linear, text))
    }),
    { seed: SEED, numRuns: 2000 },
  )
})

test('writing a pattern out again changes nothing about its matches', () => {
  fc.assert(
    fc.property(patterns, texts, fc.boolean(), (source, text, ignoreCase) => {
      const { regex } = compilePattern(source, { ignoreCase })
      assert.deepEqual(matchesOf(regex, text), matchesOf(new RegExp(source, ignoreCase ? 'gi' : 'g'), text))
    }),
    { seed: SEED, numRuns: 2000 },
  )
})

test('patterns that are known to explode end on hostile text', { timeout: 60_000 }, async () => {
  const attack = `${'a'.repeat(5000)}!`
  const mail = `${'a.'.repeat(2000)}@${'a.'.repeat(2000)}!`
  const cases: [string, string][] = [
    ['(a+)+$', attack],
    ['(a|a)*$', attack],
    ['(.*)*x', attack],
    ['([a-zA-Z]+)*$', attack],
    ['(?i)(a+)+$', attack],
    ['(?:a{1,8}){1,8}b', attack],
    ['(a?){20}a{20}$', attack],
    ['(x+x+)+y', 'x'.repeat(5000)],
    ['^(?:[a-z0-9]+(?:[\\-a-z0-9]*[a-z0-9]+)?\\.){1,}(?:[a-z0-9]+(?:[\\-a-z0-9]*[a-z0-9]+)?){1,63}$', attack],
    ['^[a-zA-Z0-9]+(([\\-_.])?[a-zA-Z0-9]+)*@[a-zA-Z0-9]+(([\\-_.])?[a-zA-Z0-9]+)*\\.[a-z]{2,6}$', mail],
  ]
  // In a thread of its own: a match that does not end fails this test and no other.
  const worker = new Worker(MATCHER, { eval: true, workerData: cases.map(([source, text]) => [linear(source), text]) })
  let done = 0
  const deadline = setTimeout(() => worker.terminate(), 50_000)
  worker.on('message', () => done++)
  await new Promise((resolve, reject) => worker.once('exit', resolve).once('error', reject))
  clearTimeout(deadline)
  assert.equal(done, cases.length, `stopped at ${cases[done]?.[0]}`)
})

const SEED = 20_261
const MATCHER = `
  const { parentPort, workerData } = require('node:worker_threads')
  for (const [source, text] of workerData) parentPort.postMessage(new RegExp(source, 'g').test(text))
`

function linear(source: string): string {
  return compilePattern(source).regex.source
}

function codeAnd(code: string, message: RegExp): (error: unknown) => boolean {
  return (error) => error instanceof PatternError && error.code === code && message.test(error.message)
}

function matchesOf(regex: RegExp, text: string): unknown[] {
  regex.lastIndex = 0
  return [...text.matchAll(regex)].map((match) => [match.index, ...match])
}

/** Small patterns over a small alphabet, so that they match often and in more than one way. */
const { patterns } = fc.letrec<{ patterns: string; part: string }>((tie) => ({
  part: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom(
      'a',
      'b',
      'B',
      '1',
      '.',
      '\\d',
      '\\w',
      '\\s',
      '\\b',
      '[ab]',
      '[^a]',
      '[\\W1]',
      '^',
      '$',
      'é',
      '\\x41',
    ),
    tie('patterns').map((inner) => `(${inner})`),
    tie('patterns').map((inner) => `(?:${inner})`),
    fc
      .tuple(tie('patterns'), fc.constantFrom('*', '+', '?', '{2}', '{1,3}', '*?', '+?', '??', '{0,2}?'))
      .map(([inner, count]) => `(?:${inner})${count}`),
  ),
  patterns: fc.oneof(
    fc.array(tie('part'), { minLength: 1, maxLength: 4 }).map((parts) => parts.join('')),
    fc.array(tie('part'), { minLength: 2, maxLength: 3 }).map((parts) => parts.join('|')),
  ),
}))
const texts = fc.string({ unit: fc.constantFrom('a', 'b', 'A', 'B', '1', ' ', '\n', 'é', '_'), maxLength: 20 })
