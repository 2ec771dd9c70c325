import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compared, readable } from '#ui/kit/record-sides.ts'

test('JSON is laid out, what only looks like it is not, and bytes say what they are', () => {
  assert.equal(readable({ text: '{"a":1}' }), '{\n  "a": 1\n}')
  assert.equal(readable({ text: '{half' }), '{half')
  assert.equal(readable({ text: '7' }), '7')
  assert.equal(readable({ base64: 'AP8=' }), '(not text, in base64)\nAP8=')
})

test('lines differ where their words do', () => {
  const before = readable({ text: '{"user":"ann","ssn":"123-45-6789","n":1}' })
  const after = readable({ text: '{"user":"ann","ssn":"[ssn]","n":1}' })
  const sides = compared(before, after)
  assert.deepEqual(
    sides.before.map(({ differs }) => differs),
    [false, false, true, false, false],
  )
  const [old, fresh] = [sides.before[2]!, sides.after[2]!]
  assert.ok(fresh.differs)
  assert.match(old.spans.map(([from, to]) => old.text.slice(from, to)).join(), /123/)
  assert.match(fresh.spans.map(([from, to]) => fresh.text.slice(from, to)).join(), /ssn|\[/)
})

test('nothing differs in what is equal', () => {
  const sides = compared('a\nb', 'a\nb')
  assert.ok([...sides.before, ...sides.after].every(({ differs, spans }) => !differs && spans.length === 0))
})
