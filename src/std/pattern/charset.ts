/**
 * A set of UTF-16 code units as ascending, disjoint, non-adjacent ranges: [low, high, low, high, …], both inclusive.
 */
export type CharSet = readonly number[]

export const EMPTY: CharSet = []
export const DIGIT: CharSet = [0x30, 0x39]
export const WORD: CharSet = [0x30, 0x39, 0x41, 0x5a, 0x5f, 0x5f, 0x61, 0x7a]
/** ECMA-262 WhiteSpace and LineTerminator. */
export const SPACE: CharSet = [
  0x09, 0x0d, 0x20, 0x20, 0xa0, 0xa0, 0x1680, 0x1680, 0x2000, 0x200a, 0x2028, 0x2029, 0x202f, 0x202f, 0x205f, 0x205f,
  0x3000, 0x3000, 0xfeff, 0xfeff,
]
const LINE_TERMINATORS: CharSet = [0x0a, 0x0a, 0x0d, 0x0d, 0x2028, 0x2029]
const UNIT_MAX = 0xffff
export const LINE_FEED: CharSet = [0x0a, 0x0a]
export const ANY: CharSet = [0, UNIT_MAX]
export const DOT: CharSet = complement(LINE_TERMINATORS)

export function union(sets: readonly CharSet[]): CharSet {
  const ranges: [number, number][] = []
  for (const set of sets) for (let i = 0; i < set.length; i += 2) ranges.push([set[i]!, set[i + 1]!])
  ranges.sort((a, b) => a[0] - b[0])
  const result: number[] = []
  for (const [low, high] of ranges) {
    const last = result.length - 1
    if (last > 0 && low <= result[last]! + 1) result[last] = Math.max(result[last]!, high)
    else result.push(low, high)
  }
  return result
}

export function complement(set: CharSet): CharSet {
  const result: number[] = []
  let next = 0
  for (let i = 0; i < set.length; i += 2) {
    if (set[i]! > next) result.push(next, set[i]! - 1)
    next = set[i + 1]! + 1
  }
  if (next <= UNIT_MAX) result.push(next, UNIT_MAX)
  return result
}

export function without(set: CharSet, taken: CharSet): CharSet {
  return complement(union([complement(set), taken]))
}

export function has(set: CharSet, unit: number): boolean {
  for (let i = 0; i < set.length; i += 2) if (set[i]! <= unit && unit <= set[i + 1]!) return true
  return false
}

export function isAsciiSet(set: CharSet): boolean {
  return set.length === 0 || set[set.length - 1]! < 0x80
}

/** The only member, or -1. */
export function onlyMember(set: CharSet): number {
  return set.length === 2 && set[0] === set[1] ? set[0]! : -1
}

/** Adds what differs in case alone, as the flag `i` without `u` does (ECMA-262, Canonicalize). */
export function foldCase(set: CharSet): CharSet {
  const added: CharSet[] = [set]
  for (const [unit, others] of isAsciiSet(set) ? asciiCases : allCases()) {
    if (has(set, unit)) for (const other of others) added.push([other, other])
  }
  return union(added)
}

const asciiCases = casesOf(0x7f)
let everyCase: Map<number, number[]> | undefined
function allCases(): Map<number, number[]> {
  everyCase ??= casesOf(UNIT_MAX)
  return everyCase
}

/** For each unit up to `last` that has another case: all units that have the same canonical form. */
function casesOf(last: number): Map<number, number[]> {
  const families = new Map<number, number[]>()
  for (let unit = 0; unit <= last; unit++) {
    const canonical = canonicalize(unit)
    const family = families.get(canonical)
    if (family === undefined) families.set(canonical, [unit])
    else family.push(unit)
  }
  const cases = new Map<number, number[]>()
  for (const family of families.values()) {
    if (family.length > 1) for (const unit of family) cases.set(unit, family)
  }
  return cases
}

function canonicalize(unit: number): number {
  const upper = String.fromCharCode(unit).toUpperCase()
  if (upper.length !== 1) return unit
  const canonical = upper.charCodeAt(0)
  return unit >= 0x80 && canonical < 0x80 ? unit : canonical
}

/** As regular expression source: one character, or a class. */
export function printSet(set: CharSet): string {
  const only = onlyMember(set)
  if (only >= 0) return printUnit(only)
  if (set.length === 2 && set[0] === 0 && set[1] === UNIT_MAX) return '[^]'
  let ranges = ''
  for (let i = 0; i < set.length; i += 2) {
    const low = set[i]!
    const high = set[i + 1]!
    ranges += low === high ? printUnit(low) : `${printUnit(low)}${low + 1 === high ? '' : '-'}${printUnit(high)}`
  }
  return `[${ranges}]`
}

function printUnit(unit: number): string {
  if (has(WORD, unit) || unit === 0x20) return String.fromCharCode(unit)
  if (unit > 0x20 && unit < 0x7f) return `\\${String.fromCharCode(unit)}`
  return `\\u${unit.toString(16).padStart(4, '0')}`
}
