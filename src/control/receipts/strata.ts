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
  return samples.flatMap(({ windows }) => {
    const factor = MONTH_MS / Math.max(COVERED_MS_MIN, coveredMs(windows))
    return windows.map(({ seen }) => new Stratum(seen, factor))
  })
}

/** Milliseconds that lie in some window; windows may overlap. */
export function coveredMs(windows: readonly { from: number; to: number }[]): number {
  let covered = 0
  let end = Number.NEGATIVE_INFINITY
  for (const { from, to } of [...windows].sort((a, b) => a.from - b.from)) {
    covered += Math.max(0, to - Math.max(from, end))
    end = Math.max(end, to)
  }
  return covered
}
