/**
 * Makes an impact receipt: asks the gateways for their samples, runs the live and the candidate rules over them, and reckons up
 * what that would mean.
 */
import type { ConfigurationDocument } from '#contract/configuration.ts'
import type { SampleWindow } from '#contract/observation.ts'
import type { Receipt } from '#contract/receipt.ts'
import type { Clock } from '#std/clock.ts'
import type { GatewayRecords, Runtime } from '../runtime.ts'
import type { GatewaySample, PipelineSide, ReceiptInput, ReceiptPipeline } from './input.ts'
import type { Price } from './money.ts'
import type { Replayed, Rule } from './replayed.ts'
import { replayedRules } from './rules.ts'

export interface Comparison {
  org: string
  configuration: string
  /** Undefined: nothing has been published. Then what gateways run is their own file's, as far as it is not replaced. */
  live: { hash: string; document: ConfigurationDocument } | undefined
  candidate: { hash: string; document: ConfigurationDocument }
  prices: readonly Price[]
}

interface Parts {
  clock: Clock
  runtime: Runtime
  gateways: GatewayRecords
}

/** Rejects with `StreamgateError` when the rules cannot be run over the sample. */
export async function makeReceipt({ clock, runtime, gateways }: Parts, comparison: Comparison): Promise<Receipt> {
  const { org, configuration, live, candidate, prices } = comparison
  const { asked, answered, samples } = await gateways.samples(org, configuration)
  const ids = new Set([...(live?.document.pipelines ?? []), ...candidate.document.pipelines].map(({ id }) => id))
  const pipelines: ReceiptPipeline[] = []
  for (const id of ids) {
    const next = pipelineOf(candidate.document, id)
    const own = samplesOf(samples, id)
    const runs = live === undefined || own.some(({ windows }) => windows.length > 0)
    const before = (live && pipelineOf(live.document, id)) ?? (runs ? withoutRules(next) : undefined)
    const sides = { live: before?.side, candidate: next?.side }
    const replayed = await replay(runtime, sides, own)
    pipelines.push({ id, signal: next?.signal ?? before?.signal ?? 'logs', ...sides, samples: own, replayed })
  }
  const input: ReceiptInput = {
    now: clock.wall(),
    live: live?.hash ?? null,
    candidate: candidate.hash,
    pipelines,
    traits: runtime.traits,
    prices,
    gateways: { asked, answered },
  }
  return await runtime.analyse<'receipt'>({ kind: 'receipt', input })
}

async function replay(
  runtime: Runtime,
  { live, candidate }: { live: PipelineSide | undefined; candidate: PipelineSide | undefined },
  samples: readonly GatewaySample[],
): Promise<{ live: Replayed; candidate: Replayed } | undefined> {
  const records = samples.flatMap(({ windows }) => windows.flatMap((window) => window.records))
  if (records.length === 0) return undefined
  const rules = replayedRules(live?.rules ?? [], candidate?.rules ?? [], runtime.traits)
  const input = records.map(({ before, at }) => ({ ...before, at }))
  const [first, second] = await runtime.replay([rules.live, rules.candidate], input)
  return { live: first!, candidate: second! }
}

function samplesOf(samples: readonly GatewaySample[], pipeline: string): GatewaySample[] {
  return samples.flatMap(({ gateway, answered_at, windows }) => {
    const own = windows.filter((window: SampleWindow) => window.pipeline === pipeline)
    return [{ gateway, answered_at, windows: own }]
  })
}

/** What stands in for gateways' own files, which the controller does not know. */
function withoutRules(pipeline: ReturnType<typeof pipelineOf>): ReturnType<typeof pipelineOf> {
  return pipeline === undefined ? undefined : { ...pipeline, side: { ...pipeline.side, rules: [] } }
}

function pipelineOf(document: ConfigurationDocument, id: string) {
  const pipeline = document.pipelines.find((candidate) => candidate.id === id)
  if (pipeline === undefined) return undefined
  const { sources, processors, outputs } = pipeline
  const signal = typeof pipeline['signal'] === 'string' ? pipeline['signal'] : 'logs'
  return { signal, side: { sources, rules: processors as Rule[], outputs } }
}
