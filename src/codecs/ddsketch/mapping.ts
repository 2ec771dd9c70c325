/**
 * The mapping of Datadog's Agent (pkg/util/quantile, config.go): which bin of a DDSketch a value falls into.
 *
 *   gamma = 1 + 2/128; key(v) = round(log_gamma(v)) + BIAS, rounded half to even
 *   the bin of a key is about gamma^(key - BIAS)
 *   values below MIN are in bin 0, negative ones in the bins of negative keys; beyond KEY_MAX they are infinite
 *
 * Every value of a bin is within 1/128 of the power in its middle. The keys are those that Datadog computes with, so
 * sketches go there as they are, and merge with those of other Agents.
 */
export const GAMMA = 1 + 2 / 128
const GAMMA_LN = Math.log1p(2 / 128)
const SMALLEST = 1e-9
const EXPONENT_MIN = Math.floor(Math.log(SMALLEST) / GAMMA_LN)
export const BIAS = 1 - EXPONENT_MIN
/** Values that are nearer to 0 count as 0. */
export const MIN = GAMMA ** EXPONENT_MIN
/** Of infinity. */
export const KEY_INFINITE = 0x7fff
const KEY_MAX = KEY_INFINITE - 1

/** From -32767 to 32767. `value` is not NaN. */
export function keyOf(value: number): number {
  if (value < 0) return -keyOf(-value)
  if (value < MIN) return 0
  const key = roundHalfToEven(Math.log(value) / GAMMA_LN) + BIAS
  return key > KEY_MAX ? KEY_INFINITE : Math.max(key, 1)
}

/** The power that stands for the bin: `keyOf` of it is the key again. */
export function middleOf(key: number): number {
  if (key < 0) return -middleOf(-key)
  if (key === 0) return 0
  return key >= KEY_INFINITE ? Infinity : GAMMA ** (key - BIAS)
}

function roundHalfToEven(value: number): number {
  const rounded = Math.round(value)
  return rounded - value === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded
}
