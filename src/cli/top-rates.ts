/** What `streamgate top` shows, from two readings of the books: differences become rates. */
import type { Amount, NodeStats, OutputBooks, PipelineBooks } from '#contract/stats.ts'

/** When a reading was taken, and of which nodes. */
export interface Reading {
  /** Monotonic milliseconds. */
  now: number
  /** Unix milliseconds. */
  at: number
  nodes: readonly NodeStats[]
}

/** Null where there is nothing to compare with: the first reading, or the node has started anew since. */
type Rate = number | null

export interface Flow {
  records_per_s: Rate
  bytes_per_s: Rate
}

export interface NodeRow {
  node: string
  version: string
  started_at: number
  config: string
  /** Share of the intake's memory that is in use. */
  intake: number
  engine_restarts: number
  engines_running: number
  engines: number
  last_error: string | null
}

export interface PipelineRow {
  node: string
  id: string
  state: PipelineBooks['state']
  /** Unix milliseconds. */
  since: number
  in: Flow
  out: Flow
  /** Share of the bytes that came in and did not go on, since the reading before. Null without traffic. */
  reduction: number | null
  bypassed: Flow
  in_flight_records: number
}

export interface RuleRow {
  node: string
  pipeline: string
  id: string
  type: string
  ended: Flow
  edited: Flow
  errors_per_s: Rate
  errors: number
}

export interface OutputRow {
  node: string
  id: string
  type: string
  delivered: Flow
  rejected_records_per_s: Rate
  queue: OutputBooks['queue']
  spool: OutputBooks['spool']
  retries_per_s: Rate
  retries: number
  dead_letters: number | null
  last_error: OutputBooks['last_error']
}

export interface View {
  at: number
  nodes: NodeRow[]
  pipelines: PipelineRow[]
  rules: RuleRow[]
  outputs: OutputRow[]
}

export function viewOf(before: Reading | undefined, after: Reading): View {
  const view: View = { at: after.at, nodes: [], pipelines: [], rules: [], outputs: [] }
  for (const node of after.nodes) {
    const earlier = before?.nodes.find(({ id, started_at }) => id === node.id && started_at === node.started_at)
    const seconds = before === undefined || earlier === undefined ? 0 : (after.now - before.now) / 1000
    view.nodes.push(nodeRow(node))
    addPipelines(view, node, earlier, seconds)
    for (const output of node.outputs) {
      view.outputs.push(outputRow(node.id, output, byId(earlier?.outputs, output.id, output.type), seconds))
    }
  }
  return view
}

function nodeRow({ id, version, started_at, config, intake, engines }: NodeStats): NodeRow {
  return {
    node: id,
    version,
    started_at,
    config: config.hash,
    intake: Math.max(intake.bytes / intake.bytes_max, intake.entries / intake.entries_max) || 0,
    engine_restarts: engines.reduce((sum, { restarts }) => sum + restarts, 0),
    engines_running: engines.filter(({ state }) => state === 'running').length,
    engines: engines.length,
    last_error: config.last_error,
  }
}

function addPipelines(view: View, node: NodeStats, earlier: NodeStats | undefined, seconds: number): void {
  for (const pipeline of node.pipelines) {
    const before = earlier?.pipelines.find(({ id }) => id === pipeline.id)
    const flow = (of: (books: PipelineBooks) => Amount) => flowOf(of(pipeline), before && of(before), seconds)
    const [taken, forwarded] = [flow((books) => books.in), flow((books) => books.forwarded)]
    view.pipelines.push({
      node: node.id,
      id: pipeline.id,
      state: pipeline.state,
      since: pipeline.since,
      in: taken,
      out: forwarded,
      reduction: taken.bytes_per_s ? 1 - (forwarded.bytes_per_s ?? 0) / taken.bytes_per_s : null,
      bypassed: flow((books) => books.bypassed),
      in_flight_records: pipeline.in_flight.records,
    })
    for (const rule of pipeline.rules) {
      const was = byId(before?.rules, rule.id, rule.type)
      view.rules.push({
        node: node.id,
        pipeline: pipeline.id,
        id: rule.id,
        type: rule.type,
        ended: flowOf(rule.ended, was?.ended, seconds),
        edited: flowOf(rule.edited, was?.edited, seconds),
        errors_per_s: rateOf(rule.errors, was?.errors, seconds),
        errors: rule.errors,
      })
    }
  }
}

function outputRow(node: string, output: OutputBooks, before: OutputBooks | undefined, seconds: number): OutputRow {
  return {
    node,
    id: output.id,
    type: output.type,
    delivered: flowOf(output.delivered, before?.delivered, seconds),
    rejected_records_per_s: rateOf(output.rejected.records, before?.rejected.records, seconds),
    queue: output.queue,
    spool: output.spool,
    retries_per_s: rateOf(output.retries, before?.retries, seconds),
    retries: output.retries,
    dead_letters: output.dead_letters?.records ?? null,
    last_error: output.last_error,
  }
}

/** The same id with another type is another thing. */
function byId<Part extends { id: string; type: string }>(
  parts: readonly Part[] | undefined,
  id: string,
  type: string,
): Part | undefined {
  return parts?.find((part) => part.id === id && part.type === type)
}

/** Bytes may fall: edits take away. */
function flowOf(after: Amount, before: Amount | undefined, seconds: number): Flow {
  const records = rateOf(after.records, before?.records, seconds)
  const isKnown = records !== null && before !== undefined
  return { records_per_s: records, bytes_per_s: isKnown ? (after.bytes - before.bytes) / seconds : null }
}

/** Counters only rise; one that fell has begun anew. */
function rateOf(after: number, before: number | undefined, seconds: number): Rate {
  return before === undefined || seconds <= 0 || after < before ? null : (after - before) / seconds
}
