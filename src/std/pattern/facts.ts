/** What can be said of a pattern without running it. */
import { type AST, visitRegExpAST } from '@eslint-community/regexpp'

export interface Facts {
  /** Means the same on bytes of UTF-8, taken as one character each, as on text: only ASCII, and no set beyond it. */
  byteSafe: boolean
  anchored: boolean
  lookaround: boolean
  /** Names a line end itself, so it is not for searching lines. */
  matchesLineEndLiterally: boolean
  canBeEmpty: boolean
  /** Text that every match contains; empty if there is none to be sure of. */
  literal: string
  groups: number
  /** For a pattern of fixed length without groups: for each position, the ASCII characters that fit there. */
  shape: readonly Uint8Array[] | undefined
}

export function analyse(pattern: AST.Pattern, ignoreCase: boolean): Facts {
  const facts = { byteSafe: true, anchored: false, lookaround: false, matchesLineEndLiterally: false, groups: 0 }
  visitRegExpAST(pattern, {
    onAssertionEnter(node) {
      if (node.kind === 'start' || node.kind === 'end') facts.anchored = true
      if (node.kind === 'lookahead' || node.kind === 'lookbehind') facts.lookaround = true
    },
    onCapturingGroupEnter() {
      facts.groups++
    },
    onCharacterEnter(node) {
      if (node.value > 0x7f) facts.byteSafe = false
      if (node.parent.type === 'Alternative' || node.parent.type === 'Quantifier') {
        if (node.value === 0x0a || node.value === 0x0d) facts.matchesLineEndLiterally = true
      }
    },
    onCharacterSetEnter(node) {
      if (node.kind === 'any' || node.kind === 'space' || node.kind === 'property' || node.negate)
        facts.byteSafe = false
    },
    onCharacterClassEnter(node) {
      if (node.negate) facts.byteSafe = false
    },
  })
  const shape = ignoreCase ? undefined : shapeOf(pattern)
  const canBeEmpty = pattern.alternatives.some(mayBeEmpty)
  return { ...facts, canBeEmpty, literal: ignoreCase ? '' : literalOf(pattern), shape }
}

function mayBeEmpty(alternative: AST.Alternative): boolean {
  return alternative.elements.every(elementMayBeEmpty)
}

function elementMayBeEmpty(node: AST.Element): boolean {
  switch (node.type) {
    case 'Group':
    case 'CapturingGroup':
      return node.alternatives.some(mayBeEmpty)
    case 'Quantifier':
      return node.min === 0 || elementMayBeEmpty(node.element)
    case 'Assertion':
    case 'Backreference':
      return true
    default:
      return false
  }
}

/** The longest run of plain characters that stands in every match. */
function literalOf(pattern: AST.Pattern): string {
  let best = ''
  let run = ''
  const end = () => {
    if (run.length > best.length) best = run
    run = ''
  }
  const walk = (alternatives: readonly AST.Alternative[]): void => {
    if (alternatives.length !== 1) {
      end()
      return
    }
    for (const element of alternatives[0]!.elements) {
      if (element.type === 'Character' && element.value <= 0x7f) run += String.fromCharCode(element.value)
      else if (element.type === 'Group' || element.type === 'CapturingGroup') walk(element.alternatives)
      else if (element.type === 'Quantifier' && element.min > 0 && element.element.type === 'Character') {
        if (element.element.value <= 0x7f) run += String.fromCharCode(element.element.value)
        end()
      } else if (element.type !== 'Assertion') end()
    }
  }
  walk(pattern.alternatives)
  end()
  return best
}

/** Longer shapes gain nothing over the pattern itself. */
const SHAPE_LENGTH_MAX = 64

function shapeOf(pattern: AST.Pattern): Uint8Array[] | undefined {
  if (pattern.alternatives.length !== 1) return undefined
  const shape: Uint8Array[] = []
  for (const element of pattern.alternatives[0]!.elements) {
    const counted = element.type === 'Quantifier' && element.min === element.max
    const [inner, times] = counted ? [element.element, element.min] : [element, 1]
    const fits = fitting(inner)
    if (fits === undefined || shape.length + times > SHAPE_LENGTH_MAX) return undefined
    for (let i = 0; i < times; i++) shape.push(fits)
  }
  return shape.length === 0 ? undefined : shape
}

/** 1 for each character that fits; undefined when the element is not one ASCII character. */
function fitting(node: AST.Element): Uint8Array | undefined {
  const fits = new Uint8Array(256)
  if (node.type === 'Character' && node.value <= 0x7f) fits[node.value] = 1
  else if (node.type === 'CharacterSet' && node.kind === 'digit' && !node.negate) fits.fill(1, 0x30, 0x3a)
  else if (node.type === 'CharacterClass' && !node.negate) {
    for (const element of node.elements) {
      if (element.type === 'Character' && element.value <= 0x7f) fits[element.value] = 1
      else if (element.type === 'CharacterClassRange' && element.max.value <= 0x7f) {
        fits.fill(1, element.min.value, element.max.value + 1)
      } else if (element.type === 'CharacterSet' && element.kind === 'digit' && !element.negate)
        fits.fill(1, 0x30, 0x3a)
      else return undefined
    }
  } else return undefined
  return fits
}
