/**
 * Patterns that people write, matched in linear time or refused.
 *
 * V8 keeps its fast backtracking matcher and changes over to a breadth-first one when a match backtracks too much
 * (`enableLinearRegex`). It can do that only for patterns without flags such as `i` and `u`, look-around,
 * back-references and large counts. So a pattern is read into a tree, cases and Go's syntax are written out, counts are
 * unrolled where need be, and what V8 still does not take with the flag `l` is refused.
 *
 * A pattern also tells what a search needs to know to look at many records at once.
 */

import { isLinear } from '#std/pattern/linear.ts'
import { LINE_FEED, without } from './charset.ts'
import { PatternError } from './error.ts'
import { type Facts, factsOf } from './facts.ts'
import { parsePattern } from './parse.ts'
import { printTree, unrollRepeats } from './print.ts'
import { rewriteTree, type Tree, walk } from './tree.ts'

export { PatternError } from './error.ts'

/** Longer patterns are not written by hand. */
export const PATTERN_CHARACTERS_MAX = 4096

export interface PatternOptions {
  ignoreCase?: boolean
  /** Take the pattern even if a hostile record could make it slow. */
  unsafe?: boolean
  /** For patterns that a program wrote. */
  charactersMax?: number
}

export interface Pattern extends Facts {
  source: string
  /** Global; for the text of one record. Whoever uses it sets `lastIndex`. */
  regex: RegExp
  /**
   * Global and multiline; finds the same in many records at once, each of them a line: its sets never match `\n`.
   * Undefined where that cannot be had.
   */
  lineRegex: RegExp | undefined
}

/** Throws `PatternError`. */
export function compilePattern(source: string, options: PatternOptions = {}): Pattern {
  const { charactersMax = PATTERN_CHARACTERS_MAX } = options
  if (source.length > charactersMax) {
    throw new PatternError('SG_PATTERN_SYNTAX', `the pattern is longer than ${charactersMax} characters`)
  }
  const { tree, lines } = parsePattern(source, options.ignoreCase ?? false)
  const flags = lines ? 'gm' : 'g'
  const linear = compileLinear(tree, flags)
  if (linear === undefined && options.unsafe !== true) throw new PatternError('SG_PATTERN_UNSAFE', refusal(tree))
  const facts = factsOf(tree)
  const regex = linear ?? compileAny(tree, flags)
  return { ...facts, source, regex, lineRegex: facts.lookaround ? undefined : lineForm(tree, linear !== undefined) }
}

function compileLinear(tree: Tree, flags: string): RegExp | undefined {
  for (const form of [tree, unrollRepeats(tree)]) {
    const source = printTree(form)
    if (isLinear(source, flags)) return new RegExp(source, flags)
  }
  return undefined
}

function compileAny(tree: Tree, flags: string): RegExp {
  try {
    return new RegExp(printTree(tree), flags)
  } catch (cause) {
    throw new PatternError('SG_PATTERN_SYNTAX', cause instanceof Error ? cause.message : String(cause))
  }
}

function lineForm(tree: Tree, linear: boolean): RegExp | undefined {
  const form = rewriteTree(tree, (node) =>
    node.kind === 'set' ? { kind: 'set', set: without(node.set, LINE_FEED) } : node,
  )
  return linear ? compileLinear(form, 'gm') : compileAny(form, 'gm')
}

/** Names the construct and the way out. */
function refusal(tree: Tree): string {
  let reason = 'its counted repeats multiply to too many parts; use smaller counts, or * or +'
  walk(tree, (node) => {
    if (node.kind === 'look') {
      const name = node.ahead ? 'look-ahead' : 'look-behind'
      reason = `it has the ${name} ${node.raw}; match what stands around as well and put it back with a group`
    }
    if (node.kind === 'back') reason = `it has the back-reference ${node.raw}; write the repeated part out`
  })
  if (!isLinear('a', 'g')) reason = 'the linear matcher of this runtime is not switched on'
  return `the pattern cannot be matched in linear time because ${reason}; or set unsafe: true if no hostile text can reach it`
}
