/** Several engines: order per connection, and state that is right for the node. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startNode } from '#test/support/node-harness.ts'

test('with several engines each connection keeps its order, and nothing is lost', async () => {
  await using it = await startNode({ engines: 3, processors: [{ type: 'filter', options: { value: 'DEBUG' } }] })
  const connections = 7
  for (let round = 0; round < 200; round++) {
    for (let origin = 0; origin < connections; origin++)
      it.put([`${origin} ${round} a`, `${origin} ${round} DEBUG`, `${origin} ${round} b`], origin)
  }
  const books = await it.settle()
  assert.equal(books.in.records, connections * 600)
  assert.equal(books.dropped.records, connections * 200)
  for (let origin = 0; origin < connections; origin++) {
    const own = it.out.filter((line) => line.startsWith(`${origin} `))
    const expected = Array.from({ length: 200 }, (_, round) => [`${origin} ${round} a`, `${origin} ${round} b`]).flat()
    assert.deepEqual(own, expected)
  }
})

test('dedupe is right for the node: of one record through many engines one passes', async () => {
  await using it = await startNode({ engines: 3, processors: [{ type: 'dedupe', options: { window_ms: 86_400_000 } }] })
  for (let i = 0; i < 300; i++) it.put(['the same', `only ${i}`, 'the same'], i)
  const books = await it.settle()
  assert.equal(it.out.filter((line) => line === 'the same').length, 1)
  assert.equal(it.out.length, 301)
  assert.equal(books.deduplicated.records, 599)
})

test('an engine that ends takes no record along, not even one that dedupe has just let pass', async () => {
  await using it = await startNode({
    processors: [
      { type: 'dedupe', options: { window_ms: 86_400_000 } },
      { type: 'fault_exit', options: { on: 'FAULT', times: 1 } },
    ],
    failOpen: { stallMs: 20_000, killMs: 25_000 },
  })
  it.put(['first', 'FAULT', 'last', 'first'])
  const books = await it.settle()
  assert.deepEqual(it.out, ['first', 'FAULT', 'last'])
  assert.equal(books.deduplicated.records, 1)
})
