import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sharedMemory as plainMemory } from './shared-memory.browser.ts'
import { sharedMemory } from './shared-memory.ts'

test('a node has shared memory, and plain memory does the same for one engine', () => {
  assert.ok(sharedMemory(8) instanceof SharedArrayBuffer)
  assert.ok((plainMemory(8) as unknown) instanceof ArrayBuffer)
  const verdicts = [sharedMemory, plainMemory].map((memoryOf) => {
    const words = new Int32Array(memoryOf(16))
    Atomics.compareExchange(words, 0, 0, 7)
    Atomics.notify(words, 0, 1)
    return [...words, Atomics.add(words, 1, 3), Atomics.load(words, 1)]
  })
  assert.deepEqual(verdicts[1], verdicts[0])
})
