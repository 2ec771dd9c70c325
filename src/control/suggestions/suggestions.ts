/**
 * Makes suggestions from samples: a pure function. Work grows with the records, which who calls bounds; 10,000 take
 * about a second.
 */
import type { SampleWindow } from '#contract/observation.ts'
import type { LogPattern, Suggestion, Suggestions } from '#contract/suggestion.ts'
import { chattyServices } from './chatty.ts'
import { Outgoing } from './outgoing.ts'
import { KEEP_RATIO, type Pattern, patternsOf } from './patterns.ts'
import { censored, type Finder, finders } from './sensitive.ts'
import { sensitiveSuggestions } from './sensitive-suggestions.ts'
import { severitiesOf } from './severities.ts'

/** Patterns that are shown, over all pipelines. */
const PATTERNS_MAX = 50
const SUGGESTIONS_MAX = 50
const EXAMPLE_CHARACTERS_MAX = 400
/** Of an example so much is searched for what must not be shown; the rest is cut off in any case. */
const CENSORED_CHARACTERS_MAX = 4000

export function suggest(windows: readonly SampleWindow[]): Suggestions {
  const all = finders()
  const byPipeline = Map.groupBy(windows, ({ pipeline }) => pipeline)
  const result: Suggestions = { sampled: 0, seen: 0, unclustered: 0, patterns: [], suggestions: [] }
  for (const [pipeline, ofPipeline] of byPipeline) {
    const outgoing = new Outgoing(pipeline, ofPipeline)
    const { patterns, unclustered } = patternsOf(outgoing, all)
    result.sampled += outgoing.records.length
    result.seen += Math.round(outgoing.seen)
    result.unclustered += unclustered
    result.patterns.push(...patterns.map((pattern) => shown(pattern, outgoing, all)))
    result.suggestions.push(
      ...sensitiveSuggestions(outgoing, all),
      ...patterns.flatMap((pattern) => suggestionOf(pattern, outgoing)),
      ...chattyServices(outgoing),
    )
  }
  result.patterns.sort((a, b) => b.bytes - a.bytes)
  // What must not leave comes first, then what saves most.
  result.suggestions.sort((a, b) => urgency(b) - urgency(a) || b.savings.share - a.savings.share)
  return {
    ...result,
    patterns: result.patterns.slice(0, PATTERNS_MAX),
    suggestions: result.suggestions.slice(0, SUGGESTIONS_MAX),
  }
}

/** Addresses of machines are everywhere in logs, and seldom anybody's. */
function urgency({ kind, sensitive }: Suggestion): number {
  if (kind !== 'sensitive') return 1
  return sensitive?.what === 'ipv4' || sensitive?.what === 'ipv6' ? 0 : 2
}

function shown({ service, template, members }: Pattern, outgoing: Outgoing, all: readonly Finder[]): LogPattern {
  return {
    pipeline: outgoing.pipeline,
    service: service ?? null,
    template: template.slice(0, EXAMPLE_CHARACTERS_MAX),
    ...outgoing.share(members),
    example: exampleOf(outgoing.records[members[0]!]!.text, all),
    severities: severitiesOf(outgoing, members),
  }
}

function exampleOf(text: string, all: readonly Finder[]): string {
  return censored(text.slice(0, CENSORED_CHARACTERS_MAX), all).slice(0, EXAMPLE_CHARACTERS_MAX)
}

function suggestionOf({ service, template, members, rule }: Pattern, outgoing: Outgoing): Suggestion[] {
  if (rule === undefined) return []
  const drops = rule.type !== 'sample'
  const savings = outgoing.savings(members, drops ? 0 : KEEP_RATIO)
  const whose = service === undefined ? '' : `${service}: `
  const what = drops ? 'Drop' : `Keep ${KEEP_RATIO * 100} % of`
  return [
    {
      kind: 'pattern',
      pipeline: outgoing.pipeline,
      title: `${what} ${whose}${template}`.slice(0, EXAMPLE_CHARACTERS_MAX),
      why: drops
        ? 'All of its records in the sample are of severity info or below.'
        : 'Its records warn, or do not say how bad they are; none in the sample is an error.',
      rule,
      place: 'last',
      affects: outgoing.share(members),
      savings,
      services: service === undefined ? [] : [service],
      severities: severitiesOf(outgoing, members),
      sensitive: null,
    },
  ]
}
