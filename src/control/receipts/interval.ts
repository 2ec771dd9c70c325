/**
 * Bounds of estimates, with 95 % confidence. Shares: the score interval (Wilson 1927), which stays sensible near 0
 * and 1 and for few records. Sums: the normal approximation.
 */

export const CONFIDENCE = 0.95
/** Quantile of the normal distribution at 1 - (1 - CONFIDENCE) / 2. */
export const Z = 1.959_963_984_540_054

export interface Interval {
  low: number
  high: number
}

/**
 * Of a share `p` of 0 to 1 that was found among `n` records; `n` need not be whole, as it may be an effective size.
 * Infinite: all were looked at. 0: nothing is known.
 */
export function wilson(p: number, n: number): Interval {
  if (n === Number.POSITIVE_INFINITY) return { low: p, high: p }
  if (!(n > 0)) return { low: 0, high: 1 }
  const zz = Z * Z
  const middle = p + zz / (2 * n)
  const half = Z * Math.sqrt((p * (1 - p)) / n + zz / (4 * n * n))
  const scale = 1 + zz / n
  // At the ends rounding would leave a hair between the bound and the share.
  return {
    low: p <= 0 ? 0 : Math.min(p, Math.max(0, (middle - half) / scale)),
    high: p >= 1 ? 1 : Math.max(p, Math.min(1, (middle + half) / scale)),
  }
}

export function normal(value: number, variance: number): Interval {
  const half = Z * Math.sqrt(Math.max(0, variance))
  return { low: value - half, high: value + half }
}

/** The wider of both at each end. */
export function hull(a: Interval, b: Interval): Interval {
  return { low: Math.min(a.low, b.low), high: Math.max(a.high, b.high) }
}
