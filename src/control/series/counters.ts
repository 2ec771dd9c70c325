/**
 * What is kept of a node's books: for each pipeline, rule and output its counters in the order of the table's columns,
 * and what stands now (gauges) beside them.
 */
import type { Amount, NodeStats, OutputBooks, PipelineBooks } from '#contract/stats.ts'

type Amounts<Name extends string> = `${Name}_records` | `${Name}_bytes`

const amounts = <Name extends string>(...names: Name[]): Amounts<Name>[] =>
  names.flatMap((name): Amounts<Name>[] => [`${name}_records`, `${name}_bytes`])

const PIPELINE = ['emitted', 'edited', 'dropped', 'sampled', 'deduplicated', 'aggregated', 'quarantined'] as const
const PIPELINE_REST = ['rejected', 'overwritten', 'forwarded', 'bypassed'] as const
const OUTPUT = ['forwarded', 'replayed', 'delivered', 'rejected', 'expired', 'overwritten', 'lost', 'kept'] as const

export const columns = {
  pipelines: amounts('in', ...PIPELINE, ...PIPELINE_REST),
  rules: [...amounts('ended', 'quarantined', 'edited'), 'errors' as const],
  outputs: [...amounts(...OUTPUT), 'retries' as const],
} as const
export type CounterKind = keyof typeof columns

export const gaugeColumns = ['queue_bytes', 'spool_bytes', 'dead_letter_records', 'dead_letter_bytes'] as const

/** Names that place a row within its configuration. */
export const nameColumns = {
  pipelines: ['pipeline'],
  rules: ['pipeline', 'rule', 'type'],
  outputs: ['output', 'type'],
} as const satisfies Record<CounterKind, readonly string[]>

/** Counters that may also go down: edits add bytes or take them away. */
const SIGNED = { pipelines: index('pipelines'), rules: index('rules'), outputs: -1 }

/** More of them in one node's books are taken together under the name `other`. */
export const PIPELINES_PER_GATEWAY_MAX = 64
export const RULES_PER_GATEWAY_MAX = 4096
export const OUTPUTS_PER_GATEWAY_MAX = 512
const NAME_CHARACTERS_MAX = 256
export const OTHER = 'other'

/** One thing that counts. */
export interface Counters {
  kind: CounterKind
  names: string[]
  values: number[]
}

/** What is true now of an output. */
export interface Gauges {
  names: string[]
  values: number[]
}

export function countersOf(stats: NodeStats): Counters[] {
  const found = new Map<string, Counters>()
  const add = (kind: CounterKind, max: number, seen: number, names: string[], values: number[]) => {
    const shown = seen < max ? names.map(shortened) : names.map(() => OTHER)
    const key = keyOf(kind, shown)
    const known = found.get(key)
    if (known === undefined) found.set(key, { kind, names: shown, values })
    else addTo(known.values, values)
  }
  let rules = 0
  stats.pipelines.forEach((pipeline, i) => {
    add('pipelines', PIPELINES_PER_GATEWAY_MAX, i, [pipeline.id], pipelineValues(pipeline))
    for (const { id, type, ended, quarantined, edited, errors } of pipeline.rules) {
      const values = [...pairs([ended, quarantined, edited]), errors]
      add('rules', RULES_PER_GATEWAY_MAX, rules++, [pipeline.id, id, type], values)
    }
  })
  stats.outputs.forEach((output, i) => {
    const values = [...pairs(OUTPUT.map((name) => output[name])), output.retries]
    add('outputs', OUTPUTS_PER_GATEWAY_MAX, i, [output.id, output.type], values)
  })
  return [...found.values()]
}

export function gaugesOf(stats: NodeStats): Gauges[] {
  return stats.outputs.slice(0, OUTPUTS_PER_GATEWAY_MAX).flatMap((output) => {
    const values = gaugeValues(output)
    return isNothing(values) ? [] : [{ names: [shortened(output.id), shortened(output.type)], values }]
  })
}

export const keyOf = (kind: string, names: readonly string[]): string => [kind, ...names].join('\0')

export function addTo(sums: number[], values: readonly number[]): void {
  for (let i = 0; i < values.length; i++) sums[i] = (sums[i] ?? 0) + values[i]!
}

/** Position of the counter that may go down; -1 for none. */
export const signedIndex = (kind: CounterKind): number => SIGNED[kind]

/**
 * What has come in is counted when it has ended, one way or another: then each row adds up,
 * `in + emitted + edited = dropped + … + forwarded`, and nothing goes down when a record in flight turns out to be two.
 */
function pipelineValues(pipeline: PipelineBooks): number[] {
  const { in: taken, in_flight: open } = pipeline
  const ended = { records: taken.records - open.records, bytes: taken.bytes - open.bytes }
  return pairs([ended, ...PIPELINE.map((name) => pipeline[name]), ...PIPELINE_REST.map((name) => pipeline[name])])
}

function gaugeValues({ queue, spool, dead_letters }: OutputBooks): number[] {
  return [queue.bytes, spool?.bytes ?? 0, dead_letters?.records ?? 0, dead_letters?.bytes ?? 0]
}

/** Whole numbers, whatever a gateway sends. */
function pairs(list: readonly Amount[]): number[] {
  return list.flatMap(({ records, bytes }) => [whole(records), whole(bytes)])
}

const whole = (value: number) => (Number.isSafeInteger(value) ? value : 0)
/** As it stands in names of rows. */
export const shortened = (name: string): string => name.slice(0, NAME_CHARACTERS_MAX).replaceAll('\0', '')

function index(kind: 'pipelines' | 'rules'): number {
  return (columns[kind] as readonly string[]).indexOf('edited_bytes')
}

export const isNothing = (values: readonly number[]): boolean => values.every((value) => value === 0)
