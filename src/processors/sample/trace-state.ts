/**
 * What a trace's state says of sampling (W3C Trace Context, section 3.3; OpenTelemetry, "TraceState: Probability
 * Sampling"):
 *
 *   tracestate = member *( "," member )      member = key "=" value
 *   ot         = pair *( ";" pair )          pair   = "th:" 1*14 hex | "rv:" 14 hex | other ":" value
 *
 * A span is kept where its randomness R is at least the threshold T, both of 56 bits. R is `rv`, or else the last 56
 * bits of the trace id; `th` has T without the zeros at its end. So whoever samples a trace, with whatever share, keeps
 * a subset of what those with a larger share keep. Both are 14 hexadecimal digits here, which compare as text.
 */
import type { Bytes } from '#std/bytes.ts'

/** Of 56 bits. */
export const DIGITS = 14
const TRACE_ID_BYTES = 16
const RANDOM_BYTES = 7
/** Longest value of a member, and most members (W3C Trace Context, sections 3.3.1.3.2 and 3.3.1.1). */
const VALUE_CHARACTERS_MAX = 256
const MEMBERS_MAX = 32
/** Digits that a threshold has behind those that say nothing: what the collector's sampler writes. */
const PRECISION = 4
const RANGE = 2n ** 56n

/** The threshold that keeps this share, above 0; undefined where the share is too small to be told from none. */
export function thresholdOf(share: number): string | undefined {
  const exact = RANGE - BigInt(Math.round(share * 2 ** 56))
  // Near 0 and near 1 the first digits are all `f` or all `0`.
  const idle = Math.max(-exponentOf(share), -exponentOf(1 - share)) >> 2
  const shift = BigInt(4 * Math.max(0, DIGITS - PRECISION - Math.max(0, idle)))
  const rounded = shift === 0n ? exact : ((exact + (1n << (shift - 1n))) >> shift) << shift
  return rounded >= RANGE ? undefined : rounded.toString(16).padStart(DIGITS, '0')
}

/** E in m × 2^E with m from 0.5 to 1; 0 for 0. */
function exponentOf(value: number): number {
  return value === 0 ? 0 : Math.floor(Math.log2(value)) + 1
}

/** How many spans one stands for that was kept at this threshold. */
export function adjustedCount(threshold: string): number {
  return 2 ** 56 / Number(RANGE - BigInt(`0x${threshold}`))
}

/** The last 56 bits of the trace id in [from, to); undefined when it is none. */
export function randomnessOf(bytes: Bytes, from: number, to: number): string | undefined {
  if (to - from !== TRACE_ID_BYTES) return undefined
  for (let at = from; at < to; at++) if (bytes[at] !== 0) return bytes.toString('hex', to - RANDOM_BYTES, to)
  return undefined
}

export interface Sampling {
  /** `th` and `rv`, of 14 digits; undefined where they are not there or not valid. */
  threshold: string | undefined
  randomness: string | undefined
}

const NOTHING: Sampling = { threshold: undefined, randomness: undefined }

export function samplingIn(state: string): Sampling {
  const pairs = pairsIn(state.split(',').find(isOwn))
  if (pairs.length === 0) return NOTHING
  const th = valueOfPair(pairs, 'th')
  const rv = valueOfPair(pairs, 'rv')
  return {
    threshold: th !== undefined && /^[0-9a-f]{1,14}$/.test(th) ? th.padEnd(DIGITS, '0') : undefined,
    randomness: rv !== undefined && /^[0-9a-f]{14}$/.test(rv) ? rv : undefined,
  }
}

/** The state with this threshold in front; all else that is in it is kept. */
export function withThreshold(state: string, threshold: string): string {
  const members = state.split(',').filter((member) => member.trim() !== '')
  const others = members.filter((member) => !isOwn(member)).slice(0, MEMBERS_MAX - 1)
  const th = `th:${threshold.replace(/0+$/, '') || '0'}`
  const kept = pairsIn(members.find(isOwn)).filter((pair) => !pair.startsWith('th:'))
  let own = [th, ...kept].join(';')
  while (own.length > VALUE_CHARACTERS_MAX) own = own.slice(0, own.lastIndexOf(';'))
  return [`ot=${own}`, ...others].join(',')
}

function isOwn(member: string): boolean {
  return member.trimStart().startsWith('ot=')
}

function pairsIn(member: string | undefined): string[] {
  return member === undefined
    ? []
    : member
        .trim()
        .slice('ot='.length)
        .split(';')
        .filter((pair) => pair !== '')
}

function valueOfPair(pairs: readonly string[], key: string): string | undefined {
  return pairs.find((pair) => pair.startsWith(`${key}:`))?.slice(key.length + 1)
}
