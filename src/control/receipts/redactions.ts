/**
 * Whether a candidate surely redacts what a live rule redacts. Judged by the rules alone, so it holds for text not
 * seen yet.
 */
import type { Redaction, RuleChange } from '#contract/receipt.ts'
import type { ReceiptPipeline } from './input.ts'
import type { Rule } from './replayed.ts'
import { canonical, pairRules } from './rules.ts'

export const REDACT = 'redact'

/** What a rule takes out: its detectors, and `pattern`. */
export function kindsOf({ params }: Rule): string[] {
  const several = typeof params['builtins'] === 'string' ? params['builtins'].split(',') : params['builtins']
  const names = [params['builtin'], ...(Array.isArray(several) ? several : [])]
  const kinds = names.flatMap((name) => (typeof name === 'string' ? [name.trim()] : []))
  return params['pattern'] === undefined ? kinds : ['pattern', ...kinds]
}

/**
 * All that `live` takes out is taken out by some rule of the candidate, of the same records, and failing no more
 * openly.
 */
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

/**
 * Redactions of pipelines that no sample says anything of: whether they are covered can be told by the rules alone. A
 * new pipeline must cover what those redact that take in from the same sources today.
 */
export function unsampledRedactions(
  pipelines: readonly ReceiptPipeline[],
  isSampled: (pipeline: ReceiptPipeline) => boolean,
): Redaction[] {
  return pipelines.flatMap((pipeline): Redaction[] => {
    const { id, live, candidate } = pipeline
    if (candidate === undefined || isSampled(pipeline)) return []
    if (live !== undefined) {
      return pairRules(live.rules, candidate.rules)
        .filter((pair) => pair.live?.type === REDACT || pair.candidate?.type === REDACT)
        .map((pair) => {
          const covered = pair.live?.type !== REDACT || isCovered(pair.live, candidate.rules)
          return unseen(id, (pair.candidate ?? pair.live)!, pair.change, covered)
        })
    }
    return pipelines
      .filter((other) => other.live?.sources.some((source) => candidate.sources.includes(source)))
      .flatMap((other) => other.live!.rules.filter(({ type }) => type === REDACT))
      .filter((rule) => !isCovered(rule, candidate.rules))
      .map((rule) => unseen(id, rule, 'removed', false))
  })
}

const NONE = { value: 0, low: 0, high: 0 }

function unseen(pipeline: string, rule: Rule, change: RuleChange, covered: boolean): Redaction {
  const counts = { live: null, candidate: null, unprovable: NONE, sampled: 0 }
  return { pipeline, rule: rule.id, kinds: kindsOf(rule), change, ...counts, covered }
}
