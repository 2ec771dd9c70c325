/** The books as they stand, in the shape of the contract. What waits in the intake is counted here, when someone asks. */
import type { PipelinePlan } from '#component/plan.ts'
import type { ProcessorReport } from '#component/processor.ts'
import { find, type Registry } from '#component/registry.ts'
import type { Amount, NodeStats } from '#contract/stats.ts'
import type { Keepsakes } from './assembly.ts'
import { type Generation, pipelinesOf } from './generation.ts'
import type { Keeping } from './keeping.ts'
import type { Sources } from './sources.ts'
import type { Traffic } from './traffic.ts'

export interface About {
  id: string
  version: string
  startedAt: number
  reloads: { done: number; failed: number; lastError: string | null }
  registry: Registry
}

export function snapshot(
  about: About,
  traffic: Traffic,
  keep: Keepsakes,
  sources: Sources,
  keeping: Keeping | undefined,
): NodeStats {
  const { current, lanes } = traffic
  const inFlight = countInFlight(traffic)
  return {
    id: about.id,
    version: about.version,
    started_at: about.startedAt,
    config: {
      hash: current.plan.hash,
      reloads: about.reloads.done,
      failed: about.reloads.failed,
      last_error: about.reloads.lastError,
    },
    intake: {
      bytes: sum(lanes.map((lane) => lane.intake.bytesInUse)),
      bytes_max: sum(lanes.map((lane) => lane.intake.bytesMax)),
      entries: sum(lanes.map((lane) => lane.intake.entriesInUse)),
      entries_max: sum(lanes.map((lane) => lane.intake.entriesMax)),
    },
    engines: lanes.map((lane) => ({ restarts: lane.restarts, state: lane.state })),
    sources: sources.books(),
    pipelines: current.plan.pipelines.map((plan) => {
      const pipeline = current.pipelines.find((pipeline) => pipeline?.plan === plan)!
      const { state, since } = pipeline.breaker
      const books = pipeline.ledger.snapshot(
        plan.id,
        state,
        since,
        inFlight.get(pipeline.slot) ?? { records: 0, bytes: 0 },
      )
      for (const [id, details] of reportsOf(plan, current, about.registry)) {
        const rule = books.rules.find((rule) => rule.id === id)
        if (rule !== undefined) rule.details = details
      }
      return books
    }),
    outputs: [...keep.outputLedgers].map(([id, { type, ledger }]) => {
      const delivery = current.deliveries.get(id)
      const books = delivery === undefined ? ledger.snapshot(id, type, NO_QUEUE, null) : delivery.books(type)
      const upstream = current.plan.outputs.find((output) => output.id === id)?.options['upstream']
      return {
        ...books,
        dead_letters: keeping?.deadLetters.held(id) ?? null,
        upstream: typeof upstream === 'string' ? upstream : null,
      }
    }),
    kept: keeping?.trouble ?? null,
  }
}

/** What the processors of a pipeline tell of their shared state. */
function reportsOf(plan: PipelinePlan, { program }: Generation, registry: Registry): [id: string, ProcessorReport][] {
  const states = program.pipelines.find(({ id }) => id === plan.id)?.states ?? []
  return plan.processors.flatMap(({ id, type, options }, i): [string, ProcessorReport][] => {
    const report = find(registry.processors, type)?.report
    return report === undefined ? [] : [[id, report(options, states[i]!)]]
  })
}

const NO_QUEUE = { bytes: 0, bytes_max: 0 }

/** By slot of the pipeline: what has come in and is not in any commit that was taken. */
function countInFlight(traffic: Traffic): Map<number, Amount> {
  const amounts = new Map<number, Amount>()
  for (const lane of traffic.lanes) {
    lane.intake.eachPending(lane.position, (entry, served) => {
      const { records, bytes } = traffic.decoders.count(entry)
      const signal = traffic.decoders.signalOf(entry)
      for (const { slot } of pipelinesOf(traffic.current, entry.source, signal)) {
        if ((served & (1 << slot)) !== 0) continue
        const amount = amounts.get(slot) ?? { records: 0, bytes: 0 }
        amount.records += records
        amount.bytes += bytes
        amounts.set(slot, amount)
      }
    })
  }
  return amounts
}

function sum(numbers: number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
