/**
 * Where a difference belongs in time: to the minute in which it arrived, unless the gateway was not heard for longer.
 * Then it is spread evenly over the minutes since, so that a controller's restart draws no gap with a peak behind it.
 */
export const MINUTE_MS = 60_000
/** A gateway that sends every 10 s and is not heard for so long was cut off. */
export const GAP_MS = 90_000
/** What came in before that is spread over this time too. Below `ROLLED_AGAIN_HOURS`, so that hours take it up. */
export const SPREAD_MINUTES_MAX = 120

export const minuteOf = (ms: number): number => Math.floor(ms / MINUTE_MS) * MINUTE_MS

/** The minutes over which to spread; one, mostly. `since`: when it was last heard, or has started. */
export function minutesOf(since: number, now: number): number[] {
  const last = minuteOf(now)
  if (now - since <= GAP_MS) return [last]
  const first = Math.max(minuteOf(since) + MINUTE_MS, last - (SPREAD_MINUTES_MAX - 1) * MINUTE_MS)
  const minutes: number[] = []
  for (let minute = first; minute <= last; minute += MINUTE_MS) minutes.push(minute)
  return minutes
}

/** Part `i` of `count` whole parts, which differ by one at most and add up to `value`. */
export function partOf(value: number, i: number, count: number): number {
  const base = Math.trunc(value / count)
  const rest = value - base * count
  return base + (i < Math.abs(rest) ? Math.sign(rest) : 0)
}
