import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isJsonObject, JSON_DEPTH_MAX } from './validate.ts'

/** Between other bytes, of which none may count. */
function judge(record: string): boolean {
  const bytes = Buffer.from(`{"a":${record}}1`)
  return isJsonObject(bytes, 5, bytes.length - 2)
}

function parses(record: string): boolean {
  try {
    const value: unknown = JSON.parse(record)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
  } catch {
    return false
  }
}

test('objects are told from what only looks like one', () => {
  const values = [
    '1',
    '-0',
    '0.5',
    '1e5',
    '1E+05',
    '-1.5e-3',
    '"a"',
    '"\\u00eF\\n\\/"',
    'true',
    'false',
    'null',
    '{}',
    '[]',
    '[[],{}]',
    ' [ 1 , { } ] ',
  ]
  const broken = [
    '',
    '01',
    '-',
    '+1',
    '.5',
    '1.',
    '1e',
    '1e+',
    '0x1',
    'tru',
    'truE',
    'nul',
    'NaN',
    "'a'",
    '"',
    '"\\',
    '"\\x"',
    '"\\u12"',
    '"\\u12g4"',
    '"a\tb"',
    '"a\u0000"',
    '[1',
    '[1,]',
    '[,1]',
    '[1 2]',
    '[}',
    '{]',
    '{"a"}',
    '{"a":}',
    '{a:1}',
    '{"a":1,}',
    '{,}',
    '{"a" 1}',
    '1 1',
    '-a',
    '1-1',
    '--1',
    '00',
  ]
  for (const value of [...values, ...broken]) {
    for (const record of [
      `{"k":${value}}`,
      `{ "k" : [${value}] }\r`,
      `{"j":1,"k":${value},"l":[]}`,
      value,
      `${value}{}`,
      `{}${value}`,
    ]) {
      assert.equal(judge(record), parses(record), record)
    }
  }
  for (const value of values) assert.ok(judge(`{"k":${value}}`), value)
  for (const value of broken) assert.ok(!judge(`{"k":${value}}`), value)
})

test('what JSON.parse takes for an object is one, and nothing else, however it is changed', () => {
  const value = fc
    .jsonValue({ maxDepth: 4 })
    .chain((json) => fc.constantFrom(JSON.stringify({ json }), JSON.stringify({ json }, null, 1)))
  const change = fc.record({
    at: fc.nat(200),
    remove: fc.nat(2),
    insert: fc.string({ unit: fc.constantFrom(...'{}[]",:\\ \n\t\u0001-+.0e1tfnué'), maxLength: 2 }),
  })
  fc.assert(
    fc.property(value, fc.array(change, { maxLength: 2 }), (text, changes) => {
      let record = text
      for (const { at, remove, insert } of changes) {
        const here = at % (record.length + 1)
        record = record.slice(0, here) + insert + record.slice(here + remove)
      }
      assert.equal(judge(record), parses(record), record)
    }),
    { seed: 20_268, numRuns: 5000 },
  )
})

test('random tokens are judged as JSON.parse judges them', () => {
  const token = fc.constantFrom(
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '"a"',
    '"',
    '\\',
    '1',
    '-',
    '.',
    'e',
    'true',
    'null',
    ' ',
    '\n',
    '\u0000',
    '"a":',
    '{"a":',
  )
  fc.assert(
    fc.property(fc.array(token, { maxLength: 9 }), (tokens) => {
      const record = `{${tokens.join('')}}`
      assert.equal(judge(record), parses(record), record)
    }),
    { seed: 20_269, numRuns: 20_000 },
  )
})

test('what is nested too deep is not taken for JSON, and nothing overflows', () => {
  const nested = (depth: number) => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`
  assert.ok(judge(nested(JSON_DEPTH_MAX)))
  assert.ok(!judge(nested(JSON_DEPTH_MAX + 1)))
  assert.ok(!judge('{"a":['.repeat(200_000)))
})
