/** What alerts are made from. The store of series and the fleet stand behind it; tests put a fake there. */
import type { AlertScope } from '#contract/alert.ts'

export const MINUTE_MS = 60_000

/** Records and bytes. */
interface Amount {
  records: number
  bytes: number
}

/** One minute, over all that is in the scope. Null: nothing is known of that part. */
export interface MinuteObservation {
  /** Unix milliseconds at which the minute begins; a multiple of 60,000. */
  at: number
  in: Amount | null
  out: Amount | null
  /** Bytes that went past the rules, and whether a pipeline was in the state `bypass` or `hold` at some time. */
  bypassedBytes: number | null
  held: boolean
  /** What waits on disk at the end of the minute. */
  spoolBytes: number | null
  /** Records that became dead letters within the minute. */
  deadLetters: number | null
  /** Records that outputs overwrote, let expire or lost, within the minute. */
  lost: number | null
}

export interface GatewayObservation {
  uid: string
  name: string
  configuration: string
  online: boolean
  /** Unix milliseconds since when it is or is not. */
  since: number
  /** The version that it refused, while it is the one that it should run, and when it did so. */
  failed: { version: string; at: number } | null
}

export interface AlertSource {
  /**
   * The minutes from `from` (inclusive) to `to` (exclusive) of which there is something to say, oldest first. Patterns of the
   * scope: `matches` of this file.
   */
  minutes(org: string, scope: AlertScope, from: number, to: number): Promise<MinuteObservation[]>
  /** All of the organisation, as they are now. */
  gateways(org: string): Promise<GatewayObservation[]>
}

/** `*` stands for any characters; no pattern matches everything. In linear time for each star. */
export function matches(pattern: string | undefined, text: string): boolean {
  if (pattern === undefined) return true
  const parts = pattern.split('*')
  if (parts.length === 1) return pattern === text
  const first = parts[0]!
  const last = parts.at(-1)!
  if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last)) return false
  let from = first.length
  const end = text.length - last.length
  for (const part of parts.slice(1, -1)) {
    const found = text.indexOf(part, from)
    if (found < 0 || found + part.length > end) return false
    from = found + part.length
  }
  return true
}
