/**
 * A whole node in a test: real lanes, engine threads and books; one source that the test feeds by hand, and outputs that
 * collect in memory. What a test needs more (sockets, vendors) is in the end-to-end tests.
 */
import assert from 'node:assert/strict'
import { z } from 'zod'
import { defineOutput, type SendResult } from '#component/output.ts'
import type { FailOpenPlan, NodePlan, OutputPlan, ProcessorPlan, WhenFull } from '#component/plan.ts'
import type { ProcessorDefinition } from '#component/processor.ts'
import { find } from '#component/registry.ts'
import { defineSource, type Intake, type IntakeEntry, type Overflow } from '#component/source.ts'
import type { PipelineBooks } from '#contract/stats.ts'
import { Node } from '#engine/node.ts'
import { silentLogger } from '#observe/log.ts'
import { registry } from '#registry.ts'
import type { Signal } from '#telemetry/signal.ts'
import { faultProcessors } from './fault-processors.ts'

export interface HarnessOptions {
  processors?: Partial<ProcessorPlan>[]
  failOpen?: Partial<FailOpenPlan>
  overflow?: Overflow
  whenFull?: WhenFull
  /** By id of the output. */
  queueBytesMax?: Record<string, number>
  engines?: number
  intakeBytesMax?: number
  outputs?: string[]
  signal?: Signal
}

/** Longer than any machine is busy; a test that gets here has failed. */
const PATIENCE_MS = 30_000

export class NodeHarness implements AsyncDisposable {
  readonly node: Node
  readonly #options: HarnessOptions
  /** What each output has been sent, record by record. */
  readonly collected = new Map<string, string[]>()
  /** Outputs with a name in here do not answer until it is taken out. */
  readonly held = new Set<string>()
  #intake: Intake | undefined
  #hash = 0

  constructor(options: HarnessOptions) {
    this.#options = options
    const engines = options.engines ?? 1
    this.node = new Node({
      id: 'test',
      version: '0.0.0',
      registry: {
        ...registry,
        sources: [this.#source()],
        processors: [...registry.processors, ...faultProcessors],
        outputs: [this.#output()],
      },
      limits: { engines, intakeBytesMax: options.intakeBytesMax ?? 64 * 1024 * 1024, intakeEntriesMax: 65_536 },
      workerUrl: new URL('./engine-worker.ts', import.meta.url),
      log: silentLogger,
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.held.clear()
    await this.node.stop(5_000)
  }

  plan(processors: Partial<ProcessorPlan>[] = this.#options.processors ?? []): NodePlan {
    const { failOpen, overflow, whenFull, queueBytesMax } = this.#options
    const outputs = (this.#options.outputs ?? ['out']).map(
      (id): OutputPlan => ({
        id,
        type: 'collect',
        signal: this.#options.signal ?? 'logs',
        batch: {},
        queueBytesMax: queueBytesMax?.[id] ?? 256 * 1024 * 1024,
        whenFull: whenFull ?? 'drop_oldest',
        spool: { bytesMax: 64 * 1024 * 1024, maxAgeMs: 3_600_000, whenFull: undefined },
        deadLettersBytesMax: 0,
        retry: { maxAttempts: 5, maxAgeMs: 60_000, baseMs: 10, capMs: 100 },
        options: { name: id },
      }),
    )
    return {
      hash: String(this.#hash++),
      sources: [{ id: 'in', type: 'by_hand', overflow: overflow ?? 'drop_oldest', durable: false, options: {} }],
      outputs,
      upstreams: [],
      pipelines: [
        {
          id: 'pipeline',
          signal: this.#options.signal ?? 'logs',
          sources: ['in'],
          processors: processors.map((processor, i) => ({
            id: `rule_${i}`,
            type: 'filter',
            when: undefined,
            required: false,
            onError: 'pass' as const,
            ...processor,
            options: this.#defaults(processor),
          })),
          outputs: outputs.map((output) => output.id),
          batch: { maxRecords: 100, maxBytes: 1024 * 1024, maxWaitMs: 5 },
          keepDropped: undefined,
          failOpen: { atBufferRatio: 0.8, stallMs: 250, killMs: 2_000, probeMs: 100, errorRatio: 0.5, ...failOpen },
        },
      ],
    }
  }

  put(lines: string[], origin = 0, entry: Partial<IntakeEntry> = {}): boolean {
    const bytes = Buffer.from(`${lines.join('\n')}\n`)
    return this.#intake!.put({ origin, framing: 'lines', ...entry }, null, bytes, 0, bytes.length)
  }

  putBytes(bytes: Uint8Array, entry: Partial<IntakeEntry> = {}): boolean {
    return this.#intake!.put({ origin: 0, framing: 'record', ...entry }, null, bytes, 0, bytes.length)
  }

  get out(): string[] {
    return this.collected.get('out') ?? []
  }

  get books(): PipelineBooks {
    return this.node.stats().pipelines[0]!
  }

  /** Waits for a condition, not for a time. */
  async until(condition: () => boolean, what: string): Promise<void> {
    const deadline = Date.now() + PATIENCE_MS
    while (!condition()) {
      if (Date.now() > deadline) assert.fail(`waited in vain for: ${what}; books: ${JSON.stringify(this.books)}`)
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  }

  /** Waits until nothing is on its way, then proves that both ledgers balance, in records and in bytes. */
  async settle(): Promise<PipelineBooks> {
    const idle = () => {
      const stats = this.node.stats()
      return (
        stats.pipelines[0]!.in_flight.records === 0 && stats.outputs.every((output) => output.in_flight.records === 0)
      )
    }
    await this.until(idle, 'everything to arrive')
    this.assertBalance()
    return this.books
  }

  assertBalance(): void {
    const stats = this.node.stats()
    for (const books of stats.pipelines) {
      for (const unit of ['records', 'bytes'] as const) {
        const ends = [books.dropped, books.sampled, books.deduplicated, books.aggregated, books.quarantined]
        ends.push(books.rejected, books.overwritten, books.forwarded, books.in_flight)
        const edited = unit === 'bytes' ? books.edited.bytes : 0
        const sum = ends.reduce((total, amount) => total + amount[unit], 0)
        assert.equal(
          books.in[unit] + books.emitted[unit] + edited,
          sum,
          `pipeline ${unit} balance: ${JSON.stringify(books)}`,
        )
      }
    }
    for (const books of stats.outputs) {
      for (const unit of ['records', 'bytes'] as const) {
        const ends = [books.delivered, books.rejected, books.expired, books.overwritten, books.in_flight]
        const sum = ends.reduce((total, amount) => total + amount[unit], 0)
        assert.equal(
          books.forwarded[unit] + books.replayed[unit],
          sum,
          `output ${unit} balance: ${JSON.stringify(books)}`,
        )
      }
    }
  }

  /** What the component's schema makes of the options. */
  #defaults({ type = 'filter', options = {} }: Partial<ProcessorPlan>): Record<string, unknown> {
    const definition = find<ProcessorDefinition>([...registry.processors, ...faultProcessors], type)
    return definition === undefined ? options : definition.config.parse(options)
  }

  #source() {
    return defineSource({
      name: 'by_hand',
      summary: 'Fed by the test.',
      config: z.strictObject({}),
      create: (_options, context) => {
        this.#intake = context.intake
        return { start: async () => {}, stop: async () => {}, address: () => 'by hand' }
      },
    })
  }

  #output() {
    return defineOutput({
      name: 'collect',
      summary: 'Keeps what it is sent.',
      shape: 'stream',
      config: z.strictObject({ name: z.string() }),
      encoder: () => ({ name: 'text' }),
      create: ({ name }) => ({
        start: async () => {},
        stop: async () => {},
        send: async (batch, signal): Promise<SendResult> => {
          while (this.held.has(name) && !signal.aborted) await new Promise((resolve) => setTimeout(resolve, 2))
          if (signal.aborted) return { ok: false, retryable: true, code: 'aborted', message: 'stopping' }
          const records = this.collected.get(name) ?? []
          const lines = batch.bytes.toString().split('\n')
          lines.pop()
          for (const line of lines) records.push(line)
          this.collected.set(name, records)
          return { ok: true }
        },
      }),
    })
  }
}

export async function startNode(options: HarnessOptions = {}): Promise<NodeHarness> {
  const harness = new NodeHarness(options)
  await harness.node.start(harness.plan())
  return harness
}

/** Numbered lines, so that a test can tell what is missing, doubled or out of order. */
export function numbered(from: number, count: number, text = 'INFO'): string[] {
  return Array.from({ length: count }, (_, i) => `${String(from + i).padStart(8, '0')} ${text}`)
}
