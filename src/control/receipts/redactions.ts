/** Whether a candidate surely redacts what a live rule redacts. Judged by the rules alone, so it holds for text not seen yet. */
import type { Rule } from './replayed.ts'
import { canonical } from './rules.ts'

export const REDACT = 'redact'

/** What a rule takes out: its detectors, and `pattern`. */
export function kindsOf({ params }: Rule): string[] {
  const several = typeof params['builtins'] === 'string' ? params['builtins'].split(',') : params['builtins']
  const names = [params['builtin'], ...(Array.isArray(several) ? several : [])]
  const kinds = names.flatMap((name) => (typeof name === 'string' ? [name.trim()] : []))
  return params['pattern'] === undefined ? kinds : ['pattern', ...kinds]
}

/** All that `live` takes out is taken out by some rule of the candidate, of the same records, and failing no more openly. */
export function isCovered(live: Rule, candidate: readonly Rule[]): boolean {
  const rules = candidate.filter((rule) => rule.type === REDACT && isAsStrict(rule, live))
  return kindsOf(live).every((kind) => rules.some((rule) => takesOut(rule, kind, live)))
}

function takesOut(rule: Rule, kind: string, live: Rule): boolean {
  if (!kindsOf(rule).includes(kind)) return false
  return kind !== 'pattern' || canonical(patternOf(rule)) === canonical(patternOf(live))
}

function patternOf({ params }: Rule): unknown {
  return [params['pattern'], String(params['ignore_case'] ?? false)]
}

function isAsStrict(rule: Rule, live: Rule): boolean {
  if (rule.when !== undefined && canonical(rule.when) !== canonical(live.when)) return false
  if (rule.required === false && live.required !== false) return false
  return rule.on_error !== 'pass' || live.on_error === 'pass'
}
