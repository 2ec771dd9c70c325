/** The windows of a sample as strata, and how long the time is that they cover. */
import type { GatewaySample } from './input.ts'
import { Stratum } from './stratum.ts'

export const MONTH_DAYS = 30.44
const MONTH_MS = MONTH_DAYS * 24 * 60 * 60 * 1000
export const MINUTE_MS = 60_000
/** A shorter time is taken for this: a burst of a millisecond says nothing of a month. */
const COVERED_MS_MIN = 1000

/** One for each window, in the order of the samples. */
export function strataOf(samples: readonly GatewaySample[]): Stratum[] {
  return samples.flatMap((sample) => {
    const factor = MONTH_MS / Math.max(COVERED_MS_MIN, spannedMs(sample))
    return sample.windows.map(({ seen }) => new Stratum(seen, factor))
  })
}

/** From the first window to the answer: windows of several engines overlap, and minutes without traffic have none. */
export function spannedMs({ windows, answered_at: answeredAt }: GatewaySample): number {
  if (windows.length === 0) return 0
  const from = windows.reduce((least, window) => Math.min(least, window.from), Number.POSITIVE_INFINITY)
  const to = windows.reduce((most, window) => Math.max(most, window.to), answeredAt)
  return to - from
}
