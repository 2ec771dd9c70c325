/** What became of each rule between live and candidate, and which of them a replay runs. */
import type { RuleChange } from '#contract/receipt.ts'
import type { Rule, RuleTraits } from './replayed.ts'

export interface RulePair {
  live: Rule | undefined
  candidate: Rule | undefined
  change: RuleChange
}

/** Of the candidate's order, then what it no longer has. A rule that only got another id is unchanged. */
export function pairRules(live: readonly Rule[], candidate: readonly Rule[]): RulePair[] {
  const byId = new Map(live.map((rule) => [rule.id, rule]))
  const candidateIds = new Set(candidate.map(({ id }) => id))
  /** Rules without a namesake, by what they do. */
  const gone = new Map<string, Rule[]>()
  for (const rule of live) {
    if (candidateIds.has(rule.id)) continue
    const body = bodyOf(rule)
    gone.set(body, [...(gone.get(body) ?? []), rule])
  }
  const pairs: RulePair[] = candidate.map((rule) => {
    const body = bodyOf(rule)
    const namesake = byId.get(rule.id)
    if (namesake !== undefined) {
      return { live: namesake, candidate: rule, change: bodyOf(namesake) === body ? 'unchanged' : 'changed' }
    }
    const renamed = gone.get(body)?.shift()
    return { live: renamed, candidate: rule, change: renamed === undefined ? 'new' : 'unchanged' }
  })
  const removed = [...gone.values()].flat()
  for (const rule of live) {
    if (removed.includes(rule)) pairs.push({ live: rule, candidate: undefined, change: 'removed' })
  }
  return pairs
}

/**
 * What the chains of a replay are: without rules whose effect on a record hangs on other records or on chance. Of
 * those the receipt takes the fate that was seen. A sampling rule that is new or changed does run: chance is in the
 * interval.
 */
export function replayedRules(
  live: readonly Rule[],
  candidate: readonly Rule[],
  traits: Readonly<Record<string, RuleTraits>>,
): { live: Rule[]; candidate: Rule[] } {
  const unchanged = new Set(
    pairRules(live, candidate).flatMap(({ candidate: rule, change }) => (change === 'unchanged' ? [rule] : [])),
  )
  return {
    live: live.filter(({ type }) => !isStateful(type, traits) && !isChance(type, traits)),
    candidate: candidate.filter(
      (rule) => !isStateful(rule.type, traits) && !(isChance(rule.type, traits) && unchanged.has(rule)),
    ),
  }
}

/** What nobody knows of may remember anything. */
export function isStateful(type: string, traits: Readonly<Record<string, RuleTraits>>): boolean {
  return Object.hasOwn(traits, type) ? traits[type]!.stateful : true
}

export function isChance(type: string, traits: Readonly<Record<string, RuleTraits>>): boolean {
  return Object.hasOwn(traits, type) && traits[type]!.outcome === 'sampled'
}

/** All of a rule but its id, as text: equal for rules that are the same to an engine. */
function bodyOf({ type, params, when, required, on_error: onError }: Rule): string {
  return canonical({ type, params, when, required, on_error: onError })
}

/** JSON with its keys in order, without those that are undefined. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((part) => canonical(part ?? null)).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${canonical(member)}`).join(',')}}`
}
