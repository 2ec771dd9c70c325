import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Receipt, receiptPolicy } from '#contract/receipt.ts'
import { judge } from './policy.ts'
import { impactReceipt } from './receipt.ts'

const nothing = impactReceipt({
  ...{ now: 1000, live: 'a', candidate: 'b', pipelines: [], traits: {}, prices: [] },
  gateways: { asked: 0, answered: 0 },
})
const at = { candidate: 'b', live: 'a', now: 2000 }
const codes = (receipt: Receipt | undefined, policy: object, publication = at) =>
  judge(receipt, receiptPolicy.parse(policy), publication).map(({ code }) => code)

test('a policy that asks for nothing lets everything pass, but no receipt of something else', () => {
  assert.deepEqual(codes(undefined, {}), [])
  assert.deepEqual(codes(nothing, {}), [])
  assert.deepEqual(codes(nothing, {}, { ...at, candidate: 'c' }), ['receipt_of_other'])
  assert.deepEqual(codes(nothing, {}, { ...at, live: 'c' }), ['receipt_of_other'])
})

test('a policy that asks for anything of a receipt needs one, fresh and large enough', () => {
  const asks = [
    { require_receipt: true },
    { refuse_lost_errors: true },
    { refuse_unredacted: true },
    { min_sample_records: 1 },
  ]
  for (const policy of asks) assert.deepEqual(codes(undefined, policy), ['receipt_missing'])
  assert.deepEqual(codes(nothing, { min_sample_records: 1 }), ['sample_too_small'])
  assert.deepEqual(codes(nothing, { max_age_minutes: 1 }, { ...at, now: 61_000 }), [])
  assert.deepEqual(codes(nothing, { max_age_minutes: 1 }, { ...at, now: 61_001 }), ['receipt_stale'])
})

test('lost errors and lost redactions are refused by who asks for it, with the reason', () => {
  const some = { value: 5, low: 3, high: 9 }
  const bad: Receipt = {
    ...nothing,
    lost_errors: {
      ...{ lost: some, regained: some, sampled: 2 },
      by_rule: [{ pipeline: 'logs', rule: 'no_pay', records: some }],
    },
    redactions: [
      {
        ...{ pipeline: 'logs', rule: 'mails', kinds: ['email'], change: 'removed', live: some, candidate: null },
        ...{ unprovable: some, sampled: 0, covered: false },
      },
    ],
  }
  assert.deepEqual(codes(bad, {}), [])
  const policy = receiptPolicy.parse({ refuse_lost_errors: true, refuse_unredacted: true })
  const refusals = judge(bad, policy, at)
  assert.deepEqual(
    refusals.map(({ code }) => code),
    ['lost_errors', 'unredacted'],
  )
  assert.match(refusals[0]!.reason, /about 5 .*\(3 to 9; 2 in a sample of 0\), by logs\/no_pay/)
  assert.match(refusals[1]!.reason, /email is redacted by the rule mails today, which is removed; in logs no rule/)
  assert.deepEqual(codes(nothing, policy), [])
  const gone: Receipt = { ...nothing, not_covered: [{ kind: 'pipeline_removed', subject: 'old', reason: '' }] }
  assert.deepEqual(codes(gone, policy), ['lost_errors'])
})
