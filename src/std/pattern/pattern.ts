/**
 * Patterns that people write: JavaScript regular expressions, with `(?i)` in front as in Go and RE2, matched in linear time
 * or refused. A pattern tells what a search needs to know to look at many records at once.
 */
import { type AST, RegExpParser, RegExpSyntaxError } from '@eslint-community/regexpp'
import { analyse, type Facts } from './facts.ts'
import { isLinear } from './linear.ts'
import { rewrite } from './rewrite.ts'

/** Longer patterns are not written by hand. */
export const PATTERN_CHARACTERS_MAX = 4096

export class PatternError extends Error {
  override name = 'PatternError'
  readonly code: 'SG_PATTERN_SYNTAX' | 'SG_PATTERN_UNSAFE'
  constructor(code: PatternError['code'], message: string) {
    super(message)
    this.code = code
  }
}

export interface PatternOptions {
  ignoreCase?: boolean
  /** Take the pattern even if a hostile record could make it slow. */
  unsafe?: boolean
}

export interface Pattern extends Facts {
  source: string
  /** Global; for the text of one record. Whoever uses it sets `lastIndex`. */
  regex: RegExp
  /**
   * Global and multiline; for many records at once, none of which holds a line end: its sets never match one. Undefined
   * where that cannot be had.
   */
  lineRegex: RegExp | undefined
}

/** Throws `PatternError`. */
export function compilePattern(text: string, options: PatternOptions = {}): Pattern {
  if (text.length > PATTERN_CHARACTERS_MAX) {
    throw new PatternError('SG_PATTERN_SYNTAX', `the pattern is longer than ${PATTERN_CHARACTERS_MAX} characters`)
  }
  const inline = /^\(\?i\)/.exec(text)
  const source = inline === null ? text : text.slice(inline[0].length)
  const ignoreCase = options.ignoreCase === true || inline !== null
  const ast = parse(source)
  const facts = analyse(ast, ignoreCase)
  const form = linearForm(ast, ignoreCase) ?? unsafeForm(ast, ignoreCase, options.unsafe === true)
  const line =
    facts.lookaround || facts.matchesLineEndLiterally
      ? undefined
      : rewrite(ast, { ignoreCase, unroll: form.unroll, withinLine: true })
  return {
    ...facts,
    source: text,
    regex: new RegExp(form.source, 'g'),
    lineRegex: line === undefined || !compiles(line, form.linear) ? undefined : new RegExp(line, 'gm'),
  }
}

function parse(source: string): AST.Pattern {
  try {
    return new RegExpParser({ ecmaVersion: 2025 }).parsePattern(source, 0, source.length, { unicode: false })
  } catch (error) {
    if (!(error instanceof RegExpSyntaxError)) throw error
    throw new PatternError(
      'SG_PATTERN_SYNTAX',
      `not a valid regular expression: ${error.message.replace(/^Invalid regular expression: \/.*\/:? ?/s, '')}`,
    )
  }
}

interface Form {
  source: string
  unroll: boolean
  linear: boolean
}

/** The pattern in the plainest form that V8's linear matcher takes. */
function linearForm(ast: AST.Pattern, ignoreCase: boolean): Form | undefined {
  for (const unroll of [false, true]) {
    const source = rewrite(ast, { ignoreCase, unroll, withinLine: false })
    if (source !== undefined && isLinear(source, 'g')) return { source, unroll, linear: true }
  }
  return undefined
}

function unsafeForm(ast: AST.Pattern, ignoreCase: boolean, allowed: boolean): Form {
  if (!allowed) {
    const construct = offender(ast)
    throw new PatternError(
      'SG_PATTERN_UNSAFE',
      `cannot be matched in linear time because of ${construct}; write it without, or set unsafe: true if no hostile text can reach it`,
    )
  }
  return {
    source: rewrite(ast, { ignoreCase, unroll: false, withinLine: false }) ?? ast.raw,
    unroll: false,
    linear: false,
  }
}

function compiles(source: string, linear: boolean): boolean {
  return !linear || isLinear(source, 'gm')
}

/** What the linear matcher stumbles over, in words. */
function offender(ast: AST.Pattern): string {
  const { raw } = ast
  if (/\\[1-9]|\\k</.test(raw)) return 'a back-reference'
  if (/\(\?<?[=!]/.test(raw)) return 'look-ahead or look-behind'
  const count = /\{\d+(,\d*)?\}/.exec(raw)
  if (count !== null) return `the counted repeat ${count[0]}`
  return 'its size or a construct that V8 cannot match so'
}
