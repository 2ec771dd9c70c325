/** What is known of each rule of a pipeline: the draft, what is live, what it does now and has done. Pure. */

import type { ConfigurationDocument, DiffEntry } from '#contract/configuration.ts'
import type { LiveEntry, Series } from '#contract/series.ts'
import type { Complaint } from '#ui/api/configuration-queries.ts'

export interface RuleEntry {
  id: string
  type: string
  params: Record<string, unknown>
  when?: unknown
  required?: boolean
  on_error?: string
}

/** How the draft differs from what is live: nothing, or one of these. */
export type Standing = 'same' | 'new' | 'changed' | 'moved'

export interface Amount {
  records: number
  bytes: number
}

export interface RuleFacts {
  rule: RuleEntry
  /** From 1. */
  position: number
  standing: Standing
  /** Each second, over all gateways that run it; null where none has said. */
  now: { ended: Amount; edited: Amount } | null
  /** Over the time range. */
  total: { ended: Amount; edited: Amount; errors: number }
  /** Records that it removed or edited, by step. */
  curve: readonly number[]
  problems: readonly string[]
}

export interface Known {
  draft: ConfigurationDocument
  pipeline: string
  diff: readonly DiffEntry[]
  live: readonly LiveEntry[]
  series: Series | undefined
  problems: readonly Complaint[]
}

export function factsOf({ draft, pipeline, diff, live, series, problems }: Known): RuleFacts[] {
  const at = draft.pipelines.findIndex(({ id }) => id === pipeline)
  const processors = (draft.pipelines[at]?.processors ?? []) as RuleEntry[]
  return processors.map((rule, index) => ({
    rule,
    position: index + 1,
    standing: standingOf(rule.id, pipeline, diff),
    now: nowOf(rule.id, pipeline, live),
    ...pastOf(rule.id, pipeline, series),
    problems: problems
      .filter(({ pointer }) => `${pointer}/`.startsWith(`/pipelines/${at}/processors/${index}/`))
      .map(({ detail }) => detail),
  }))
}

/** Rules that run until the next version, and are no longer in the draft. */
export function deletedRules(pipeline: string, diff: readonly DiffEntry[]): RuleEntry[] {
  const prefix = `pipelines/${pipeline}/processors/`
  return diff
    .filter(({ op, path }) => op === 'remove' && path.startsWith(prefix))
    .map(({ before }) => before as RuleEntry)
    .map((rule) => ({ ...rule, params: rule.params ?? {} }))
}

/** What one gateway says that it runs, in a pipeline that nobody has published: the rules of its own file. */
export function fileRules(files: Record<string, { body: string }> | null, pipeline: string): RuleEntry[] {
  const effective = pipelineIn(files?.['effective.json']?.body, pipeline)
  if (effective === undefined || pipelineIn(files?.['streamgate.json']?.body, pipeline) !== undefined) return []
  return effective.map((rule) => ({ ...rule, params: rule.params ?? {} }))
}

/** All pipelines that one can look at: of the draft, and those that gateways run. */
export function pipelinesOf(draft: ConfigurationDocument, live: readonly LiveEntry[], otherwise: string): string[] {
  const running = live.flatMap(({ stats }) => stats.pipelines.map(({ id }) => id))
  const ids = new Set([...draft.pipelines.map(({ id }) => id), ...running])
  return ids.size === 0 ? [otherwise] : [...ids]
}

function standingOf(id: string, pipeline: string, diff: readonly DiffEntry[]): Standing {
  if (diff.some(({ op, path }) => op === 'add' && path === `pipelines/${pipeline}`)) return 'new'
  const own = diff.filter(({ path }) => path === `pipelines/${pipeline}/processors/${id}`).map(({ op }) => op)
  return own.includes('add') ? 'new' : own.includes('change') ? 'changed' : own.includes('move') ? 'moved' : 'same'
}

function nowOf(id: string, pipeline: string, live: readonly LiveEntry[]): RuleFacts['now'] {
  const found = live.flatMap(({ rates }) =>
    (rates?.pipelines ?? [])
      .filter((one) => one.id === pipeline)
      .flatMap(({ rules }) => rules.filter((one) => one.id === id)),
  )
  if (found.length === 0) return null
  return { ended: summed(found.map(({ ended }) => ended)), edited: summed(found.map(({ edited }) => edited)) }
}

function pastOf(id: string, pipeline: string, series: Series | undefined): Pick<RuleFacts, 'total' | 'curve'> {
  const own = (series?.series ?? []).filter(({ labels }) => labels['rule'] === id && labels['pipeline'] === pipeline)
  const sum = (name: string) =>
    own.reduce((all, { values }) => all + (values[name] ?? []).reduce((a, b) => a + b, 0), 0)
  const curve = (series?.times ?? []).map((_, step) =>
    own.reduce(
      (all, { values }) => all + (values['ended_records']?.[step] ?? 0) + (values['edited_records']?.[step] ?? 0),
      0,
    ),
  )
  return {
    total: {
      ended: { records: sum('ended_records'), bytes: sum('ended_bytes') },
      edited: { records: sum('edited_records'), bytes: sum('edited_bytes') },
      errors: sum('errors'),
    },
    curve: own.length === 0 ? [] : curve,
  }
}

function summed(amounts: readonly Amount[]): Amount {
  return amounts.reduce((a, b) => ({ records: a.records + b.records, bytes: a.bytes + b.bytes }), {
    records: 0,
    bytes: 0,
  })
}

function pipelineIn(body: string | undefined, id: string): RuleEntry[] | undefined {
  try {
    const document = JSON.parse(body ?? '') as { pipelines?: { id: string; processors?: RuleEntry[] }[] }
    const pipeline = document.pipelines?.find((one) => one.id === id)
    return pipeline && (pipeline.processors ?? [])
  } catch {
    return undefined
  }
}
