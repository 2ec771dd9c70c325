import assert from 'node:assert/strict'
import { test } from 'node:test'
import { catalogOf } from '#config/catalog.ts'
import { registry } from '#registry.ts'
import { masked, restored, Unrestorable } from './masking.ts'

const document = (key: string, url: string, replacement: string) => ({
  outputs: [{ id: 'o', url, headers: { 'x-team': key }, api_key: key }],
  pipelines: [{ id: 'p', processors: [{ id: 'r', params: { replacement } }] }],
})

test('what is masked keeps its value on the way back', () => {
  const stored = document('one', 'https://user:password@host/', 'XXX')
  const shown = masked(stored)
  assert.deepEqual(shown, document('[redacted]', 'https://user:[redacted]@host/', 'XXX'))
  assert.deepEqual(restored(shown, stored), stored)
})

test('where nothing is masked, the same text stands for itself', () => {
  const stored = document('one', 'https://host/', 'XXX')
  const next = document('[redacted]', 'https://host/', '[redacted]')
  assert.deepEqual(restored(next, stored), document('one', 'https://host/', '[redacted]'))
  const rule = { id: 'r', params: { replacement: 'was [redacted]' } }
  assert.deepEqual(restored(rule, undefined), rule)
})

test('a mask that has nothing to stand for is told with its place', () => {
  const next = document('[redacted]', 'https://user:[redacted]@host/', 'XXX')
  assert.throws(
    () => restored(next, document('one', 'https://other:password@host/', 'XXX')),
    (error: Unrestorable) => error instanceof Unrestorable && error.pointers.join() === '/outputs/0/url',
  )
  assert.throws(() => restored(next, undefined), {
    pointers: ['/outputs/0/url', '/outputs/0/headers/x-team', '/outputs/0/api_key'],
  })
})

test('every option that a component makes a secret of is masked', () => {
  const secrets: string[] = []
  const collect = (schema: unknown, name: string): void => {
    if (typeof schema !== 'object' || schema === null) return
    if ('format' in schema && schema.format === 'password') secrets.push(name)
    for (const [key, part] of Object.entries(schema))
      collect(part, /^(properties|items|anyOf|\d+)$/.test(key) ? name : key)
  }
  for (const { type, schema } of catalogOf(registry).components) collect(schema, type)
  assert.ok(secrets.length > 20)
  for (const name of secrets.filter((name) => name !== 'additionalProperties'))
    assert.deepEqual(masked({ [name]: 'x' }), { [name]: '[redacted]' })
})
