/** What is wrong with a configuration, where, and what to do. All of it at once, not only the first. */
import type { z } from 'zod'
import { type ErrorCode, StreamgateError } from '#contract/error.ts'

export type Path = readonly (string | number)[]

export interface Problem {
  code: ErrorCode
  path: Path
  message: string
}

/** Line and column, counted from one. */
export interface Place {
  line: number
  column: number
}

/** Thrown by whatever reads a configuration. The message has one line for each problem. */
export class ConfigError extends StreamgateError {
  override name = 'ConfigError'
  readonly problems: readonly Problem[]
  constructor(problems: readonly Problem[], source: string, placeOf: (problem: Problem) => Place | undefined) {
    const lines = problems.map((problem) => {
      const place = placeOf(problem)
      const where = place === undefined ? source : `${source}:${place.line}:${place.column}`
      const path = problem.path.length === 0 ? '' : ` ${pathText(problem.path)}:`
      return `${where}:${path} ${problem.message} [${problem.code}]`
    })
    const first = problems[0]
    super(
      first?.code ?? 'SG_CONFIG_INVALID',
      lines.join('\n'),
      first === undefined ? {} : { path: pathText(first.path) },
    )
    this.problems = problems
  }
}

/** JSON that has no places, such as what was published; `source` says what it is. Throws `ConfigError`. */
export function parseJson(text: string, source: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    const problem: Problem = { code: 'SG_CONFIG_SYNTAX', path: [], message: `it is not JSON: ${reason}` }
    throw refused([problem], source)
  }
}

/** Of something that has no places. */
export function refused(problems: readonly Problem[], source: string): ConfigError {
  return new ConfigError(problems, source, () => undefined)
}

/** `pipelines/0/processors/1/params/pattern` */
export function pathText(path: Path): string {
  return path.join('/')
}

/** A JSON Pointer (RFC 6901): `/params/pattern`. */
export function pointer(path: Path): string {
  return path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
}

/** What a schema says of a value, as problems. `known` are the keys that a strict object has, for suggestions. */
export function problemsOf(error: z.ZodError, base: Path, known: readonly string[]): Problem[] {
  return error.issues.flatMap((issue): Problem[] => {
    const path = [...base, ...issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part))]
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => ({
        code: 'SG_CONFIG_UNKNOWN_KEY',
        path: [...path, key],
        message: `there is no key "${key}"${suggest(key, issue.path.length === 0 ? known : [])}`,
      }))
    }
    return [{ code: 'SG_CONFIG_INVALID', path, message: lowerFirst(issue.message) }]
  })
}

/** `; did you mean "listen"?`, or a list when there are few, or nothing. */
export function suggest(word: string, known: readonly string[]): string {
  let best: string | undefined
  let bestDistance = Math.max(1, Math.floor(word.length / 3)) + 1
  for (const candidate of known) {
    const distance = editDistance(word, candidate)
    if (distance < bestDistance) {
      best = candidate
      bestDistance = distance
    }
  }
  if (best !== undefined) return `; did you mean "${best}"?`
  return known.length === 0 ? '' : `; known here: ${known.join(', ')}`
}

/** Levenshtein distance, by rows. */
export function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const change = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(change, row[j]! + 1, next[j - 1]! + 1))
    }
    row = next
  }
  return row[b.length]!
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1)
}
