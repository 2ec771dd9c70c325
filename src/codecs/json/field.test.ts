import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { decode, findValue, isObjectText, type JsonKind } from './field.ts'

/** Kind and raw text of the value at a path; the record stands in the middle of other text. */
function find(record: string, ...path: string[]): [JsonKind, string] | undefined {
  const text = `"x":1,}${record}\n{"a":"other"}`
  const value = findValue(text, 7, 7 + record.length, path)
  return value === undefined ? undefined : [value.kind, text.slice(value.from, value.to)]
}

test('a value is found by its path, whatever stands around it', () => {
  assert.deepEqual(find('{"a":"b"}', 'a'), ['string', 'b'])
  assert.deepEqual(find(' { "z" : [1,{"a":2}] , "a" : -1.5e3 } ', 'a'), ['number', '-1.5e3'])
  assert.deepEqual(find('{"s":"}],\\"","a":true}', 'a'), ['boolean', 'true'])
  assert.deepEqual(find('{"a":{"b":{"c":null}}}', 'a', 'b', 'c'), ['null', 'null'])
  assert.deepEqual(find('{"a":{"b":1}}', 'a'), ['object', '{"b":1}'])
  assert.deepEqual(find('{"a":[1,"]"]}', 'a'), ['array', '[1,"]"]'])
  assert.deepEqual(find('{"a.b":1,"a":{"b":2}}', 'a.b'), ['number', '1'])
  assert.deepEqual(find('{"\\u0061":1}', 'a'), ['number', '1'])
  assert.deepEqual(find('{"":1}', ''), ['number', '1'])
  assert.deepEqual(find('{"ab":1,"a":""}', 'a'), ['string', ''])
})

test('of equal keys the first counts', () => {
  assert.deepEqual(find('{"a":1,"a":2}', 'a'), ['number', '1'])
})

test('what stands behind the value is not looked at', () => {
  assert.deepEqual(find('{"a":1,nonsense', 'a'), ['number', '1'])
})

test('what is not there, or is not JSON up to there, is not found', () => {
  const cases = [
    '{"b":1}',
    '{}',
    '',
    '[{"a":1}]',
    '"a"',
    '{"a"}',
    '{"a":}',
    '{"a":tru}',
    '{"a":01}',
    '{"a":"x',
    '{a:1}',
    "{'a':1}",
    '{"b":1 "a":2}',
    '{,"a":1}',
    '{"b":,"a":1}',
    '{"b" "a":1}',
    '{"b":[1,"a":1}',
    '{"a":+1}',
    '{"a":.5}',
    '{"a":NaN}',
  ]
  for (const record of cases) assert.equal(find(record, 'a'), undefined, record)
  assert.equal(find('{"a":"b"}', 'a', 'b'), undefined)
})

test('strings are decoded as JSON decodes them', () => {
  for (const raw of ['plain', 'a\\n\\t\\"\\\\\\/', '\\u00e9\\ud83d\\ude00']) {
    assert.equal(decode(`..${raw}..`, 2, 2 + raw.length), JSON.parse(`"${raw}"`))
  }
  assert.equal(decode('a\\x', 0, 3), 'a\\x', 'what is no JSON string stays as it is')
})

test('an object is told by its braces', () => {
  for (const [text, expected] of [
    ['{}', true],
    [' {"a":1}\r', true],
    ['{', false],
    ['[]', false],
    ['', false],
    ['a{}', false],
  ] as const) {
    assert.equal(isObjectText(`}${text}{`, 1, 1 + text.length), expected, text)
  }
})

test('every value of every object is found as JSON.parse finds it', () => {
  fc.assert(
    fc.property(
      fc.jsonValue({ maxDepth: 4 }).map((value) => JSON.parse(JSON.stringify(value))),
      fc.boolean(),
      (inner, spaced) => {
        const record = JSON.stringify({ first: 'x', inner, last: 1 }, null, spaced ? 2 : 0)
        for (const [path, expected] of leaves({ inner })) {
          const value = findValue(record, 0, record.length, path)
          assert.ok(value, `${path} in ${record}`)
          const raw = record.slice(value.from, value.to)
          assert.deepEqual(value.kind === 'string' ? decode(raw, 0, raw.length) : JSON.parse(raw), expected)
        }
        assert.ok(findValue(record, 0, record.length, ['last']))
      },
    ),
    { seed: 20_265, numRuns: 500 },
  )
})

test('no text at all makes it throw or look outside of its range', () => {
  const text = fc.string({
    unit: fc.constantFrom('{', '}', '[', ']', '"', '\\', ':', ',', 'a', '1', ' ', 'u'),
    maxLength: 30,
  })
  fc.assert(
    fc.property(text, (record) => {
      const value = findValue(`{"a":1,${record}"a":1}`, 7, 7 + record.length, ['a'])
      assert.ok(value === undefined || (value.from >= 7 && value.to <= 7 + record.length))
    }),
    { seed: 20_266, numRuns: 3000 },
  )
})

/** Every value below objects, with its path. */
function leaves(value: object, path: string[] = []): [string[], unknown][] {
  return Object.entries(value).flatMap(([key, inner]): [string[], unknown][] => {
    const here = [...path, key]
    const below = typeof inner === 'object' && inner !== null && !Array.isArray(inner) ? leaves(inner, here) : []
    return [[here, inner], ...below]
  })
}
