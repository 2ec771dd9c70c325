/** What the browser's twin takes and refuses, against V8 itself. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { enableLinearRegex, isLinear } from '#std/pattern/linear.ts'
import { randomFrom } from '#std/random.ts'
import * as twin from './linear.browser.ts'

enableLinearRegex()
twin.enableLinearRegex()

const SEED = 20260102
const random = randomFrom(SEED)
const pick = (items: readonly string[]): string => items[Math.floor(random() * items.length)]!

const ATOMS = ['a', '.', '[a-z]', '\\d', '\\b', '\\B', '^', '$', '\\n', '[^x]', '\\u{3}', 'é']
const COUNTS = ['*', '+', '?', '*?', '{2}', '{3,}', '{0,4}', '{4,16}', '{17}', '{0}', '{0,17}', '{16}?', '{1}']

function randomPattern(depth: number): string {
  const kind = depth === 0 ? 0 : Math.floor(random() * 9)
  const part = () => randomPattern(depth - 1)
  if (kind <= 1) return pick(ATOMS)
  if (kind === 2) return part() + part()
  if (kind === 3) return `${part()}|${part()}`
  if (kind === 4) return `(${part()})`
  if (kind === 5)
    return pick([`(?=${part()})`, `(?<!${part()})`, '(a)\\1', `(?<n${Math.floor(random() * 1e9)}>a)`, '()', '(?:)'])
  return `(?:${part()})${pick(COUNTS)}`
}

test('the same patterns are linear as in V8', () => {
  let linear = 0
  for (let round = 0; round < 20_000; round++) {
    const pattern = randomPattern(4)
    const flags = pick(['g', 'gm'])
    const expected = isLinear(pattern, flags)
    assert.equal(twin.isLinear(pattern, flags), expected, `${pattern} with ${flags}, seed ${SEED}`)
    if (expected) linear++
  }
  assert.ok(linear > 4000 && linear < 16_000, `${linear} of them are`)
})

test('what is no pattern, and other flags, are not', () => {
  for (const [pattern, flags] of [
    ['(', 'g'],
    ['a', 'gi'],
    ['a', 'gu'],
    ['[b-a]', 'g'],
    ['(?i:a)', 'g'],
  ] as const) {
    assert.equal(isLinear(pattern, flags), false, pattern)
    assert.equal(twin.isLinear(pattern, flags), false, pattern)
  }
})
