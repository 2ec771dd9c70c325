import assert from 'node:assert/strict'
import { test } from 'node:test'
import { branchOf, controlOf, entriesOf, fits, labelOf, unknownKeys } from './schema.ts'

test('labels are words, without the unit', () => {
  const cases: [string, 'ms' | 'bytes' | undefined, string][] = [
    ['keep_ratio', undefined, 'Keep ratio'],
    ['window_ms', 'ms', 'Window'],
    ['body_bytes_max', 'bytes', 'Body max'],
    ['max_bytes', 'bytes', 'Max bytes'],
    ['url', undefined, 'URL'],
    ['api_keys', undefined, 'API keys'],
    ['grpc', undefined, 'gRPC'],
  ]
  for (const [key, unit, label] of cases) assert.equal(labelOf({ key, ...(unit !== undefined && { unit }) }), label)
})

test('what is not as the schema has it is not taken for it', () => {
  const list = controlOf({ type: 'array', items: { type: 'string' } })
  assert.ok(!fits(list, 'one'))
  assert.ok(!fits(list, [1, { a: 2 }]))
  assert.ok(fits(list, ['one']))
  assert.ok(!fits(controlOf({ type: 'string' }), 5))
  assert.deepEqual(unknownKeys(entriesOf({ type: 'object', properties: { a: { type: 'string' } } }), { a: 1, b: 2 }), [
    'b',
  ])
})

test('a value is shown by the branch that takes it', () => {
  const control = controlOf({
    anyOf: [
      { type: 'boolean', const: false },
      { type: 'object', properties: {} },
    ],
  })
  assert.ok(control.kind === 'choice')
  assert.deepEqual(
    control.branches.map(({ label }) => label),
    ['Off', 'With options'],
  )
  assert.equal(branchOf(control.branches, undefined), -1)
  assert.equal(branchOf(control.branches, false), 0)
  assert.equal(branchOf(control.branches, { listen: 'x' }), 1)
  const either = controlOf({ anyOf: [{ type: 'string' }, { type: 'integer' }] })
  assert.ok(either.kind === 'choice')
  assert.equal(branchOf(either.branches, 200), 1)
  assert.equal(branchOf(either.branches, '200-399'), 0)
})
