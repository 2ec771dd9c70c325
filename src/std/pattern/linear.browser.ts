/**
 * What a node's V8 takes as linear, told without asking it: in a browser V8's flags cannot be set, and the flag `l` is unknown.
 *
 * There patterns are compiled for the plain, backtracking engine, which finds the same; whoever runs them sets a time limit. This
 * refuses what a node refuses as far as the pattern's own text tells: look-around, back-references, flags other than `g` and `m`,
 * counts above what V8's breadth-first matcher copies out (`ExperimentalRegExpCompiler::CanBeHandled`). A test compares both on
 * many patterns; the last word has the node, when a rule is checked there.
 */
import { type AST, RegExpParser, visitRegExpAST } from '@eslint-community/regexpp'

/** How often V8 copies a part for counted repeats, those around it included. */
const COPIES_MAX = 16

/** Nothing can be set here. */
export function enableLinearRegex(): void {}

export function isLinear(source: string, flags: string): boolean {
  if (/[^gm]/.test(flags)) return false
  try {
    const pattern = new RegExpParser({ ecmaVersion: 2025 }).parsePattern(source)
    new RegExp(source, flags)
    return isTaken(pattern)
  } catch {
    return false
  }
}

function isTaken(pattern: AST.Pattern): boolean {
  let taken = true
  /** Of the part at hand, and of those around it. */
  const copies = [1]
  /** Depth inside of what V8's parser leaves out. */
  let ignored = 0
  const refuse = () => {
    if (ignored === 0) taken = false
  }
  visitRegExpAST(pattern, {
    onAssertionEnter({ kind }) {
      if (kind === 'lookahead' || kind === 'lookbehind') refuse()
    },
    onBackreferenceEnter(node) {
      if (!isInsideItsGroup(node)) refuse()
    },
    onGroupEnter({ modifiers }) {
      if (modifiers !== null) refuse()
    },
    onQuantifierEnter(node) {
      if (isLeftOut(node)) ignored++
      const own = copiesOf(node)
      copies.push(copies.at(-1)! * own)
      if (own > COPIES_MAX || copies.at(-1)! > COPIES_MAX) refuse()
    },
    onQuantifierLeave(node) {
      copies.pop()
      if (isLeftOut(node)) ignored--
    },
  })
  return taken
}

/** There the group holds nothing yet, so V8's parser leaves it out. */
function isInsideItsGroup({ resolved, parent }: AST.Backreference): boolean {
  for (let node: AST.Node | null = parent; node !== null; node = node.parent) if (node === resolved) return true
  return false
}

/** What can only match nothing, and need not be there. */
function isLeftOut({ element, min }: AST.Quantifier): boolean {
  return min === 0 && isEmpty(element)
}

/** What can only match nothing V8 does not repeat; of what can match nothing and has no end it makes one round more. */
function copiesOf({ element, min, max }: AST.Quantifier): number {
  if (isEmpty(element)) return 1
  if (max !== Infinity) return max
  return canBeEmpty(element) ? min + 1 : Math.max(1, min)
}

/** It can match nothing else. */
function isEmpty(node: AST.Element): boolean {
  if (node.type === 'Group' || node.type === 'CapturingGroup') {
    return node.alternatives.every(({ elements }) => elements.every(isEmpty))
  }
  if (node.type === 'Quantifier') return node.max === 0 || isEmpty(node.element)
  return node.type === 'Assertion' || (node.type === 'Backreference' && isInsideItsGroup(node))
}

function canBeEmpty(node: AST.Element): boolean {
  if (node.type === 'Group' || node.type === 'CapturingGroup') {
    return node.alternatives.some(({ elements }) => elements.every(canBeEmpty))
  }
  if (node.type === 'Quantifier') return node.min === 0 || canBeEmpty(node.element)
  return node.type === 'Assertion' || node.type === 'Backreference'
}
