/**
 * Reads a pattern: JavaScript's syntax, and what differs in Go's (RE2), because that is what the first manifests hold:
 * leading `(?i)`, `(?s)`, `(?m)`, `(?P<name>…)`, `\A`, `\z`, `\a`, `[[:alpha:]]`. An escape that means nothing in
 * JavaScript is refused: a rule that silently looks for something else would leak.
 */
import { type AST, RegExpParser } from '@eslint-community/regexpp'
import { ANY, type CharSet, complement, DIGIT, DOT, foldCase, SPACE, union, WORD } from './charset.ts'
import { PatternError } from './error.ts'
import type { Tree } from './tree.ts'

export interface ParsedPattern {
  tree: Tree
  /** `^` and `$` stand for the edges of lines, not of the whole text. */
  lines: boolean
}

export function parsePattern(source: string, ignoreCase: boolean): ParsedPattern {
  const prefix = /^\(\?([ims]+)\)/.exec(source)
  const options = prefix?.[1] ?? ''
  const body = source.slice(prefix?.[0].length ?? 0)
  const mode: Mode = { fold: ignoreCase || options.includes('i'), dot: options.includes('s') ? ANY : DOT }
  return { tree: alternatives(parse(fromGo(body)).alternatives, mode), lines: options.includes('m') }
}

interface Mode {
  fold: boolean
  dot: CharSet
}

function parse(source: string): AST.Pattern {
  try {
    return new RegExpParser({ ecmaVersion: 2025 }).parsePattern(source, 0, source.length, { unicode: false })
  } catch (cause) {
    const message = cause instanceof Error ? cause.message.replace(/^Invalid regular expression: /, '') : String(cause)
    throw new PatternError('SG_PATTERN_SYNTAX', `the pattern is not a valid regular expression: ${message}`)
  }
}

const POSIX: Readonly<Record<string, string>> = {
  alnum: '0-9A-Za-z',
  alpha: 'A-Za-z',
  blank: '\\t ',
  cntrl: '\\x00-\\x1f\\x7f',
  digit: '0-9',
  graph: '!-~',
  lower: 'a-z',
  print: ' -~',
  punct: '!-\\/:-@\\[-`{-~',
  space: '\\t\\n\\v\\f\\r ',
  upper: 'A-Z',
  word: '\\w',
  xdigit: '0-9A-Fa-f',
}

/** Only what JavaScript would misread; what it refuses anyway gives its own error. */
function fromGo(source: string): string {
  return source.replace(/\\.|\(\?P<|\[:(\w+):\]/gs, (part, name?: string) => {
    if (part === '(?P<') return '(?<'
    return (name === undefined ? undefined : POSIX[name]) ?? part
  })
}

function alternatives(list: readonly AST.Alternative[], mode: Mode): Tree {
  const items = list.map((one): Tree => {
    const parts = one.elements.map((element) => elementOf(element, mode))
    return parts.length === 1 ? parts[0]! : { kind: 'seq', items: parts }
  })
  return items.length === 1 ? items[0]! : { kind: 'alt', items }
}

function elementOf(node: AST.Element, mode: Mode): Tree {
  switch (node.type) {
    case 'Character':
      return anchorOf(node) ?? { kind: 'set', set: folded([unitOf(node), unitOf(node)], mode) }
    case 'CharacterSet':
      return { kind: 'set', set: node.kind === 'any' ? mode.dot : escapeSet(node) }
    case 'CharacterClass':
      return { kind: 'set', set: classSet(node, mode) }
    case 'Group':
      return alternatives(node.alternatives, groupMode(node, mode))
    case 'CapturingGroup':
      return { kind: 'capture', name: node.name, item: alternatives(node.alternatives, mode) }
    case 'Quantifier':
      return {
        kind: 'repeat',
        item: elementOf(node.element, mode),
        min: node.min,
        max: node.max,
        greedy: node.greedy,
      }
    case 'Assertion':
      return assertion(node, mode)
    case 'Backreference':
      if (mode.fold) throw unsupported(node, 'where upper and lower case are the same')
      return { kind: 'back', raw: node.raw }
    default:
      throw unsupported(node)
  }
}

function assertion(node: AST.Assertion, mode: Mode): Tree {
  switch (node.kind) {
    case 'start':
    case 'end':
      return { kind: 'edge', at: node.kind }
    case 'word':
      return { kind: 'word', negate: node.negate }
    default:
      return lookaround(node, mode)
  }
}

function lookaround(node: AST.LookaroundAssertion, mode: Mode): Tree {
  const { kind, negate, raw } = node
  return { kind: 'look', ahead: kind === 'lookahead', negate, item: alternatives(node.alternatives, mode), raw }
}

function anchorOf(node: AST.Character): Tree | null {
  if (node.raw === '\\A') return { kind: 'edge', at: 'start' }
  return node.raw === '\\z' ? { kind: 'edge', at: 'end' } : null
}

function unitOf(node: AST.Character): number {
  if (node.raw === '\\a') return 0x07
  if (/^\\[A-Za-z]$/.test(node.raw) && node.raw.charCodeAt(1) === node.value) throw unsupported(node)
  return node.value
}

function classSet(node: AST.CharacterClass, mode: Mode): CharSet {
  const sets = node.elements.map((element): CharSet => {
    if (element.type === 'Character') return [classUnit(element), classUnit(element)]
    if (element.type === 'CharacterClassRange') return [classUnit(element.min), classUnit(element.max)]
    if (element.type === 'CharacterSet') return escapeSet(element)
    throw unsupported(element)
  })
  const set = folded(union(sets), mode)
  return node.negate ? complement(set) : set
}

function classUnit(node: AST.Character): number {
  const unit = unitOf(node)
  if (unit >= 0xd800 && unit <= 0xdfff) {
    throw new PatternError(
      'SG_PATTERN_SYNTAX',
      `a character above U+FFFF cannot stand in a class; write (?:a|b) instead`,
    )
  }
  return unit
}

function escapeSet(node: AST.CharacterSet): CharSet {
  if (node.kind === 'any' || node.kind === 'property') throw unsupported(node)
  const set = node.kind === 'digit' ? DIGIT : node.kind === 'word' ? WORD : SPACE
  return node.negate ? complement(set) : set
}

function groupMode(node: AST.Group, mode: Mode): Mode {
  if (node.modifiers === null) return mode
  const { add, remove } = node.modifiers
  if (add.multiline || remove?.multiline) throw unsupported(node)
  return {
    fold: (mode.fold || add.ignoreCase) && !remove?.ignoreCase,
    dot: remove?.dotAll ? DOT : add.dotAll ? ANY : mode.dot,
  }
}

function folded(set: CharSet, mode: Mode): CharSet {
  return mode.fold ? foldCase(set) : set
}

function unsupported(node: AST.Node, where = ''): PatternError {
  const message = `the pattern holds ${node.raw}, which is not supported${where === '' ? '' : ` ${where}`}`
  return new PatternError('SG_PATTERN_SYNTAX', message)
}
