/** Patterns that explode elsewhere, in real engines, on the text that makes them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { enableLinearRegex } from '#std/pattern/linear.ts'
import { numbered, startNode } from '#test/support/node-harness.ts'

enableLinearRegex()
const exploding = ['(a+)+$', '(a|a)*$', '(.*)*x', '([a-zA-Z]+)*$', '^(\\w+\\s?)*$']

test('no known catastrophic pattern holds up an engine, or the lines behind', async () => {
  const processors = exploding.map((pattern) => ({
    type: 'redact',
    options: { pattern, replacement: '<$&>' },
    required: true,
  }))
  await using it = await startNode({ processors, failOpen: { stallMs: 5_000, killMs: 10_000 } })
  const hostile = ['a'.repeat(5_000), `${'a'.repeat(5_000)}!`, `${'word '.repeat(1_000)}!`]
  for (let i = 0; i < 5; i++) it.put([...numbered(i * 100, 100), ...hostile])
  const books = await it.settle()
  assert.equal(books.forwarded.records, 5 * (100 + hostile.length))
  assert.equal(it.node.stats().engines[0]!.restarts, 0)
})
