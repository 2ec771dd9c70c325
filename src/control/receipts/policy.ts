/** Whether a version may be published with this receipt. */
import type { Receipt, ReceiptPolicy, ReceiptRefusal } from '#contract/receipt.ts'
import { MINUTE_MS } from './strata.ts'

/** What is to be published, and when. `live`: what it would take the place of; null before the first version. */
export interface Publication {
  candidate: string
  live: string | null
  /** Unix milliseconds. */
  now: number
}

/** Empty: it may. Whatever the policy asks of a receipt, it needs one. `max_age_minutes` alone asks for none. */
export function judge(receipt: Receipt | undefined, policy: ReceiptPolicy, publication: Publication): ReceiptRefusal[] {
  if (receipt === undefined) {
    return policy.require_receipt ||
      policy.refuse_lost_errors ||
      policy.refuse_unredacted ||
      policy.min_sample_records > 0
      ? [{ code: 'receipt_missing', reason: 'the policy needs an impact receipt of this version, and there is none' }]
      : []
  }
  return [
    ...identityRefusals(receipt, publication),
    ...ageRefusals(receipt, policy, publication.now),
    ...sampleRefusals(receipt, policy),
    ...(policy.refuse_lost_errors ? lostErrorRefusals(receipt) : []),
    ...(policy.refuse_unredacted ? redactionRefusals(receipt) : []),
  ]
}

function identityRefusals(receipt: Receipt, { candidate, live }: Publication): ReceiptRefusal[] {
  if (receipt.candidate !== candidate) {
    return [{ code: 'receipt_of_other', reason: 'the receipt is of another candidate: the draft has changed since' }]
  }
  return receipt.live === live
    ? []
    : [{ code: 'receipt_of_other', reason: 'the receipt compares with a version that is no longer live' }]
}

function ageRefusals(receipt: Receipt, policy: ReceiptPolicy, now: number): ReceiptRefusal[] {
  const minutes = (now - receipt.made_at) / MINUTE_MS
  if (minutes <= policy.max_age_minutes) return []
  const reason = `the receipt is ${Math.floor(minutes)} minutes old; the policy takes ${policy.max_age_minutes} at most`
  return [{ code: 'receipt_stale', reason }]
}

function sampleRefusals({ sample }: Receipt, policy: ReceiptPolicy): ReceiptRefusal[] {
  if (sample.records >= policy.min_sample_records) return []
  const reason = `the sample has ${sample.records} records; the policy needs ${policy.min_sample_records}`
  return [{ code: 'sample_too_small', reason }]
}

function lostErrorRefusals(receipt: Receipt): ReceiptRefusal[] {
  const { lost_errors: errors, sample, not_covered: gaps } = receipt
  const { lost, sampled, by_rule: byRule } = errors
  const gone = gaps
    .filter(({ kind }) => kind === 'pipeline_removed')
    .map(({ subject }): ReceiptRefusal => {
      return { code: 'lost_errors', reason: `pipeline ${subject} is gone, and the errors that it lets go on with it` }
    })
  if (sampled === 0) return gone
  const rules = byRule.map(({ pipeline, rule }) => `${pipeline}/${rule}`).join(', ')
  const reason =
    `of ${sample.seen.records} records about ${lost.value} of severity error or above would end that go on today ` +
    `(${lost.low} to ${lost.high}; ${sampled} in a sample of ${sample.records}), by ${rules}`
  return [{ code: 'lost_errors', reason }, ...gone]
}

/** By the rules, not by the sample: what a redaction has not met yet it may meet tomorrow. */
function redactionRefusals({ redactions }: Receipt): ReceiptRefusal[] {
  return redactions.flatMap(({ pipeline, rule, kinds, change, covered, unprovable }) => {
    if (covered) return []
    const what = kinds.join(', ') || 'something'
    const reason =
      `${what} is redacted by the rule ${rule} today, which is ${change}; in ${pipeline} no rule of the candidate surely ` +
      `does the same (about ${unprovable.value} of the records seen were redacted by it and would go on)`
    return [{ code: 'unredacted', reason }]
  })
}
