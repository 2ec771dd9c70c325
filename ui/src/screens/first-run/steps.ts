/** The way from the first line to the first saving; what is done is read off what is there. */
import type { Configuration, ConfigurationDocument } from '#contract/configuration.ts'
import type { LiveEntry } from '#contract/series.ts'
import type { Amount, NodeStats } from '#contract/stats.ts'

export interface Step {
  id: 'line' | 'rule' | 'publish' | 'saved'
  title: string
  text: string
  to: '/' | '/studio' | '/publish' | '/savings'
  action: string
  done: boolean
}

export interface Progress {
  hasRecords: boolean
  hasRules: boolean
  isPublished: boolean
  hasSaved: boolean
}

export function stepsOf({ hasRecords, hasRules, isPublished, hasSaved }: Progress): Step[] {
  return [
    {
      id: 'line',
      title: 'Send a line',
      text: 'Any log line will do.',
      to: '/',
      action: 'Overview',
      done: hasRecords,
    },
    {
      id: 'rule',
      title: 'Make a rule',
      text: 'Drop, redact or sample: paste a line and say what should become of it.',
      to: '/studio',
      action: 'Open the studio',
      done: hasRules || isPublished,
    },
    {
      id: 'publish',
      title: 'Publish it',
      text: 'See what would change, then put it to work on all gateways.',
      to: '/publish',
      action: 'Review and publish',
      done: isPublished,
    },
    {
      id: 'saved',
      title: 'See what it saves',
      text: 'Each rule shows the bytes that it takes off; with a price, the money.',
      to: '/savings',
      action: 'See savings',
      done: hasSaved,
    },
  ]
}

export function hasRules(document: ConfigurationDocument | undefined): boolean {
  return document?.pipelines?.some(({ processors }) => processors.length > 0) === true
}

/** Once rules have been published, that stays done: what has changed since is another matter. */
export function isPublished(
  configuration: Pick<Configuration, 'live_version' | 'has_changes'> | undefined,
  { hasRules: draftHasRules, runsRules, hasSaved }: { hasRules: boolean; runsRules: boolean; hasSaved: boolean },
): boolean {
  if (configuration === undefined || configuration.live_version === null) return false
  return runsRules || hasSaved || (draftHasRules && !configuration.has_changes)
}

/** Whether gateways have any rule at work. */
export function runRules(nodes: readonly Pick<NodeStats, 'pipelines'>[]): boolean {
  return nodes.some(({ pipelines }) => pipelines.some(({ rules }) => rules.length > 0))
}

/** What has come in since the nodes started. */
export function takenIn(nodes: readonly Pick<NodeStats, 'pipelines'>[]): Amount {
  const all = nodes.flatMap(({ pipelines }) => pipelines.map((pipeline) => pipeline.in))
  return all.reduce(
    (sum, { records, bytes }) => ({ records: sum.records + records, bytes: sum.bytes + bytes }),
    nothing,
  )
}

/** Whether rules have taken anything off since the nodes started. */
export function tookOff(nodes: readonly Pick<NodeStats, 'pipelines'>[]): boolean {
  return nodes.some(({ pipelines }) =>
    pipelines.some(
      ({ dropped, sampled, deduplicated, aggregated, edited }) =>
        dropped.bytes + sampled.bytes + deduplicated.bytes + aggregated.bytes - edited.bytes > 0,
    ),
  )
}

/** The books of the node beside this controller, where it follows this configuration. */
export function ownOf(own: NodeStats | undefined, entries: readonly LiveEntry[]): NodeStats | undefined {
  const isHere = entries.some(({ stats }) => stats.id === own?.id && stats.started_at === own.started_at)
  return isHere ? own : undefined
}

const nothing: Amount = { records: 0, bytes: 0 }
