import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fromText } from '#std/bytes.ts'
import { upstreamDefaults } from './plan.ts'
import { type Reach, RetryBudget, retryWaitMs } from './retry.ts'
import type { UpstreamRequest, UpstreamResult } from './upstream.ts'

const plan = upstreamDefaults.retry
const silence = (code: string): UpstreamResult => ({ answered: false, code, message: '' })
const answer = (status: number, retryAfterMs?: number): UpstreamResult => ({
  answered: true,
  status,
  headers: {},
  body: fromText(''),
  retryAfterMs,
})

test('what may be tried again', () => {
  const cases: [UpstreamRequest['method'], Reach, UpstreamResult, number | undefined][] = [
    ['POST', 'not_sent', silence('econnrefused'), 0],
    ['POST', 'stale', silence('econnreset'), 0],
    ['POST', 'sent', silence('econnreset'), undefined],
    ['POST', 'sent', silence('timeout'), undefined],
    ['POST', 'sent', answer(503), undefined],
    ['PUT', 'sent', silence('timeout'), 0],
    ['GET', 'sent', silence('econnreset'), 0],
    ['GET', 'sent', answer(503), 0],
    ['GET', 'sent', answer(503, 500), 500],
    ['GET', 'sent', answer(429, 60_000), undefined],
    ['GET', 'sent', answer(500), undefined],
    ['GET', 'sent', answer(200), undefined],
    ['GET', 'not_sent', silence('aborted'), undefined],
    ['GET', 'not_sent', silence('sign'), undefined],
  ]
  for (const [method, reach, result, expected] of cases) {
    assert.equal(retryWaitMs(method, reach, result, plan), expected, `${method} ${reach} ${JSON.stringify(result)}`)
  }
})

test('retries are a share of what is under way, and three always', () => {
  const budget = new RetryBudget()
  assert.deepEqual(
    Array.from({ length: 4 }, () => budget.take(4, plan)),
    [true, true, true, false],
  )
  assert.equal(budget.take(20, plan), true)
  assert.equal(budget.take(20, plan), false)
  budget.give()
  assert.equal(budget.take(20, plan), true)
})
