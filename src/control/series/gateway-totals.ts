/** A gateway as a whole, for lists of gateways and alerts: what is new of all its pipelines and outputs. */
import type { NodeStats } from '#contract/stats.ts'
import { type Counters, columns, type Gauges, gaugeColumns, PIPELINES_PER_GATEWAY_MAX } from './counters.ts'

export const gatewayColumns = [
  'in_records',
  'in_bytes',
  'out_records',
  'out_bytes',
  'bypassed_records',
  'bypassed_bytes',
  'refused_records',
  'lost_records',
  'held',
  'spool_bytes',
] as const
type Column = (typeof gatewayColumns)[number]

const pipeline = (name: (typeof columns.pipelines)[number]) => columns.pipelines.indexOf(name)
const output = (name: (typeof columns.outputs)[number]) => columns.outputs.indexOf(name)

/** Where the figures of a pipeline and of an output go. */
const OF_PIPELINE: readonly [Column, number][] = [
  ['in_records', pipeline('in_records')],
  ['in_bytes', pipeline('in_bytes')],
  ['out_records', pipeline('forwarded_records')],
  ['out_bytes', pipeline('forwarded_bytes')],
  ['bypassed_records', pipeline('bypassed_records')],
  ['bypassed_bytes', pipeline('bypassed_bytes')],
]
const OF_OUTPUT: readonly [Column, number][] = [
  ['refused_records', output('rejected_records')],
  ['lost_records', output('overwritten_records')],
  ['lost_records', output('expired_records')],
  ['lost_records', output('lost_records')],
]
const SPOOL = gaugeColumns.indexOf('spool_bytes')

/** As `gatewayColumns`, but for what stands now. */
export function gatewayTotals(counters: readonly Counters[]): number[] {
  const sums = gatewayColumns.map(() => 0)
  for (const { kind, values } of counters) {
    if (kind === 'rules') continue
    for (const [column, i] of kind === 'pipelines' ? OF_PIPELINE : OF_OUTPUT)
      sums[gatewayColumns.indexOf(column)]! += values[i]!
  }
  return sums
}

/** What belongs to this minute alone: how much more waits on disk, and whether a pipeline was held. */
export function gatewayNow(gauges: readonly Gauges[], held: readonly string[]): number[] {
  const now = gatewayColumns.map(() => 0)
  now[gatewayColumns.indexOf('held')] = held.length > 0 ? 1 : 0
  now[gatewayColumns.indexOf('spool_bytes')] = gauges.reduce((sum, { values }) => sum + values[SPOOL]!, 0)
  return now
}

/** Pipelines that are past their rules, or hold records back. */
export function heldPipelines({ pipelines }: NodeStats): string[] {
  const looked = pipelines.slice(0, PIPELINES_PER_GATEWAY_MAX)
  return looked.flatMap(({ id, state }) => (state === 'bypass' || state === 'hold' ? [id] : []))
}
