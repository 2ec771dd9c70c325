/** Divides a whole number by weights into whole parts that add up to it: largest remainder (Hamilton's method). */

/**
 * `total` may be negative. Weights below 0 count as 0. Undefined: there is no weight to divide by. Of equal remainders
 * the earlier part gets what is left.
 */
export function apportion(total: number, weights: readonly number[]): number[] | undefined {
  const usable = weights.map((weight) => (weight > 0 ? weight : 0))
  const sum = usable.reduce((a, b) => a + b, 0)
  if (!(sum > 0) || !Number.isFinite(sum)) return undefined
  const size = Math.abs(total)
  const exact = usable.map((weight) => (weight / sum) * size)
  const parts = exact.map(Math.floor)
  let left = size - parts.reduce((a, b) => a + b, 0)
  const order = exact.map((value, i) => ({ i, rest: value - parts[i]! })).sort((a, b) => b.rest - a.rest || a.i - b.i)
  for (let turn = 0; left > 0; turn++, left--) parts[order[turn % order.length]!.i]!++
  // Rounding of large numbers can have given away too much by a little.
  if (left < 0) parts[parts.indexOf(Math.max(...parts))]! += left
  return total < 0 ? parts.map((part) => (part === 0 ? 0 : -part)) : parts
}
