import assert from 'node:assert/strict'
import { test } from 'node:test'
import { affected, forEachOf, outcome } from '#ui/screens/fleet/bulk.ts'

const many = [...Array(20).keys()].map((i) => ({ name: `g${i}`, online: i % 2 === 0 }))

test('all are tried, a few at a time, and failures are named', async () => {
  let [running, most, progress] = [0, 0, 0]
  const result = await forEachOf(
    many,
    async ({ name }) => {
      most = Math.max(most, ++running)
      await new Promise((resolve) => setImmediate(resolve))
      running--
      if (name === 'g7') throw new Error('it does not take the command')
    },
    (finished) => {
      progress = finished
    },
  )
  assert.deepEqual(result, { done: 19, failures: [{ name: 'g7', reason: 'it does not take the command' }] })
  assert.equal(progress, 20)
  assert.ok(most > 1 && most <= 6, `${most} at once`)
})

test('what is asked before, and told after', () => {
  assert.equal(affected(many.slice(0, 1)), '1 gateway')
  assert.equal(affected(many), '20 gateways, 10 of them offline')
  assert.equal(outcome({ done: 3, failures: [] }, 'Labelled'), 'Labelled: 3 gateways')
  const failed = { done: 1, failures: [{ name: 'a', reason: 'b' }] }
  assert.equal(outcome(failed, 'Told'), 'Told: 1 of 2 gateways; 1 could not be done')
})
