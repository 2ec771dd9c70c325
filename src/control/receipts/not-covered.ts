/** What a receipt says nothing about, and why. */
import type { NotCovered } from '#contract/receipt.ts'
import type { ReceiptInput, ReceiptPipeline } from './input.ts'
import type { RuleTraits } from './replayed.ts'
import { isStateful, pairRules } from './rules.ts'

/** Rules of a pipeline that no version has. */
export interface OwnRules {
  pipeline: string
  rules: readonly string[]
}

export function notCoveredOf(
  input: ReceiptInput,
  { notReproduced, clipped, ownRules }: { notReproduced: number; clipped: number; ownRules: readonly OwnRules[] },
): NotCovered[] {
  const found = input.pipelines.flatMap((pipeline) => pipelineGaps(pipeline, input.traits))
  const { asked, answered } = input.gateways
  if (answered < asked) {
    found.push({
      kind: 'gateways_missing',
      subject: `${asked - answered} of ${asked} gateways`,
      reason: 'they gave no sample; their traffic is in no number of this receipt',
    })
  }
  for (const { pipeline, rules } of ownRules) {
    found.push({
      kind: 'gateway_rules',
      subject: `${pipeline}: ${rules.join(', ')}`,
      reason:
        "they have acted on records of the sample and are in no live version: they stand in gateways' own files, or were " +
        'taken out a moment ago; the candidate takes their place, and what they did is counted as live only',
    })
  }
  if (clipped > 0) {
    found.push({
      kind: 'clipped_records',
      subject: `${clipped} records of the sample`,
      reason: 'they are too long to be in the sample whole; the fate that was seen is counted for both sides',
    })
  }
  if (notReproduced > 0) {
    found.push({
      kind: 'reproduction',
      subject: `${notReproduced} records of the sample`,
      reason:
        'the live rules, replayed, do not come to the fate that was seen, because they were bypassed then or look at ' +
        'text that is redacted in the sample; where rules are unchanged, the fate that was seen is counted',
    })
  }
  return found
}

function pipelineGaps(pipeline: ReceiptPipeline, traits: Readonly<Record<string, RuleTraits>>): NotCovered[] {
  const { id, signal, live, candidate, samples, replayed } = pipeline
  if (signal !== 'logs') {
    return [{ kind: 'signal', subject: id, reason: `it carries ${signal}; receipts are made for logs` }]
  }
  if (live === undefined) {
    return [{ kind: 'pipeline_new', subject: id, reason: 'it does not run yet, so there is no sample of its traffic' }]
  }
  if (candidate === undefined) {
    return [
      {
        kind: 'pipeline_removed',
        subject: id,
        reason: 'the candidate has no such pipeline; its traffic is not counted',
      },
    ]
  }
  const windows = samples.flatMap((sample) => sample.windows)
  if (replayed === undefined || !windows.some(({ records }) => records.length > 0)) {
    return [{ kind: 'no_sample', subject: id, reason: 'no gateway has a sample of its traffic' }]
  }
  const gaps: NotCovered[] = []
  const empty = windows.filter(({ records, seen }) => records.length === 0 && seen.records > 0)
  if (empty.length > 0) {
    const records = empty.reduce((sum, { seen }) => sum + seen.records, 0)
    const reason = `${empty.length} windows with ${records} records seen hold no sample`
    gaps.push({ kind: 'no_sample', subject: id, reason })
  }
  for (const { live: before, candidate: after, change } of pairRules(live.rules, candidate.rules)) {
    if (change === 'unchanged') continue
    if (after !== undefined && isStateful(after.type, traits)) {
      const counted = change === 'new' ? 'counted as if it did nothing' : 'counted as the live rule did'
      const reason =
        `${after.type} remembers records; what a ${change} one does cannot be predicted from a sample ` + `(${counted})`
      gaps.push({ kind: 'stateful_rule', subject: `${id}/${after.id}`, reason })
    } else if (before !== undefined && isStateful(before.type, traits)) {
      const reason = `${before.type} remembers records; what it ended is counted as going on behind it`
      gaps.push({ kind: 'stateful_rule', subject: `${id}/${before.id}`, reason })
    }
  }
  return gaps
}
