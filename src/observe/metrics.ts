/**
 * The books in Prometheus' text format, version 0.0.4. All names stand here.
 *
 * They are made from the books at each scrape, so there is nothing to keep in step; a client library that counts for
 * itself would be a second set of books.
 */
import type { Amount, NodeStats, OutputBooks, UpstreamState } from '#contract/stats.ts'

type Labels = Record<string, string>
type Sample = [labels: Labels, value: number]

const pipelineOutcomes = [
  'dropped',
  'sampled',
  'deduplicated',
  'aggregated',
  'quarantined',
  'rejected',
  'overwritten',
  'forwarded',
] as const
const outputOutcomes = ['delivered', 'rejected', 'expired', 'overwritten', 'lost', 'kept'] as const
const engineStates = ['running', 'stalled', 'starting'] as const
const breakerStates = ['closed', 'open', 'half_open'] as const
const targetStates = ['healthy', 'unhealthy', 'ejected', 'drained'] as const
const pipelineStates = ['normal', 'pressed', 'bypass', 'hold', 'probing'] as const

interface Metric {
  name: string
  help: string
  type: 'counter' | 'gauge'
  samples(stats: NodeStats): Sample[]
}

export const metrics: readonly Metric[] = [
  ...amounts('streamgate_pipeline_in', 'counter', 'that came into a pipeline', (stats) =>
    stats.pipelines.map((p) => [{ pipeline: p.id }, p.in]),
  ),
  ...amounts('streamgate_pipeline_out', 'counter', 'that a pipeline has done with, by outcome', (stats) =>
    stats.pipelines.flatMap((p) =>
      pipelineOutcomes.map((outcome): [Labels, Amount] => [{ pipeline: p.id, outcome }, p[outcome]]),
    ),
  ),
  ...amounts('streamgate_pipeline_in_flight', 'gauge', 'that a pipeline works on', (stats) =>
    stats.pipelines.map((p) => [{ pipeline: p.id }, p.in_flight]),
  ),
  ...amounts('streamgate_pipeline_emitted', 'counter', 'that rules have made of what they merged', (stats) =>
    stats.pipelines.map((p) => [{ pipeline: p.id }, p.emitted]),
  ),
  ...amounts('streamgate_pipeline_bypassed', 'counter', 'that went past the rules', (stats) =>
    stats.pipelines.map((p) => [{ pipeline: p.id }, p.bypassed]),
  ),
  ...amounts(
    'streamgate_pipeline_duplicated',
    'counter',
    'that were counted twice after an engine was replaced',
    (stats) => stats.pipelines.map((p) => [{ pipeline: p.id }, p.duplicated]),
  ),
  ...amounts('streamgate_rule_ended', 'counter', 'that a rule has ended', (stats) =>
    stats.pipelines.flatMap((p) =>
      p.rules.map((r): [Labels, Amount] => [{ pipeline: p.id, rule: r.id, type: r.type }, r.ended]),
    ),
  ),
  ...amounts('streamgate_rule_quarantined', 'counter', 'that a rule has set aside', (stats) =>
    stats.pipelines.flatMap((p) =>
      p.rules.map((r): [Labels, Amount] => [{ pipeline: p.id, rule: r.id, type: r.type }, r.quarantined]),
    ),
  ),
  {
    name: 'streamgate_rule_edited_records_total',
    help: 'Records that a rule has changed.',
    type: 'counter',
    samples: (stats) =>
      stats.pipelines.flatMap((p) =>
        p.rules.map((r): Sample => [{ pipeline: p.id, rule: r.id, type: r.type }, r.edited.records]),
      ),
  },
  {
    name: 'streamgate_rule_added_bytes',
    help: 'Bytes that a rule has added by changing records; negative when it took bytes away.',
    type: 'gauge',
    samples: (stats) =>
      stats.pipelines.flatMap((p) =>
        p.rules.map((r): Sample => [{ pipeline: p.id, rule: r.id, type: r.type }, r.edited.bytes]),
      ),
  },
  {
    name: 'streamgate_rule_errors_total',
    help: 'Records on which a rule has failed.',
    type: 'counter',
    samples: (stats) =>
      stats.pipelines.flatMap((p) =>
        p.rules.map((r): Sample => [{ pipeline: p.id, rule: r.id, type: r.type }, r.errors]),
      ),
  },
  {
    name: 'streamgate_rule_detail',
    help: 'What a rule remembers, by name.',
    type: 'gauge',
    samples: (stats) =>
      stats.pipelines.flatMap((p) =>
        p.rules.flatMap((r) =>
          Object.entries(r.details ?? {}).flatMap(([detail, value]): Sample[] =>
            typeof value === 'number' ? [[{ pipeline: p.id, rule: r.id, type: r.type, detail }, value]] : [],
          ),
        ),
      ),
  },
  {
    name: 'streamgate_rule_top',
    help: 'What stands out most in what a rule remembers, at most ten of each kind.',
    type: 'gauge',
    samples: (stats) =>
      stats.pipelines.flatMap((p) =>
        p.rules.flatMap((r) =>
          Object.entries(r.details ?? {}).flatMap(([detail, list]) =>
            typeof list === 'number'
              ? []
              : list.map(
                  ({ name, value }): Sample => [{ pipeline: p.id, rule: r.id, type: r.type, detail, name }, value],
                ),
          ),
        ),
      ),
  },
  {
    name: 'streamgate_pipeline_state',
    help: '1 for the state that the breaker of a pipeline is in.',
    type: 'gauge',
    samples: (stats) =>
      stats.pipelines.flatMap((p) =>
        pipelineStates.map((state): Sample => [{ pipeline: p.id, state }, p.state === state ? 1 : 0]),
      ),
  },
  ...amounts('streamgate_output_forwarded', 'counter', 'that an output has taken over', (stats) =>
    stats.outputs.map((o) => [{ output: o.id, type: o.type }, o.forwarded]),
  ),
  ...amounts(
    'streamgate_output_replayed',
    'counter',
    'that came to an output from a spool, dead letters or drops',
    (stats) => stats.outputs.map((o) => [{ output: o.id, type: o.type }, o.replayed]),
  ),
  ...amounts('streamgate_output_done', 'counter', 'that an output has done with, by outcome', (stats) =>
    stats.outputs.flatMap((o) =>
      outputOutcomes.map((outcome): [Labels, Amount] => [{ output: o.id, type: o.type, outcome }, o[outcome]]),
    ),
  ),
  ...amounts('streamgate_output_in_flight', 'gauge', 'that wait in an output or are being sent', (stats) =>
    stats.outputs.map((o) => [{ output: o.id, type: o.type }, o.in_flight]),
  ),
  {
    name: 'streamgate_output_retries_total',
    help: 'Sends that were tried again.',
    type: 'counter',
    samples: (stats) => stats.outputs.map((o) => [{ output: o.id, type: o.type }, o.retries]),
  },
  {
    name: 'streamgate_output_splits_total',
    help: 'Sends that were tried again in halves.',
    type: 'counter',
    samples: (stats) => stats.outputs.map((o) => [{ output: o.id, type: o.type }, o.splits]),
  },
  {
    name: 'streamgate_output_queue_bytes',
    help: 'Bytes that wait in memory.',
    type: 'gauge',
    samples: (stats) => stats.outputs.map((o) => [{ output: o.id, type: o.type }, o.queue.bytes]),
  },
  ofSpools('streamgate_output_spool_bytes', 'gauge', 'Bytes in the spool.', (spool) => spool.bytes),
  ofSpools('streamgate_output_spool_bytes_max', 'gauge', 'Bytes that the spool may have.', (spool) => spool.bytes_max),
  ofSpools('streamgate_output_spool_failures_total', 'counter', 'Times that the disk has failed.', (s) => s.failures),
  ofSpools('streamgate_output_spool_failing', 'gauge', '1 while the disk fails.', (spool) => (spool.failure ? 1 : 0)),
  ofSpools('streamgate_output_spool_broken_bytes', 'gauge', 'Bytes that were found broken.', (s) => s.broken_bytes),
  ...amounts(
    'streamgate_output_dead_letters',
    'gauge',
    'that an output has refused for good and that are kept',
    (stats) =>
      stats.outputs.flatMap((o): [Labels, Amount][] =>
        o.dead_letters === null ? [] : [[{ output: o.id, type: o.type }, o.dead_letters]],
      ),
  ),
  {
    name: 'streamgate_upstream_requests_total',
    help: 'Requests through an upstream, by result; an answer counts as one whatever its status.',
    type: 'counter',
    samples: (stats) =>
      upstreamsOf(stats).flatMap((u) =>
        Object.entries(u.requests).map(([result, value]): Sample => [{ ...labelsOf(u), result }, value]),
      ),
  },
  ofUpstreams('streamgate_upstream_retries_total', 'counter', 'Further attempts within requests.', (u) => u.retries),
  ofUpstreams('streamgate_upstream_active', 'gauge', 'Requests that have no result yet.', (u) => u.active),
  ofUpstreams('streamgate_upstream_panic', 'gauge', '1 when too few targets are well, so that all are used.', (u) =>
    u.panic ? 1 : 0,
  ),
  ofUpstreams(
    'streamgate_upstream_concurrency_limit',
    'gauge',
    'Requests that may be under way at once.',
    (u) => u.concurrency?.limit,
  ),
  ofUpstreams(
    'streamgate_upstream_waiting',
    'gauge',
    'Requests that wait for their turn under that limit.',
    (u) => u.concurrency?.waiting,
  ),
  {
    name: 'streamgate_upstream_breaker_state',
    help: '1 for the state that the circuit breaker of an upstream is in.',
    type: 'gauge',
    samples: (stats) =>
      upstreamsOf(stats).flatMap((u) =>
        u.breaker === null
          ? []
          : breakerStates.map((state): Sample => [{ ...labelsOf(u), state }, u.breaker?.state === state ? 1 : 0]),
      ),
  },
  ofUpstreams(
    'streamgate_upstream_breaker_opened_total',
    'counter',
    'Times that the circuit breaker of an upstream has opened.',
    (u) => u.breaker?.opened,
  ),
  {
    name: 'streamgate_upstream_target_state',
    help: '1 for the state that a target of an upstream is in.',
    type: 'gauge',
    samples: (stats) =>
      targetsOf(stats).flatMap(([labels, target]) =>
        targetStates.map((state): Sample => [{ ...labels, state }, target.state === state ? 1 : 0]),
      ),
  },
  ofTargets('streamgate_upstream_target_requests_total', 'counter', 'Attempts at a target.', (t) => t.requests),
  ofTargets(
    'streamgate_upstream_target_failures_total',
    'counter',
    'Attempts that ended in a 5xx or without an answer.',
    (t) => t.failures,
  ),
  ofTargets(
    'streamgate_upstream_target_ejections_total',
    'counter',
    'Times that a target was left out because it failed.',
    (t) => t.ejections,
  ),
  ofTargets('streamgate_upstream_target_active', 'gauge', 'Requests under way at a target.', (t) => t.active),
  ofTargets('streamgate_upstream_target_waiting', 'gauge', 'Requests that wait for a connection.', (t) => t.waiting),
  ofTargets(
    'streamgate_upstream_target_latency_seconds',
    'gauge',
    'Moving average of the time to a whole answer.',
    (t) => (t.latency_ms === null ? undefined : t.latency_ms / 1000),
  ),
  {
    name: 'streamgate_source_entries_total',
    help: 'Entries that a source has put into the intake: reads, turns or bodies, not records.',
    type: 'counter',
    samples: (stats) => stats.sources.map((s) => [{ source: s.id, type: s.type }, s.entries]),
  },
  {
    name: 'streamgate_source_bytes_total',
    help: 'Bytes that a source has taken in, line ends included.',
    type: 'counter',
    samples: (stats) => stats.sources.map((s) => [{ source: s.id, type: s.type }, s.bytes]),
  },
  {
    name: 'streamgate_source_connections',
    help: 'Open connections.',
    type: 'gauge',
    samples: (stats) => stats.sources.map((s) => [{ source: s.id, type: s.type }, s.connections]),
  },
  {
    name: 'streamgate_source_lines_total',
    help: 'Lines that a source has added up: what comes out of it are points.',
    type: 'counter',
    samples: (stats) =>
      stats.sources.flatMap((s): Sample[] =>
        s.summed === undefined ? [] : [[{ source: s.id, type: s.type }, s.summed.lines]],
      ),
  },
  {
    name: 'streamgate_source_series',
    help: 'Series that a source adds up.',
    type: 'gauge',
    samples: (stats) =>
      stats.sources.flatMap((s): Sample[] =>
        s.summed === undefined ? [] : [[{ source: s.id, type: s.type }, s.summed.series]],
      ),
  },
  {
    name: 'streamgate_source_truncated_total',
    help: 'Entries with pieces of lines that were too long.',
    type: 'counter',
    samples: (stats) => stats.sources.map((s) => [{ source: s.id, type: s.type }, s.truncated]),
  },
  {
    name: 'streamgate_source_lost_before_total',
    help: 'Datagrams that the kernel dropped before they could be read.',
    type: 'counter',
    samples: (stats) => stats.sources.map((s) => [{ source: s.id, type: s.type }, s.lost_before]),
  },
  ...amounts('streamgate_source_rejected', 'counter', 'refused at the door, by reason', (stats) =>
    stats.sources.flatMap((s) =>
      Object.entries(s.rejected).map(([reason, amount]): [Labels, Amount] => [
        { source: s.id, type: s.type, reason },
        amount,
      ]),
    ),
  ),
  {
    name: 'streamgate_kept_lost_total',
    help: 'Dead letters and batches of dropped records that could not be kept.',
    type: 'counter',
    samples: (stats) => (stats.kept === null ? [] : [[{}, stats.kept.lost]]),
  },
  {
    name: 'streamgate_dead_letters_overwritten_total',
    help: 'Dead letters that gave way to younger ones.',
    type: 'counter',
    samples: (stats) => (stats.kept === null ? [] : [[{}, stats.kept.overwritten]]),
  },
  gauge('streamgate_intake_bytes', 'Bytes of the intake in use.', (stats) => stats.intake.bytes),
  gauge('streamgate_intake_bytes_max', 'Bytes of the intake.', (stats) => stats.intake.bytes_max),
  gauge('streamgate_intake_entries', 'Entries of the intake in use.', (stats) => stats.intake.entries),
  gauge('streamgate_intake_entries_max', 'Entries of the intake.', (stats) => stats.intake.entries_max),
  {
    name: 'streamgate_engine_restarts_total',
    help: 'Engine threads that had to be replaced.',
    type: 'counter',
    samples: (stats) => stats.engines.map((engine, i) => [{ engine: String(i) }, engine.restarts]),
  },
  {
    name: 'streamgate_engine_state',
    help: '1 for the state that an engine thread is in.',
    type: 'gauge',
    samples: (stats) =>
      stats.engines.flatMap((engine, i) =>
        engineStates.map((state): Sample => [{ engine: String(i), state }, engine.state === state ? 1 : 0]),
      ),
  },
  { ...gauge('streamgate_reloads_total', 'Configurations applied.', (stats) => stats.config.reloads), type: 'counter' },
  {
    ...gauge('streamgate_reloads_failed_total', 'Configurations refused.', (stats) => stats.config.failed),
    type: 'counter',
  },
  gauge('streamgate_start_time_seconds', 'When the node started, in Unix seconds.', (stats) => stats.started_at / 1000),
  { ...gauge('process_cpu_seconds_total', 'User and system CPU time.', cpuSeconds), type: 'counter' },
  gauge('process_resident_memory_bytes', 'Resident memory.', () => process.memoryUsage.rss()),
  {
    name: 'streamgate_info',
    help: 'Always 1; the labels say what runs.',
    type: 'gauge',
    samples: (stats) => [[{ node: stats.id, version: stats.version, config: stats.config.hash }, 1]],
  },
]

export function renderMetrics(stats: NodeStats): string {
  const lines: string[] = []
  for (const { name, help, type, samples } of metrics) {
    lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`)
    for (const [labels, value] of samples(stats)) lines.push(`${name}${labelText(labels)} ${value}`)
  }
  return `${lines.join('\n')}\n`
}

/** Two metrics of one kind: records and bytes. */
function amounts(
  name: string,
  type: Metric['type'],
  of: string,
  read: (stats: NodeStats) => [Labels, Amount][],
): Metric[] {
  const suffix = type === 'counter' ? '_total' : ''
  return (['records', 'bytes'] as const).map((unit) => ({
    name: `${name}_${unit}${suffix}`,
    help: `${unit === 'records' ? 'Records' : 'Bytes of records'} ${of}.`,
    type,
    samples: (stats) => read(stats).map(([labels, amount]): Sample => [labels, amount[unit]]),
  }))
}

/** Ids of upstreams and of the outputs that have one for themselves may be the same: `shared` tells them apart. */
function labelsOf({ id, shared }: UpstreamState): Labels {
  return { upstream: id, shared: String(shared) }
}

function upstreamsOf(stats: NodeStats): UpstreamState[] {
  return stats.upstreams ?? []
}

type TargetStats = UpstreamState['targets'][number]

/** As many as the configuration names. */
function targetsOf(stats: NodeStats): [Labels, TargetStats][] {
  return upstreamsOf(stats).flatMap((u) =>
    u.targets.map((target): [Labels, TargetStats] => [{ ...labelsOf(u), target: target.url }, target]),
  )
}

function ofSpools(
  name: string,
  type: Metric['type'],
  help: string,
  value: (spool: NonNullable<OutputBooks['spool']>) => number,
): Metric {
  return {
    name,
    help,
    type,
    samples: (stats) =>
      stats.outputs.flatMap((o): Sample[] =>
        o.spool === null ? [] : [[{ output: o.id, type: o.type }, value(o.spool)]],
      ),
  }
}

function ofUpstreams(
  name: string,
  type: Metric['type'],
  help: string,
  read: (upstream: UpstreamState) => number | undefined,
): Metric {
  const samples = (stats: NodeStats) =>
    upstreamsOf(stats).flatMap((u): Sample[] => {
      const value = read(u)
      return value === undefined ? [] : [[labelsOf(u), value]]
    })
  return { name, help, type, samples }
}

function ofTargets(
  name: string,
  type: Metric['type'],
  help: string,
  read: (target: TargetStats) => number | undefined,
): Metric {
  const samples = (stats: NodeStats) =>
    targetsOf(stats).flatMap(([labels, target]): Sample[] => {
      const value = read(target)
      return value === undefined ? [] : [[labels, value]]
    })
  return { name, help, type, samples }
}

function gauge(name: string, help: string, read: (stats: NodeStats) => number): Metric {
  return { name, help, type: 'gauge', samples: (stats) => [[{}, read(stats)]] }
}

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}

function labelText(labels: Labels): string {
  const entries = Object.entries(labels)
  if (entries.length === 0) return ''
  return `{${entries.map(([name, value]) => `${name}="${escapeLabel(value)}"`).join(',')}}`
}

function escapeLabel(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}
