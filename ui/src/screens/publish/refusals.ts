/** Why a publication would be refused, as a dry run says it, and what to do about it. */
import type { PublishPolicy } from '#contract/configuration.ts'
import type { ReceiptRefusal } from '#contract/receipt.ts'
import { ApiError } from '#ui/api/client.ts'

export interface Refusal {
  code: ReceiptRefusal['code'] | 'message' | 'other'
  reason: string
  /** What helps. */
  advice: string
}

const advice: Record<ReceiptRefusal['code'], string> = {
  receipt_missing: 'Make a receipt.',
  receipt_stale: 'Make the receipt anew.',
  receipt_of_other: 'Make the receipt anew.',
  sample_too_small: 'Wait for more traffic, and make the receipt anew.',
  lost_errors: 'Change the rule that ends them, or have an administrator change the policy.',
  unredacted: 'Keep a rule that redacts the same, or have an administrator change the policy.',
}
const CODED = /^(.*) \((\w+)\)$/s

export const messageMissing: Refusal = {
  code: 'message',
  reason: 'This configuration asks for a message with every version.',
  advice: 'Say why below.',
}

/** Of what a dry run was answered with; a failure that is no refusal is told as it is. */
export function refusalsFrom(error: unknown): Refusal[] {
  if (!(error instanceof ApiError)) return []
  const { errors, detail } = error.problem
  const coded = (errors ?? []).flatMap((complaint) => {
    const [, reason, code] = CODED.exec(complaint.detail) ?? []
    return reason !== undefined && isCode(code) ? [{ code, reason: sentence(reason), advice: advice[code] }] : []
  })
  return coded.length > 0 ? coded : [{ code: 'other', reason: sentence(detail), advice: '' }]
}

/** The receipt does not fit what is to be published any more. */
export function isStale(refusals: readonly Refusal[]): boolean {
  return refusals.some(({ code }) => code === 'receipt_of_other' || code === 'receipt_stale')
}

/** Of the policy that a configuration has, in words; empty: it asks for nothing. */
export function policyWords(policy: PublishPolicy): string[] {
  const needsReceipt =
    policy.require_receipt || policy.refuse_lost_errors || policy.refuse_unredacted || policy.min_sample_records > 0
  return [
    ...(policy.require_message ? ['Every version says why.'] : []),
    ...(needsReceipt ? [`It needs a receipt that is ${policy.max_age_minutes} minutes old at most.`] : []),
    ...(policy.min_sample_records > 0 ? [`Its sample has ${policy.min_sample_records} records or more.`] : []),
    ...(policy.refuse_lost_errors ? ['No record of severity error or above may be lost that goes on today.'] : []),
    ...(policy.refuse_unredacted ? ['What is redacted today stays redacted.'] : []),
  ]
}

function isCode(code: string | undefined): code is ReceiptRefusal['code'] {
  return code !== undefined && code in advice
}

function sentence(text: string): string {
  const end = /[.!?]$/.test(text) ? '' : '.'
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${end}`
}
