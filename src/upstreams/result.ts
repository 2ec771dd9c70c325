/** What became of a request: from an exchange to a result, and from a result to what it says of the other side. */
import type { UpstreamState } from '#contract/stats.ts'
import type { Breaker, Verdict } from './breaker.ts'
import type { LoadSign } from './concurrency.ts'
import type { Exchange } from './connections.ts'
import { parseRetryAfter } from './retry-after.ts'
import type { UpstreamResult, UpstreamSilence } from './upstream.ts'

/** Codes that say nothing about the other side; trying again at once would be wrong, or would end the same way. */
export const NEUTRAL_CODES = new Set([
  'aborted',
  'stopped',
  'overflow',
  'sign',
  'invalid_request',
  'no_target',
  'breaker_open',
])
export const ABORTED = silence('aborted', 'stopped while sending')

export function silence(code: string, message: string): UpstreamSilence {
  return { answered: false, code, message }
}

export function breakerOpen(breaker: Breaker): UpstreamSilence {
  const retryAfterMs = Math.ceil(breaker.refusedForMs)
  return { ...silence('breaker_open', 'most requests failed, so nothing is sent for a while'), retryAfterMs }
}

export function resultOf(
  { status, headers, body, error }: Exchange,
  signal: AbortSignal,
  nowMs: number,
): UpstreamResult {
  if (status === undefined) return silenceOf(error, signal)
  return { answered: true, status, headers, body, retryAfterMs: parseRetryAfter(headers['retry-after'], nowMs) }
}

const TIMEOUTS = new Set(['TimeoutError', 'ConnectTimeoutError', 'HeadersTimeoutError', 'BodyTimeoutError'])
/** Of the client, told in words of our own. */
const CODES: Readonly<Record<string, string>> = {
  UND_ERR_SOCKET: 'closed',
  UND_ERR_DESTROYED: 'stopped',
  UND_ERR_CLOSED: 'stopped',
  UND_ERR_INVALID_ARG: 'invalid_request',
}

function silenceOf(error: unknown, signal: AbortSignal): UpstreamSilence {
  if (signal.aborted) return ABORTED
  if (!(error instanceof Error)) return silence('network', String(error))
  if (TIMEOUTS.has(error.name)) return silence('timeout', 'the server took too long')
  const { code }: NodeJS.ErrnoException = error
  return silence(typeof code === 'string' ? (CODES[code] ?? code.toLowerCase()) : 'network', textOf(error))
}

export function textOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(textOf).join('; ')
  return error instanceof Error ? error.message : String(error)
}

/** Failures are no answer and 5xx; never 4xx, which says that the request was wrong. */
export function verdictOn(result: UpstreamResult): Verdict {
  if (result.answered) return result.status >= 500 ? 'failure' : 'success'
  return NEUTRAL_CODES.has(result.code) ? 'none' : 'failure'
}

export function loadSign(result: UpstreamResult): LoadSign {
  if (!result.answered) return result.code === 'timeout' ? 'overloaded' : 'none'
  return result.status === 429 || result.status === 503 ? 'overloaded' : 'ok'
}

export function outcomeName(result: UpstreamResult): keyof UpstreamState['requests'] {
  if (result.answered) return 'answered'
  if (result.code === 'overflow' || result.code === 'breaker_open') return result.code
  return result.code === 'aborted' || result.code === 'stopped' ? 'cancelled' : 'failed'
}
