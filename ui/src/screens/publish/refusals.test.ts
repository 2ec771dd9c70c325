import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ApiError } from '#ui/api/client.ts'
import { isStale, policyWords, refusalsFrom } from './refusals.ts'

function refusedWith(detail: string, ...details: string[]): ApiError {
  const errors = details.map((text) => ({ pointer: '/receipt', detail: text }))
  return new ApiError({ type: 'about:blank', title: 'Not acceptable as it is', status: 422, detail, errors })
}

test('each refusal of the policy has its reason and what helps', () => {
  const error = refusedWith(
    'the policy of this configuration refuses it: x',
    'the receipt is of another candidate: the draft has changed since (receipt_of_other)',
    'about 3 of severity error (1 to 4) would end (lost_errors)',
  )
  assert.deepEqual(
    refusalsFrom(error).map(({ code, reason }) => [code, reason]),
    [
      ['receipt_of_other', 'The receipt is of another candidate: the draft has changed since.'],
      ['lost_errors', 'About 3 of severity error (1 to 4) would end.'],
    ],
  )
  assert.equal(isStale(refusalsFrom(error)), true)
})

test('what is no refusal of the policy is told as it is', () => {
  assert.deepEqual(refusalsFrom(refusedWith('the draft is not valid: x')), [
    { code: 'other', reason: 'The draft is not valid: x.', advice: '' },
  ])
  assert.deepEqual(refusalsFrom(undefined), [])
})

test('a policy is told in sentences; one that asks for nothing says nothing', () => {
  const nothing = {
    require_message: false,
    require_receipt: false,
    refuse_lost_errors: false,
    refuse_unredacted: false,
    min_sample_records: 0,
    max_age_minutes: 60,
  }
  assert.deepEqual(policyWords(nothing), [])
  assert.equal(policyWords({ ...nothing, refuse_lost_errors: true, require_message: true }).length, 3)
})
