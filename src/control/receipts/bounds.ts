/** How sure sums over windows are. */
import type { Estimate } from '#contract/receipt.ts'
import { type Interval, wilson, Z } from './interval.ts'
import type { Part, Stratum, Sums } from './stratum.ts'

/**
 * The sum of independent estimates: at each end the distances to the bounds add up as squares do (MOVER: Zou and
 * Donner, Statistics in Medicine 27, 2008), so bounds that are not symmetric stay so.
 */
export function mover(parts: readonly Estimate[]): Estimate {
  let value = 0
  let below = 0
  let above = 0
  for (const part of parts) {
    value += part.value
    below += (part.value - part.low) ** 2
    above += (part.high - part.value) ** 2
  }
  return { value, low: value - Math.sqrt(below), high: value + Math.sqrt(above) }
}

/**
 * Of the sum of `a`·bytes + `b`·records, both scaled already: of the residuals a·(y − R·x) + b·(c − mean), where R is
 * the ratio of bytes to bytes in (Cochran, 6.4, linearised).
 */
export function varianceOf(stratum: Stratum, sums: Sums, a: number, b: number): number {
  const { n, x, xx, rest } = stratum
  if (n < 2) return 0
  const ratio = x > 0 ? sums.y / x : 0
  const mean = sums.c / n
  const ee = sums.yy - 2 * ratio * sums.xy + ratio * ratio * xx
  const cc = sums.cc - n * mean * mean
  // The residuals of bytes add up to nothing, so the mean of the records falls out.
  const ec = sums.cy - ratio * sums.cx
  const square = Math.max(0, a * a * ee + b * b * cc + 2 * a * b * ec)
  return (n * rest * square) / (n - 1)
}

/**
 * Where few records count: by the bounds of how many do, and by how much sizes differ, taken from the hits or from all
 * records, whichever differ more.
 */
export function fewBounds(
  parts: readonly Part[],
  sum: { a: number; b: number; value: number; hits: number; signed: boolean },
): Interval {
  let share = 0
  let total = 0
  let spread = 0
  let most = 0
  let sizes = 0
  let rest = 0
  let usual = 0
  let ofHits = 0
  for (const { stratum, sums, scale } of parts) {
    const records = stratum.records * scale
    share += (records * sums.hits) / stratum.n
    total += records
    spread += (records * records * stratum.rest) / stratum.n
    most += Math.abs(sum.a) * stratum.bytesPerByte * stratum.x * scale + Math.abs(sum.b) * records
    sizes = Math.max(sizes, variation(stratum.n, stratum.x, stratum.xx), variation(sums.hits, sums.y, sums.yy))
    rest = Math.max(rest, stratum.rest)
    usual += stratum.x * (sums.hits / stratum.n)
    ofHits += sums.x
  }
  const p = share / total
  const { low, high } = wilson(p, (total * total) / spread)
  if (sum.hits === 0) return { low: sum.signed ? -high * most : 0, high: high * most }
  const ofSizes = sum.a === 0 ? 0 : (Z * Z * sizes * rest) / sum.hits
  // Few hits may by chance all be small: then what records usually have in them bounds the sum.
  const size = sum.a === 0 || rest === 0 || ofHits === 0 ? 1 : usual / ofHits
  const least = Math.min(1, size) * (1 - Math.sqrt((1 - low / p) ** 2 + ofSizes))
  const greatest = Math.max(1, size) * (1 + Math.sqrt((high / p - 1) ** 2 + ofSizes))
  const bounds = [least * sum.value, greatest * sum.value]
  return { low: Math.min(...bounds), high: Math.max(...bounds) }
}

/** Square of the coefficient of variation, of `n` numbers by their sum and the sum of their squares. */
function variation(n: number, sum: number, squares: number): number {
  return n < 2 || sum === 0 ? 0 : Math.max(0, (n * squares) / (sum * sum) - 1)
}
