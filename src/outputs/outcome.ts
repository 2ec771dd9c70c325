/** What an output says of a batch that it sent in parts: objects, messages. */
import type { Failed, Refusal, SendResult } from '#component/output.ts'

/** The records of one part, and how sending it went. */
export interface PartOutcome {
  records: readonly number[]
  /** Undefined: it went through. */
  failure: Failed | undefined
}

/** The whole batch fails where all parts do in the same way; otherwise each record shares the fate of its part. */
export function resultOf(outcomes: readonly PartOutcome[]): SendResult {
  const failures = outcomes.flatMap(({ failure }) => failure ?? [])
  const first = failures[0]
  if (first === undefined) return { ok: true }
  const waits = failures.flatMap(({ retryAfterMs }) => retryAfterMs ?? [])
  const retryAfter = waits.length === 0 ? {} : { retryAfterMs: Math.max(...waits) }
  const fates = outcomes.flatMap((outcome) => fateOf(outcome) ?? [])
  const alike = fates.every((fate) => fate === fates[0])
  if (failures.length === outcomes.length && alike) return { ...first, ...retryAfter }
  const retry: number[] = []
  const refused: Refusal[] = []
  for (const outcome of outcomes) {
    const { records, failure } = outcome
    if (failure === undefined) continue
    if (fateOf(outcome) !== 'refused') retry.push(...records)
    else for (const record of records) refused.push({ record, code: failure.code, message: failure.message })
  }
  retry.sort((a, b) => a - b)
  refused.sort((a, b) => a.record - b.record)
  const { code, message } = outcomes.find((outcome) => (fateOf(outcome) ?? 'refused') !== 'refused')?.failure ?? first
  return { ok: 'partly', retry, refused, code, message, ...retryAfter }
}

/** Parts that are too large, or that one record may spoil, come again with nothing beside them, and then in halves. */
function fateOf({ records, failure }: PartOutcome): 'again' | 'halves' | 'refused' | undefined {
  if (failure === undefined) return undefined
  if (failure.tooLarge === true || (failure.oneMaySpoil === true && records.length > 1)) return 'halves'
  return failure.retryable ? 'again' : 'refused'
}
