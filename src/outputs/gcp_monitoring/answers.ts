/**
 * What an answer of Cloud Monitoring says of single series: a request that fails for some of them writes the others,
 * and names the former in its message, with the reason before or behind them:
 *
 *   One or more TimeSeries could not be written: Points must be written in order. …: timeSeries[0-2,7];
 *   Unknown metric: …: timeSeries[4]
 *
 *   One or more TimeSeries could not be written: timeSeries[0-2]: write for resource=global{…} failed with:
 *   Points must be written in order. …
 */
import type { UpstreamAnswer } from '#upstreams/upstream.ts'

const REASON_CHARACTERS_MAX = 200
const PARTLY = /could not be written/i
const NAMED = /timeSeries\[([\d,\s-]+)\]/
const PASSES = /internal error|unavailable|deadline|too frequently|quota|rate limit/i

/** A point with this time, or one close before it, is there. */
const OUT_OF_ORDER = /written in order|more frequently/i

export interface Unwritten {
  retryable: boolean
  outOfOrder: boolean
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
  for (const told of message.split(';')) {
    const named = NAMED.exec(told)
    if (named === null) continue
    const reason = reasonIn(told.slice(0, named.index), told.slice(named.index + named[0].length))
    for (const part of named[1]!.split(',')) {
      const [first, last] = part.split('-').map(Number)
      for (let i = first!; i <= Math.min(last ?? first!, series - 1); i++) {
        const [retryable, outOfOrder] = [PASSES.test(reason), OUT_OF_ORDER.test(reason)]
        unwritten.set(i, { retryable, outOfOrder, code: String(code), message: reason })
      }
    }
  }
  return unwritten.size === 0 ? undefined : unwritten
}

/** Behind the list stands the metric's name where the reason stands before it. */
function reasonIn(before: string, behind: string): string {
  const first = before.replace(/^.*could not be written:/is, '').trim()
  const reason = first === '' || first === 'Field' ? behind.replace(/^.*failed with:|^:/is, '').trim() : first
  return reason.slice(0, REASON_CHARACTERS_MAX)
}
