import assert from 'node:assert/strict'
import { test } from 'node:test'
import { StreamgateError } from '#contract/error.ts'
import { enableLinearRegex } from '#std/pattern/linear.ts'
import { allOf, blockOf } from '#test/support/blocks.ts'
import { redact } from './redact.ts'

enableLinearRegex()

/** What becomes of the records, as UTF-8. */
function redacted(options: object, ...records: (string | Uint8Array)[]): string[] {
  const block = blockOf(records)
  make(options).process(block)
  return allOf(block).map((record) => Buffer.from(record, 'latin1').toString())
}

function make(options: object) {
  return redact.create(redact.config.parse(options), { random: () => 0, state: new SharedArrayBuffer(0), engine: 0 })
}

test('redact is required, and quarantines what it fails on, unless told otherwise', () => {
  assert.deepEqual([redact.required, redact.onError, redact.mutates], [true, 'quarantine', true])
})

test('redact replaces every match of the pattern, as the first manifests ask for it', () => {
  const options = { pattern: '\\d{3}-\\d{2}-\\d{4}', replacement: 'XXX-XX-XXXX' }
  assert.deepEqual(redacted(options, 'a 123-45-6789 b 987-65-4321', 'none', '123-45-67890123-45-6789'), [
    'a XXX-XX-XXXX b XXX-XX-XXXX',
    'none',
    'XXX-XX-XXXX0XXX-XX-XXXX',
  ])
  assert.deepEqual(redacted({ pattern: '\\d+' }, 'id 42'), ['id [redacted]'])
})

test('redact puts groups into the replacement, in either notation', () => {
  const pattern = '(?<name>\\w+)@(\\w+)'
  const cases: [string, string][] = [
    ['$1 at $2', 'bob at home'],
    ['$\x7b1}2', 'bob2'],
    ['$\x7bname}', 'bob'],
    ['$<name>!', 'bob!'],
    ['<$&>', '<bob@home>'],
    ['$0', 'bob@home'],
    ['$$1', '$1'],
    ['$', '$'],
    ['', ''],
    ['é', 'é'],
  ]
  for (const [replacement, expected] of cases) {
    assert.deepEqual(redacted({ pattern, replacement }, 'bob@home'), [expected], replacement)
  }
  assert.deepEqual(redacted({ pattern: '(a)|b', replacement: '[$1]' }, 'ab'), ['[a][]'])
})

test('redact works on text beyond ASCII and on bytes that are no text', () => {
  assert.deepEqual(redacted({ pattern: 'ü.', replacement: '($&)' }, 'zürich 😀', 'müsli'), ['z(ür)ich 😀', 'm(üs)li'])
  assert.deepEqual(redacted({ pattern: '(\\S+)$', replacement: '<$1>' }, 'an 😀é'), ['an <😀é>'])
  const block = blockOf([new Uint8Array([0xff, 0x31, 0x32, 0xfe])])
  make({ pattern: '\\d+', replacement: 'é' }).process(block)
  assert.deepEqual([...block.recordBytes(0)], [0xff, 0xc3, 0xa9, 0xfe])
})

test('an empty match changes nothing', () => {
  assert.deepEqual(redacted({ pattern: 'x*', replacement: '-' }, 'axxb', ''), ['a-b', ''])
})

test('redact runs detectors in their order, each on what the one before left', () => {
  const record = 'a@b.co 123-45-6789 4111111111111111 from 10.0.0.1'
  assert.deepEqual(redacted({ builtins: ['email', 'ssn', 'credit_card', 'ipv4'] }, record), [
    '[email] [ssn] [credit_card] from [ipv4]',
  ])
  assert.deepEqual(redacted({ builtin: 'email', replacement: '$1' }, record), [
    '$1 123-45-6789 4111111111111111 from 10.0.0.1',
  ])
  assert.deepEqual(redacted({ builtins: 'email, ssn', pattern: '\\bfrom\\b' }, record), [
    '[email] [ssn] 4111111111111111 [redacted] 10.0.0.1',
  ])
})

test('redact says what is missing or wrong, and where', () => {
  const cases: [object, string, string][] = [
    [{}, 'SG_CONFIG_INVALID', 'pattern'],
    [{ pattern: 'a(' }, 'SG_PATTERN_SYNTAX', 'pattern'],
    [{ pattern: '(a)\\1' }, 'SG_PATTERN_UNSAFE', 'pattern'],
    [{ pattern: 'a', replacement: '$1' }, 'SG_CONFIG_INVALID', 'replacement'],
    [{ pattern: '(a)', replacement: '$<b>' }, 'SG_CONFIG_INVALID', 'replacement'],
  ]
  for (const [options, code, path] of cases) {
    assert.throws(
      () => make(options),
      (error) => error instanceof StreamgateError && error.code === code && error.path === path,
      JSON.stringify(options),
    )
  }
  assert.equal(redact.config.safeParse({ builtin: 'passport' }).success, false)
})
