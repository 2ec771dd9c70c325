/**
 * What an answer of Cloud Monitoring says of single series: a request that fails for some of them writes the others,
 * and names the former in its message, such as
 *
 *   One or more TimeSeries could not be written: Points must be written in order. …: timeSeries[0-2,7];
 *   Unknown metric: …: timeSeries[4]
 */
import type { UpstreamAnswer } from '#upstreams/upstream.ts'

const REASON_CHARACTERS_MAX = 200
const PARTLY = /could not be written/i
const NAMED = /([^;]*?)timeSeries\[([\d,\s-]+)\]/g
const PASSES = /internal error|unavailable|deadline|too frequently|quota|rate limit/i

export interface Unwritten {
  retryable: boolean
  code: string
  message: string
}

/** By index in the request. Undefined: the answer names none, so it is of all. */
export function unwrittenIn({ body }: UpstreamAnswer, series: number): Map<number, Unwritten> | undefined {
  let status: { message?: unknown; status?: unknown }
  try {
    status = Object(Object(JSON.parse(body.toString())).error)
  } catch {
    return undefined
  }
  const { message, status: code } = status
  if (typeof message !== 'string' || !PARTLY.test(message)) return undefined
  const unwritten = new Map<number, Unwritten>()
  for (const [, reason, list] of message.matchAll(NAMED)) {
    const told = reason!
      .replace(/^.*could not be written:/i, '')
      .trim()
      .slice(0, REASON_CHARACTERS_MAX)
    for (const part of list!.split(',')) {
      const [first, last] = part.split('-').map(Number)
      for (let i = first!; i <= Math.min(last ?? first!, series - 1); i++) {
        unwritten.set(i, { retryable: PASSES.test(told), code: String(code), message: told })
      }
    }
  }
  return unwritten.size === 0 ? undefined : unwritten
}
