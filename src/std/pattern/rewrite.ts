/**
 * Writes a parsed pattern out again, in a form that V8's linear matcher takes: letters as `[aA]` instead of the flag `i`,
 * counted repeats written out. It can also keep every set away from line ends, for searching many lines at once.
 */
import type { AST } from '@eslint-community/regexpp'

export interface RewriteOptions {
  ignoreCase: boolean
  /** Write `{2,4}` out. */
  unroll: boolean
  /** Sets never match `\n` or `\r`. */
  withinLine: boolean
}

/** What the pattern may grow to. */
const REWRITTEN_CHARACTERS_MAX = 20_000

/** Undefined when it cannot be written so: it would grow too large, or a repeated group would change the numbering. */
export function rewrite(pattern: AST.Pattern, options: RewriteOptions): string | undefined {
  try {
    const text = alternatives(pattern.alternatives, options)
    return text.length > REWRITTEN_CHARACTERS_MAX ? undefined : text
  } catch (error) {
    if (error instanceof NotPossible) return undefined
    throw error
  }
}

class NotPossible extends Error {}

function alternatives(nodes: readonly AST.Alternative[], options: RewriteOptions): string {
  return nodes.map((node) => node.elements.map((element) => write(element, options)).join('')).join('|')
}

function write(node: AST.Element, options: RewriteOptions): string {
  switch (node.type) {
    case 'Group':
      return `(?:${alternatives(node.alternatives, options)})`
    case 'CapturingGroup':
      return `(${node.name === null ? '' : `?<${node.name}>`}${alternatives(node.alternatives, options)})`
    case 'Quantifier':
      return quantified(node, options)
    case 'Character':
      return character(node.value, options.ignoreCase)
    case 'CharacterSet':
      return characterSet(node, options)
    case 'CharacterClass':
      return characterClass(node, options)
    case 'Assertion':
      if (node.kind === 'lookahead' || node.kind === 'lookbehind') {
        const sign = `${node.kind === 'lookbehind' ? '<' : ''}${node.negate ? '!' : '='}`
        return `(?${sign}${alternatives(node.alternatives, options)})`
      }
      return node.raw
    default:
      return node.raw
  }
}

function quantified(node: AST.Quantifier, options: RewriteOptions): string {
  const inner = write(node.element, options)
  const lazy = node.greedy ? '' : '?'
  const { min, max } = node
  if (!options.unroll || (min === 0 && (max === 1 || max === Infinity)) || (min === 1 && max === Infinity)) {
    return `${inner}${node.raw.slice(node.element.raw.length)}`
  }
  if (inner.includes('(') && /\((?!\?[:=!]|\?<[=!])/.test(inner)) throw new NotPossible()
  const unit = `(?:${inner})`
  const count = max === Infinity ? min : max
  if (count * unit.length > REWRITTEN_CHARACTERS_MAX) throw new NotPossible()
  if (max === Infinity) return `${unit.repeat(min)}${unit}*${lazy}`
  let optional = ''
  for (let i = min; i < max; i++) optional = `(?:${unit}${optional})?${lazy}`
  return unit.repeat(min) + optional
}

function character(code: number, ignoreCase: boolean): string {
  const variants = ignoreCase ? casesOf(code) : [code]
  return variants.length === 1 ? escaped(code) : `[${variants.map(escaped).join('')}]`
}

function characterSet(node: AST.CharacterSet, options: RewriteOptions): string {
  if (!options.withinLine) return node.raw
  // `.` leaves line ends out already; so do \d, \w and \S.
  if (node.kind === 'any') return '.'
  if (node.kind === 'space' && !node.negate) return '[^\\S\\n\\r]'
  if (node.kind === 'digit' && node.negate) return '[^\\d\\n\\r]'
  if (node.kind === 'word' && node.negate) return '[^\\w\\n\\r]'
  return node.raw
}

function characterClass(node: AST.CharacterClass, options: RewriteOptions): string {
  const parts = node.elements.map((element) => {
    if (element.type === 'Character')
      return (options.ignoreCase ? casesOf(element.value) : [element.value]).map(escaped).join('')
    if (element.type === 'CharacterClassRange') return range(element.min.value, element.max.value, options.ignoreCase)
    return element.raw
  })
  const inner = parts.join('')
  if (!options.withinLine) return `[${node.negate ? '^' : ''}${inner}]`
  if (node.negate) return `[^${inner}\\n\\r]`
  // Sets have no difference, so a class that could match a line end is put behind an alternative that cannot hold.
  return matchesLineEnd(node) ? `[${withoutLineEnds(node, options)}]` : `[${inner}]`
}

/** The class written without what matches `\n` and `\r`. */
function withoutLineEnds(node: AST.CharacterClass, options: RewriteOptions): string {
  const kept = node.elements.map((element) => {
    if (element.type === 'Character') {
      return isLineEnd(element.value)
        ? ''
        : (options.ignoreCase ? casesOf(element.value) : [element.value]).map(escaped).join('')
    }
    if (element.type === 'CharacterClassRange') {
      const { min, max } = { min: element.min.value, max: element.max.value }
      return pieces(min, max)
        .map(([from, to]) => range(from, to, options.ignoreCase))
        .join('')
    }
    // White space but line ends (ECMA-262, WhiteSpace), and complements of ASCII sets.
    if (element.type === 'CharacterSet' && element.kind === 'space' && !element.negate)
      return '\\t\\v\\f \\xa0\\u1680\\u2000-\\u200a\\u202f\\u205f\\u3000\\ufeff'
    if (element.type === 'CharacterSet' && element.kind === 'digit' && element.negate)
      return '\\x00-\\x09\\x0b\\x0c\\x0e-\\x2f\\x3a-\\uffff'
    if (element.type === 'CharacterSet' && element.kind === 'word' && element.negate) {
      return '\\x00-\\x09\\x0b\\x0c\\x0e-\\x2f\\x3a-\\x40\\x5b-\\x5e\\x60\\x7b-\\uffff'
    }
    return element.raw
  })
  const inner = kept.join('')
  // An empty class matches nothing, which is right: the class held line ends only.
  return inner
}

function pieces(min: number, max: number): [number, number][] {
  const cuts = [0x0a, 0x0d]
  let ranges: [number, number][] = [[min, max]]
  for (const cut of cuts) {
    ranges = ranges.flatMap(([from, to]): [number, number][] =>
      cut < from || cut > to
        ? [[from, to]]
        : [
            [from, cut - 1],
            [cut + 1, to],
          ],
    )
  }
  return ranges.filter(([from, to]) => from <= to)
}

function matchesLineEnd(node: AST.CharacterClass): boolean {
  return node.elements.some((element) => {
    if (element.type === 'Character') return isLineEnd(element.value)
    if (element.type === 'CharacterClassRange') return element.min.value <= 0x0d && element.max.value >= 0x0a
    if (element.type === 'CharacterSet') return element.kind === 'space' ? !element.negate : element.negate
    return true
  })
}

function isLineEnd(code: number): boolean {
  return code === 0x0a || code === 0x0d
}

/** A range, and with `ignoreCase` the same letters in the other case. */
function range(min: number, max: number, ignoreCase: boolean): string {
  const plain = min === max ? escaped(min) : `${escaped(min)}-${escaped(max)}`
  if (!ignoreCase) return plain
  const shifted = (from: number, to: number, by: number) => {
    const [low, high] = [Math.max(min, from), Math.min(max, to)]
    return low > high ? '' : `${escaped(low + by)}-${escaped(high + by)}`
  }
  return plain + shifted(0x41, 0x5a, 32) + shifted(0x61, 0x7a, -32)
}

function casesOf(code: number): number[] {
  const text = String.fromCharCode(code)
  return [...new Set([text, text.toLowerCase(), text.toUpperCase()])].flatMap((variant) =>
    variant.length === 1 ? [variant.charCodeAt(0)] : [],
  )
}

/** Safe both inside and outside a class. */
function escaped(code: number): string {
  if (
    (code >= 0x30 && code <= 0x39) ||
    (code >= 0x41 && code <= 0x5a) ||
    (code >= 0x61 && code <= 0x7a) ||
    code === 0x5f ||
    code === 0x20
  ) {
    return String.fromCharCode(code)
  }
  return code <= 0xff ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`
}
