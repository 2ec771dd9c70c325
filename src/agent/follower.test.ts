import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { silentLogger } from '#observe/log.ts'
import { Follower } from './follower.ts'

/** Applies what it is given, each time when the test says so. */
class Works {
  readonly applied: string[] = []
  #open: PromiseWithResolvers<void> | undefined
  held = false
  readonly apply = async (manifest: string, hash: string): Promise<void> => {
    assert.equal(hash, hashOf(manifest))
    this.applied.push(manifest)
    if (this.held) {
      this.#open = Promise.withResolvers<void>()
      await this.#open.promise
    }
    if (manifest.startsWith('bad')) throw new Error(`${manifest} is refused`)
  }
  async release(): Promise<void> {
    this.#open?.resolve()
    await turn()
  }
}

function start() {
  const works = new Works()
  const follower = new Follower(works.apply, silentLogger)
  const states: string[] = []
  follower.onChange = () => states.push(follower.failed === null ? 'RUNNING' : 'FAILED')
  return { works, follower, states }
}

test('a manifest is applied, and what runs is known by its hash', async () => {
  const { works, follower, states } = start()
  assert.equal(follower.running, null)
  follower.offer('one')
  await turn()
  assert.deepEqual(works.applied, ['one'])
  assert.equal(follower.running, hashOf('one'))
  assert.deepEqual(states, ['RUNNING'])
})

test('what runs already is not applied again', async () => {
  const { works, follower } = start()
  follower.started(hashOf('one'))
  follower.offer('one')
  await turn()
  assert.deepEqual(works.applied, [])
  follower.offer('two')
  await turn()
  follower.offer('two')
  await turn()
  assert.deepEqual(works.applied, ['two'])
})

test('of those that come while one is being applied only the newest counts', async () => {
  const { works, follower } = start()
  works.held = true
  follower.offer('one')
  for (let i = 2; i <= 100; i++) follower.offer(`number ${i}`)
  await turn()
  assert.deepEqual(works.applied, ['one'])
  assert.equal(follower.running, null, 'it does not run before it is applied')
  await works.release()
  assert.deepEqual(works.applied, ['one', 'number 100'])
  await works.release()
  assert.equal(follower.running, hashOf('number 100'))
  follower.offer('after')
  await turn()
  assert.equal(works.applied.at(-1), 'after')
})

test('the same one again while it is being applied is applied once', async () => {
  const { works, follower } = start()
  works.held = true
  follower.offer('one')
  follower.offer('one')
  await works.release()
  await works.release()
  assert.deepEqual(works.applied, ['one'])
})

test('a refusal changes nothing, has its reason, and ends with the next good one', async () => {
  const { works, follower, states } = start()
  follower.offer('one')
  await turn()
  follower.offer('bad')
  await turn()
  assert.equal(follower.running, hashOf('one'))
  assert.deepEqual(follower.failed, { hash: hashOf('bad'), reason: 'bad is refused' })
  follower.offer('two')
  await turn()
  assert.equal(follower.running, hashOf('two'))
  assert.equal(follower.failed, null)
  assert.deepEqual(states, ['RUNNING', 'FAILED', 'RUNNING'])
  assert.deepEqual(works.applied, ['one', 'bad', 'two'])
})

test('going back to what runs after a refusal ends the failure without applying anything', async () => {
  const { works, follower, states } = start()
  follower.offer('one')
  await turn()
  follower.offer('bad')
  await turn()
  follower.offer('one')
  await turn()
  assert.equal(follower.failed, null)
  assert.deepEqual(works.applied, ['one', 'bad'])
  assert.deepEqual(states, ['RUNNING', 'FAILED', 'RUNNING'])
})

test('what was refused is tried again when it is published again: the reason may be gone', async () => {
  const { works, follower } = start()
  follower.offer('bad')
  await turn()
  follower.offer('bad')
  await turn()
  assert.deepEqual(works.applied, ['bad', 'bad'])
})

function hashOf(manifest: string): string {
  return createHash('sha256').update(manifest).digest('hex')
}
