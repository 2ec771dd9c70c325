import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseText, rewritten, textOf } from './yaml-text.ts'

const text = `# what the web servers say
id: web
sources: [tcp]
processors:
  # chatty
  - id: drop_debug
    type: filter
    params:
      pattern: "("
  - id: hide
    type: redact
    params: {}
`

test('a pointer leads to its line, to the key where the key is wrong, and else to what is around it', () => {
  const { problems, placeOf } = parseText(text)
  assert.deepEqual(problems, [])
  assert.deepEqual(
    ['/id', '/processors/0/params/pattern', '/processors/1', '/processors/1/params/none', '/none', ''].map(
      (pointer) => placeOf(pointer).line,
    ),
    [2, 9, 10, 12, 1, 1],
  )
  const { from, to } = placeOf('/processors/0/params/pattern')
  assert.equal(text.slice(from, to), '"("')
})

test('keys with a slash or a tilde are found', () => {
  assert.equal(parseText('a/b:\n  c~d: 1\n').placeOf('/a~1b/c~0d').line, 2)
})

test('text that is no YAML has its problem located, and no value', () => {
  const { value, problems } = parseText('id: web\nsources: [tcp\noutputs: []\n')
  assert.equal(value, undefined)
  assert.ok(problems.length > 0)
  assert.ok(problems[0]!.line >= 2)
})

test('a chain of aliases does not blow up', () => {
  const bomb = `${[...'abcdefgh']
    .map(
      (name, i) =>
        `${name}: &${name} [${
          i === 0
            ? 'x'
            : Array(9)
                .fill(`*${'abcdefgh'[i - 1]}`)
                .join(',')
        }]`,
    )
    .join('\n')}\n`
  const { problems } = parseText(bomb)
  assert.equal(problems.length, 1)
})

test('comments stay at what stays while other views change the value', () => {
  const value = parseText(text).value as { processors: unknown[]; unknown?: unknown }
  const [first, second] = value.processors
  const moved = { ...value, processors: [second, { id: 'new', type: 'sample' }, first], unknown: { kept: 1 } }
  const after = rewritten(text, moved)
  assert.deepEqual(parseText(after).value, moved)
  assert.match(after, /# what the web servers say/)
  assert.match(after, /# chatty/)
  assert.match(after, /pattern: "\("/, 'quotes stay as they were')
})

test('values survive the way to text and back', () => {
  const value = { id: 'x', on: 'yes', number: '12', long: 'a '.repeat(200), empty: null, list: [], text: 'a\nb' }
  assert.deepEqual(parseText(textOf(value)).value, value)
  assert.deepEqual(parseText(rewritten('no: [yaml', value)).value, value)
})
