import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MemoryBus } from './memory-bus.ts'

test('every subscriber hears every manifest, and their number is told', async () => {
  const bus = new MemoryBus()
  assert.equal(await bus.publish('before anyone listens'), 0)
  const heard: string[] = []
  bus.subscribe((manifest) => heard.push(`one ${manifest}`))
  bus.subscribe((manifest) => heard.push(`two ${manifest}`))
  assert.equal(await bus.publish('a'), 2)
  assert.equal(await bus.publish('b'), 2)
  assert.deepEqual(heard, ['one a', 'two a', 'one b', 'two b'])
})
