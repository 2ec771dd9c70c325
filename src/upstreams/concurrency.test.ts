import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Concurrency, type LoadSign } from './concurrency.ts'

const never = new AbortController().signal
const LONG_MS = 600_000

/** As many results as `rounds` times the limit, from callers who ask again at once. */
function rounds(concurrency: Concurrency, count: number, sign: LoadSign, latencyMs: number): void {
  const fill = () => {
    while (concurrency.active < concurrency.limit) concurrency.enter(never, LONG_MS)
  }
  fill()
  for (let i = count * concurrency.limit; i > 0; i--) {
    concurrency.leave(sign, latencyMs)
    fill()
  }
}

test('a fixed limit lets so many in, lines up others in order, and turns away the rest', async () => {
  const concurrency = new Concurrency({ adaptive: false, min: 1, max: 2 }, 2)
  const order: number[] = []
  assert.equal(concurrency.enter(never, LONG_MS), 'granted')
  assert.equal(concurrency.enter(never, LONG_MS), 'granted')
  const third = Promise.resolve(concurrency.enter(never, LONG_MS)).then(() => order.push(3))
  const fourth = Promise.resolve(concurrency.enter(never, LONG_MS)).then(() => order.push(4))
  assert.equal(concurrency.enter(never, LONG_MS), 'overflow')
  assert.equal(concurrency.waiting, 2)
  concurrency.leave('ok', 1)
  concurrency.leave('ok', 1)
  await Promise.all([third, fourth])
  assert.deepEqual(order, [3, 4])
  assert.equal(concurrency.active, 2)
})

test('who waits can be taken back, or waits too long, and leaves the line', async () => {
  const concurrency = new Concurrency({ adaptive: false, min: 1, max: 1 }, 10)
  concurrency.enter(never, LONG_MS)
  const abort = new AbortController()
  const aborted = concurrency.enter(abort.signal, LONG_MS)
  const late = concurrency.enter(never, 1)
  abort.abort()
  assert.equal(await aborted, 'aborted')
  assert.equal(await late, 'timeout')
  assert.equal(concurrency.waiting, 0)
  concurrency.leave('ok', 1)
  assert.equal(concurrency.active, 0)
})

test('an adaptive limit grows by one a round while latency holds, up to its maximum', () => {
  const concurrency = new Concurrency({ adaptive: true, min: 1, max: 30 }, 10)
  assert.equal(concurrency.limit, 20)
  rounds(concurrency, 5, 'ok', 10)
  assert.ok(concurrency.limit >= 24 && concurrency.limit <= 25, `limit ${concurrency.limit}`)
  rounds(concurrency, 50, 'ok', 10)
  assert.equal(concurrency.limit, 30)
})

test('it does not grow when nobody needs it', () => {
  const concurrency = new Concurrency({ adaptive: true, min: 1, max: 30 }, 10)
  for (let i = 0; i < 1000; i++) {
    concurrency.enter(never, LONG_MS)
    concurrency.leave('ok', 10)
  }
  assert.equal(concurrency.limit, 20)
})

test('it shrinks by a tenth a round when the server has too much, and when latency rises, down to its minimum', () => {
  const refused = new Concurrency({ adaptive: true, min: 4, max: 100 }, 10)
  rounds(refused, 1, 'overloaded', 1)
  assert.equal(refused.limit, 18)
  rounds(refused, 50, 'overloaded', 1)
  assert.equal(refused.limit, 4)
  const slow = new Concurrency({ adaptive: true, min: 4, max: 100 }, 10)
  rounds(slow, 1, 'ok', 10)
  const before = slow.limit
  rounds(slow, 4, 'ok', 100)
  assert.ok(slow.limit < before, `${slow.limit} is not below ${before}`)
})

test('a latency that stays becomes the new normal, and the limit grows again', () => {
  const concurrency = new Concurrency({ adaptive: true, min: 2, max: 100 }, 10)
  rounds(concurrency, 1, 'ok', 10)
  rounds(concurrency, 100, 'ok', 100)
  const low = concurrency.limit
  rounds(concurrency, 1000, 'ok', 100)
  assert.ok(concurrency.limit > low, `${concurrency.limit} is not above ${low}`)
})

test('failures to connect say nothing about load', () => {
  const concurrency = new Concurrency({ adaptive: true, min: 1, max: 100 }, 10)
  rounds(concurrency, 10, 'none', 5_000)
  assert.equal(concurrency.limit, 20)
})
