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
  const alike = failures.every((failure) => fateOf(failure) === fateOf(first))
  if (failures.length === outcomes.length && alike) return { ...first, ...retryAfter }
  const retry: number[] = []
  const refused: Refusal[] = []
  for (const { records, failure } of outcomes) {
    if (failure === undefined) continue
    if (fateOf(failure) !== 'refused') retry.push(...records)
    else for (const record of records) refused.push({ record, code: failure.code, message: failure.message })
  }
  retry.sort((a, b) => a - b)
  refused.sort((a, b) => a.record - b.record)
  const { code, message } = failures.find((failure) => fateOf(failure) !== 'refused') ?? first
  return { ok: 'partly', retry, refused, code, message, ...retryAfter }
}

/** Parts that are too large come again with nothing beside them, and then in halves. */
function fateOf(failure: Failed): 'again' | 'halves' | 'refused' {
  return failure.tooLarge === true ? 'halves' : failure.retryable ? 'again' : 'refused'
}
