import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DiffEntry } from '#contract/configuration.ts'
import { changesSummary, changeWords, targetOf } from '#ui/editor/diff-view-words.ts'

const RULE = 'pipelines/p/processors/drop_debug'

test('each kind of change is one sentence', () => {
  const cases: [DiffEntry, string][] = [
    [{ op: 'add', path: RULE, position: 0, after: { id: 'drop_debug' } }, 'Rule drop_debug in pipeline p added'],
    [{ op: 'remove', path: 'outputs/vendor', before: { id: 'vendor' } }, 'Output vendor removed'],
    [{ op: 'move', path: RULE, from: 2, position: 0 }, 'Rule drop_debug in pipeline p moved 3 → 1'],
    [{ op: 'change', path: 'pipelines/p', fields: ['batch'], before: {}, after: {} }, 'Pipeline p changed'],
    [{ op: 'change', path: 'version', fields: ['version'], before: 1, after: 2 }, 'Setting version changed'],
    [{ op: 'change', path: 'files', fields: ['files'], before: {}, after: {} }, 'Files changed'],
  ]
  for (const [entry, sentence] of cases) {
    const { kind, name, where, what } = changeWords(entry)
    assert.equal([kind, name, where, what].filter((part) => part !== '').join(' '), sentence)
  }
})

test('changed fields are told down to the value that differs', () => {
  const before = { params: { value: 'DEBUG', case: true } }
  const after = { params: { value: 'TRACE', case: true }, when: { field: 'service', equals: 'a' } }
  const { details } = changeWords({ op: 'change', path: RULE, fields: ['params', 'when'], before, after })
  assert.deepEqual(details, [
    { field: 'params.value', before: 'DEBUG', after: 'TRACE', isSecret: false },
    { field: 'when.field', after: 'service', isSecret: false },
    { field: 'when.equals', after: 'a', isSecret: false },
  ])
})

test('a masked value that differs says so and shows nothing', () => {
  const side = { headers: { 'x-key': '[redacted]' } }
  const { details } = changeWords({ op: 'change', path: 'outputs/o', fields: ['headers'], before: side, after: side })
  assert.deepEqual(details, [{ field: 'headers.x-key', before: '[redacted]', after: '[redacted]', isSecret: true }])
})

test('a new part tells its fields, without its id and empty lists; long values are cut', () => {
  const after = { id: 'p', sources: [], processors: [{ id: 'a' }, { id: 'b' }], note: 'x'.repeat(500) }
  const { details } = changeWords({ op: 'add', path: 'pipelines/p', position: 0, after })
  assert.deepEqual(
    details.map(({ field, after: text }) => [field, text?.length === 160 ? 'cut' : text]),
    [
      ['processors', 'a, b'],
      ['note', 'cut'],
    ],
  )
})

test('a summary counts by kind of change', () => {
  const entries: DiffEntry[] = [
    { op: 'add', path: RULE },
    { op: 'add', path: 'outputs/o' },
    { op: 'move', path: RULE, from: 0, position: 1 },
  ]
  assert.equal(changesSummary(entries), '2 added, 1 moved')
  assert.equal(changesSummary([]), 'No differences')
})

test('paths lead to the part', () => {
  assert.deepEqual(targetOf(RULE), { list: 'processors', id: 'drop_debug', pipeline: 'p' })
  assert.deepEqual(targetOf('outputs/o'), { list: 'outputs', id: 'o', pipeline: undefined })
})
