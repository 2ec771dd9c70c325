import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { fromText } from '#std/bytes.ts'
import { eachMember, Members } from './members.ts'

const SEED = 20_261_121

function read(text: string, names = ['a', 'b', 'event']) {
  const bytes = fromText(`${text}}]"`)
  const members = new Members(names)
  const end = members.read(bytes, 0, fromText(text).length)
  const found = names.map((_, i) => (members.has(i) ? bytes.toString('utf8', members.from[i], members.to[i]) : null))
  return { end, found, count: members.count }
}

test('members are found by name, whatever stands around them', () => {
  for (const [text, found] of [
    ['{}', [null, null, null]],
    [' {"a":1}', undefined],
    ['{"a":1}', ['1', null, null]],
    ['{ "a" : "x}\\"" , "event":{"a":[{"b":2}]},"b":null }', ['"x}\\""', 'null', '{"a":[{"b":2}]}']],
    ['{"a":1,"a":2}', ['2', null, null]],
    ['{"\\u0061":1}', [null, null, null]],
    ['{"a":1', undefined],
    ['{"a"', undefined],
    ['{"a":"x', undefined],
    ['{"a":"x\\', undefined],
    ['{"a":{', undefined],
    ['{"a" 1}', undefined],
    ['{"a":}', undefined],
    ['{"a":1 "b":2}', undefined],
    ['{a:1}', undefined],
    ['[]', undefined],
    ['', undefined],
  ] as const) {
    const got = read(text)
    if (found === undefined) assert.equal(got.end, -1, text)
    else assert.deepEqual([got.end, got.found], [text.length, found], text)
  }
})

test(`what JSON.parse finds in any object is found (seed ${SEED})`, () => {
  const object = fc.dictionary(fc.string({ minLength: 1, maxLength: 3 }), fc.jsonValue({ maxDepth: 2 }))
  fc.assert(
    fc.property(object, fc.constantFrom(undefined, 1), (value, indent) => {
      const text = JSON.stringify(value, null, indent)
      const parsed = JSON.parse(text) as Record<string, unknown>
      const { end, found, count } = read(text)
      assert.equal(end, fromText(text).length)
      assert.equal(count, Object.keys(parsed).length)
      assert.deepEqual(
        found.map((each) => (each === null ? undefined : JSON.parse(each))),
        ['a', 'b', 'event'].map((name) => (Object.hasOwn(parsed, name) ? parsed[name] : undefined)),
      )
      const bytes = fromText(text)
      const rebuilt: [string, unknown][] = []
      eachMember(bytes, 0, bytes.length, (keyFrom, keyTo, from, to) => {
        rebuilt.push([JSON.parse(bytes.toString('utf8', keyFrom, keyTo)), JSON.parse(bytes.toString('utf8', from, to))])
      })
      assert.deepEqual(rebuilt, Object.entries(parsed))
    }),
    { seed: SEED, numRuns: 500 },
  )
})
