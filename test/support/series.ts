/** A node that counts as nodes do, for tests of the series: what it says always adds up. */
import type { NodeStats, OutputBooks, PipelineBooks } from '#contract/stats.ts'
import { OutputLedger, PipelineLedger } from '#observe/books.ts'

export interface Traffic {
  pipeline: string
  records: number
  bytes: number
  /** Of the records: what rules ended. The rest went on to `output`. */
  ended?: { rule: string; type: string; kind: 'dropped' | 'sampled' | 'deduplicated' | 'aggregated'; records: number }[]
  /** Bytes that `rule` added to, or took from, records that went on. */
  edited?: { rule: string; records: number; bytes: number }
  emitted?: { records: number; bytes: number }
  bypassed?: number
  overwritten?: number
  output?: string
  /** Encoded bytes for each byte of a record. */
  ratio?: number
}

export class ExampleNode {
  startedAt: number
  reloads = 0
  readonly pipelines = new Map<string, PipelineLedger>()
  readonly outputs = new Map<string, OutputLedger>()
  queueBytes = 0

  constructor(startedAt: number) {
    this.startedAt = startedAt
  }

  /** Forgets all, as a process that ends. */
  restart(startedAt: number): void {
    this.startedAt = startedAt
    this.reloads = 0
    this.pipelines.clear()
    this.outputs.clear()
    this.queueBytes = 0
  }

  take(traffic: Traffic): void {
    const { pipeline, records, bytes, output = 'out', ratio = 1 } = traffic
    const ledger = this.pipelines.get(pipeline) ?? new PipelineLedger()
    this.pipelines.set(pipeline, ledger)
    ledger.in.add(records, bytes)
    const size = records === 0 ? 0 : Math.floor(bytes / records)
    let goOn = records
    let goOnBytes = bytes
    for (const { rule, type, kind, records: count } of traffic.ended ?? []) {
      ledger.rule(rule, type).ended.add(count, count * size)
      ledger.outcomes[kind].add(count, count * size)
      goOn -= count
      goOnBytes -= count * size
    }
    if (traffic.edited !== undefined) {
      const { rule, records: count, bytes: added } = traffic.edited
      ledger.rule(rule, 'redact').edited.add(count, added)
      ledger.edited.add(count, added)
      goOnBytes += added
    }
    if (traffic.emitted !== undefined) {
      ledger.emitted.add(traffic.emitted.records, traffic.emitted.bytes)
      goOn += traffic.emitted.records
      goOnBytes += traffic.emitted.bytes
    }
    if (traffic.overwritten !== undefined) {
      ledger.outcomes.overwritten.add(traffic.overwritten, traffic.overwritten * size)
      goOn -= traffic.overwritten
      goOnBytes -= traffic.overwritten * size
    }
    if (traffic.bypassed !== undefined) ledger.bypassed.add(traffic.bypassed, traffic.bypassed * size)
    ledger.outcomes.forwarded.add(goOn, goOnBytes)
    const sent = this.outputs.get(output) ?? new OutputLedger()
    this.outputs.set(output, sent)
    const encoded = Math.round(goOnBytes * ratio)
    sent.forwarded.add(goOn, encoded)
    sent.delivered.add(goOn, encoded)
  }

  stats(inFlight = { records: 0, bytes: 0 }): NodeStats {
    const pipelines: PipelineBooks[] = [...this.pipelines].map(([id, ledger]) =>
      ledger.snapshot(id, 'normal', this.startedAt, inFlight),
    )
    const queue = { bytes: this.queueBytes, bytes_max: 4096 }
    const outputs: OutputBooks[] = [...this.outputs].map(([id, ledger]) =>
      ledger.snapshot(id, `${id}_type`, queue, null),
    )
    return structuredClone({
      id: 'node',
      version: '0.0.0',
      started_at: this.startedAt,
      config: { hash: 'x', reloads: this.reloads, failed: 0, last_error: null },
      intake: { bytes: 0, bytes_max: 1, entries: 0, entries_max: 1 },
      engines: [],
      sources: [],
      pipelines,
      outputs,
      kept: null,
    })
  }
}
