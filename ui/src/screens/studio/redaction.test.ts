import assert from 'node:assert/strict'
import { test } from 'node:test'
import { enableLinearRegex } from '#std/pattern/linear.ts'
import { compilePattern } from '#std/pattern/pattern.ts'
import { redactionsFor } from '#ui/screens/studio/redaction.ts'

enableLinearRegex()

const builtins: [string, string][] = [
  ['ann@example.com', 'email'],
  ['192.0.2.17', 'ipv4'],
  ['2001:db8::17', 'ipv6'],
  ['4111 1111 1111 1111', 'credit_card'],
  ['078-05-1120', 'ssn'],
  ['AKIAIOSFODNN7EXAMPLE', 'aws_key'],
  ['GB33BUKB20201555555555', 'iban'],
]

for (const [text, builtin] of builtins) {
  test(`${text} is hidden by the detector ${builtin}`, () => {
    const found = redactionsFor(` ${text} `)
    assert.deepEqual(found[0]!.params, { builtin })
    assert.equal(found.at(-1)!.label, 'This text exactly')
  })
}

test('ids and numbers become patterns that match their like', () => {
  const cases: [string, string][] = [
    ['38101a0b-2096-447d-96ea-a692162415ae', '00000000-0000-0000-0000-000000000000'],
    ['54fadb412c4e40cd', 'deadbeefdeadbeef'],
    ['4711', '1234'],
    ['token=abc', 'token=xyz'],
    ['"password":"a b', '"password":"anything else'],
  ]
  for (const [text, like] of cases) {
    const { pattern } = redactionsFor(text)[0]!.params
    const { regex } = compilePattern(String(pattern))
    assert.ok(like.search(regex) >= 0, `${pattern} on ${like}`)
  }
})

test('a number that is no card is a number', () => {
  assert.deepEqual(
    redactionsFor('4111111111111112').map(({ label }) => label),
    ['Numbers of as many digits', 'This text exactly'],
  )
})

test('anything else is taken as it stands', () => {
  const [only, ...rest] = redactionsFor('Bob (admin)')
  assert.equal(rest.length, 0)
  assert.ok('by Bob (admin)'.search(compilePattern(String(only!.params['pattern'])).regex) >= 0)
})
