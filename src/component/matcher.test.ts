import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { StreamgateError } from '#contract/error.ts'
import { enableLinearRegex } from '#std/pattern/linear.ts'
import { blockOf } from '#test/support/blocks.ts'
import type { Condition, FieldTest } from './condition.ts'
import { compileMatcher, conditionSchema } from './matcher.ts'

enableLinearRegex()

/** Which of the records the condition holds for. */
function matching(condition: Condition, records: readonly (string | Uint8Array)[]): number[] {
  const block = blockOf(records)
  const mask = new Uint8Array(block.count)
  compileMatcher(condition, 'when').match(block, mask)
  return [...mask].flatMap((one, i) => (one === 1 ? [i] : []))
}

const holds = (test: FieldTest, record: string) => matching(test, [record]).length === 1

test('a well-known field is found wherever loggers put it', () => {
  const cases: [field: string, value: string, records: string[]][] = [
    [
      'service',
      'api',
      [
        '{"service":"api"}',
        '{"service.name":"api"}',
        '{"resource":{"attributes":{"service.name":"api"}}}',
        '{"attributes":{"service.name":"api"}}',
        '{"service":{"name":"api"}}',
      ],
    ],
    [
      'level',
      'WARN',
      [
        '{"level":"WARN"}',
        '{"severity":"WARN"}',
        '{"severity_text":"WARN"}',
        '{"severityText":"WARN"}',
        '{"lvl":"WARN"}',
        '{"log":{"level":"WARN"}}',
      ],
    ],
    ['host', 'h1', ['{"host":"h1"}', '{"hostname":"h1"}', '{"host.name":"h1"}', '{"host":{"name":"h1"}}']],
    ['trace_id', 'abc', ['{"trace_id":"abc"}', '{"traceId":"abc"}']],
    ['message', 'hi', ['{"message":"hi"}', '{"msg":"hi"}', '{"body":"hi"}', '{"body":{"stringValue":"hi"}}', 'hi']],
    ['user', 'bob', ['{"user":"bob"}', '{"attributes":{"user":"bob"}}', '{"resource":{"attributes":{"user":"bob"}}}']],
    ['a/b', 'c', ['{"a":{"b":"c"}}']],
  ]
  for (const [field, equals, records] of cases) {
    for (const record of records) {
      assert.ok(holds({ field, equals }, record), `${field} in ${record}`)
      assert.ok(!holds({ field, equals: `${equals}x` }, record), `${field} in ${record}`)
    }
  }
  assert.ok(!holds({ field: 'service', equals: 'api' }, 'service=api'))
})

test('each test holds for what it says', () => {
  const cases: [Omit<FieldTest, 'field'>, value: string, expected: boolean][] = [
    [{ equals: 'a' }, '"a"', true],
    [{ equals: 'a' }, '"\\u0061"', true],
    [{ equals: 'é' }, '"é"', true],
    [{ equals: 'é' }, '"\\u00e9"', true],
    [{ equals: 'a/b' }, '"a\\/b"', true],
    [{ equals: 'say "x"\n' }, '"say \\"x\\"\\n"', true],
    [{ equals: 'a' }, '"aa"', false],
    [{ equals: '' }, '""', true],
    [{ equals: 5 }, '5', true],
    [{ equals: 5 }, '5.0', true],
    [{ equals: 5 }, '50e-1', true],
    [{ equals: 5 }, '"5"', true],
    [{ equals: 5 }, '55', false],
    [{ equals: '5' }, '5', true],
    [{ equals: true }, 'true', true],
    [{ equals: 'true' }, 'true', true],
    [{ equals: true }, 'false', false],
    [{ contains: 'b c' }, '"a b c"', true],
    [{ contains: 'é' }, '"x\\u00e9"', true],
    [{ contains: '\n' }, '"x\\ny"', true],
    [{ contains: 'b' }, '{"b":"b"}', false],
    [{ contains: '2' }, '123', true],
    [{ regex: '^a+$' }, '"aaa"', true],
    [{ regex: '^a+$' }, '"aab"', false],
    [{ regex: '^.$' }, '"é"', true],
    [{ regex: '^\\n$' }, '"\\n"', true],
    [{ regex: '(?i)WARN|ERROR' }, '"Error!"', true],
    [{ exists: true }, '0', true],
    [{ exists: true }, 'null', false],
    [{ exists: false }, 'null', true],
    [{ exists: false }, '""', false],
  ]
  for (const [test, value, expected] of cases) {
    const record = `{"z":"a","f":${value},"y":5}`
    assert.equal(holds({ field: 'f', ...test }, record), expected, `${JSON.stringify(test)} on ${value}`)
  }
  assert.ok(holds({ field: 'f', exists: false }, 'no JSON'))
})

test('a plain text record has its text as message, in which a backslash is a backslash', () => {
  assert.ok(holds({ field: 'message', contains: 'C:\\new' }, 'at C:\\new'))
  assert.ok(holds({ field: 'message', equals: 'C:\\new' }, 'C:\\new'))
  assert.ok(holds({ field: 'message', regex: '^DEBUG' }, 'DEBUG x'))
})

test('conditions combine as their words say', () => {
  const a = { field: 'a', equals: 1 }
  const b = { field: 'b', equals: 1 }
  const records = ['{"a":0,"b":0}', '{"a":1,"b":0}', '{"a":0,"b":1}', '{"a":1,"b":1}', 'text']
  assert.deepEqual(matching({ all: [a, b] }, records), [3])
  assert.deepEqual(matching({ any: [a, b] }, records), [1, 2, 3])
  assert.deepEqual(matching({ not: a }, records), [0, 2, 4])
  assert.deepEqual(matching({ all: [a, { not: { any: [b] } }] }, records), [1])
})

test('records that are hidden are never marked', () => {
  for (const condition of [
    { field: 'a', equals: 1 },
    { not: { field: 'a', equals: 2 } },
    { field: 'a', exists: true },
  ]) {
    const block = blockOf(['{"a":1}', '{"a":1}'])
    block.drop(0)
    const mask = new Uint8Array(2)
    compileMatcher(condition, 'when').match(block, mask)
    assert.deepEqual([...mask], [0, 1])
  }
})

test('looking for candidates first misses nothing', () => {
  const value = fc.oneof(
    fc.constantFrom('a', 'ab', 'é', '"', '\\', 'a/b', '1', 1, 1.5, true, false, null),
    fc.string({ maxLength: 3 }),
  )
  const record = fc.oneof(
    fc.record({ f: value, g: value }).map((object) => JSON.stringify(object)),
    fc.record({ f: value }).map((object) => escapeAll(JSON.stringify(object))),
    fc.constantFrom('a', 'f', '{"f":"a"'),
  )
  const tested = fc.oneof(
    fc.constantFrom('a', 'é', '"', '\\', 'a/b', '1', 'true').map((equals) => ({ field: 'f', equals })),
    fc.constantFrom('a', 'é', 'b', '"', '/').map((contains) => ({ field: 'f', contains })),
  )
  fc.assert(
    fc.property(tested, fc.array(record, { maxLength: 8 }), (test, records) => {
      assert.deepEqual(
        matching(test, records),
        records.flatMap((text, i) => (expected(test, text) ? [i] : [])),
      )
    }),
    { seed: 20_267, numRuns: 2000 },
  )
})

test('a condition is checked before it is used, and the place of what is wrong is told', () => {
  const valid: unknown[] = [{ field: 'a', exists: false }, { all: [{ any: [{ not: { field: 'a', equals: 0 } }] }] }]
  for (const condition of valid) assert.deepEqual(conditionSchema.parse(condition), condition)
  const invalid: [unknown, RegExp][] = [
    [{}, /must be a condition/],
    ['x', /must be a condition/],
    [{ field: 'a' }, /exactly one/],
    [{ field: 'a', equals: 1, regex: 'x' }, /exactly one/],
    [{ field: 'a', equal: 1 }, /equal/],
    [{ all: [] }, /./],
    [{ all: [{ field: 'a', equals: 1 }], any: [] }, /any/],
    [{ not: { field: '', exists: true } }, /./],
    [nested(17), /deep/],
    [{ all: Array.from({ length: 257 }, () => ({ field: 'a', exists: true })) }, /./],
  ]
  for (const [condition, message] of invalid) {
    const result = conditionSchema.safeParse(condition)
    assert.equal(result.success, false, JSON.stringify(condition).slice(0, 60))
    assert.match(result.error!.message, message)
  }
  const inner = conditionSchema.safeParse({ all: [{ field: 'a', exists: true }, { not: { field: 'b' } }] })
  assert.deepEqual(inner.error?.issues[0]?.path, ['all', 1, 'not'])
})

test('a condition that is nested very deep is refused, not a crash', () => {
  assert.equal(conditionSchema.safeParse(nested(20_000)).success, false)
})

test('a pattern that is refused names its place', () => {
  assert.throws(
    () => compileMatcher({ any: [{ field: 'a', exists: true }, { not: { field: 'b', regex: '(?=a)' } }] }, 'when'),
    (error) =>
      error instanceof StreamgateError && error.code === 'SG_PATTERN_UNSAFE' && error.path === 'when/any/1/not/regex',
  )
})

function expected(test: { equals?: string; contains?: string }, text: string): boolean {
  let value: unknown
  try {
    value = JSON.parse(text).f
  } catch {
    return false
  }
  if (value === undefined || value === null) return false
  const plain = String(value)
  return test.equals === undefined ? plain.includes(test.contains!) : plain === test.equals
}

/** The same JSON with the letters of its strings as escapes. */
function escapeAll(json: string): string {
  return json.replace(/[a-zé](?=[^"]*"[,}])/g, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

function nested(depth: number): unknown {
  let condition: unknown = { field: 'a', exists: true }
  for (let i = 1; i < depth; i++) condition = { not: condition }
  return condition
}
