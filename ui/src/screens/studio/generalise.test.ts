import assert from 'node:assert/strict'
import { test } from 'node:test'
import { enableLinearRegex } from '#std/pattern/linear.ts'
import { compilePattern } from '#std/pattern/pattern.ts'
import { escaped, generalised, LIKE_CHARACTERS_MAX, lineOf } from '#ui/screens/studio/generalise.ts'

enableLinearRegex()

const templates: [string, string][] = [
  ['DEBUG cache miss for user 13', 'DEBUG cache miss for user <number>'],
  ['Jun 14 15:16:01 combo sshd(pam_unix)[19939]: failure', '<time> combo sshd(pam_unix)[<number>]: failure'],
  ['2026-01-31T08:15:30.5Z took 3.5s (sha256)', '<time> took <number>s (sha256)'],
  [
    '192.0.2.7 - - [10/Oct/2026:13:55:36 +0000] "GET / HTTP/1.1" 200',
    '<ip> - - [<time> +<number>] "GET / HTTP/<number>" <number>',
  ],
  ['user ann@example.com 38101a0b-2096-447d-96ea-a692162415ae', 'user <email> <uuid>'],
  ['trace 54fadb412c4e40cd at 0xFF deadbeefs facade', 'trace <hex> at <hex> deadbeefs facade'],
]

for (const [text, template] of templates) {
  test(`${text} becomes ${template}`, () => {
    const found = generalised(text)
    assert.equal(found?.template, template)
    assert.ok(compilePattern(`^${found.pattern}$`).regex.test(text), found.pattern)
  })
}

test('its like matches, what is unlike does not', () => {
  const { pattern } = generalised('GET /a/7 took 12 ms (cached) from 192.0.2.1')!
  const { regex } = compilePattern(pattern)
  const matches = (text: string) => text.search(regex) >= 0
  assert.ok(matches('x GET /a/900 took 15 ms (cached) from 198.51.100.23'))
  assert.ok(!matches('GET /a/900 took 1 ms [cached] from 198.51.100.23'))
})

test('text without anything that differs is no pattern', () => {
  assert.equal(generalised('nothing to see here (yet)'), undefined)
  const text = String.raw`a.b*c+(d)[e]{f}|^$\ "?`
  assert.ok(new RegExp(`^${escaped(text)}$`).test(text))
})

test('of a selection the first line counts, up to a length', () => {
  assert.equal(lineOf('\n  one \n two'), 'one')
  assert.equal(lineOf('x'.repeat(LIKE_CHARACTERS_MAX + 5)).length, LIKE_CHARACTERS_MAX)
  assert.equal(lineOf('  \n'), '')
})
