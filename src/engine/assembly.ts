/**
 * Builds a generation from a plan, keeping what did not change: slots, ledgers, breakers, shared state, and deliveries with
 * what they hold. Nothing here starts anything or touches what runs.
 */
import { createHash } from 'node:crypto'
import type { EncoderPlan, OutputDefinition, VendorLimits } from '#component/output.ts'
import type { BatchLimits, NodePlan, OutputPlan, PipelinePlan, ProcessorPlan } from '#component/plan.ts'
import { createEncoder, find, type Registry } from '#component/registry.ts'
import { Secret } from '#component/secret.ts'
import { StreamgateError } from '#contract/error.ts'
import { OutputLedger, PipelineLedger } from '#observe/books.ts'
import type { Logger } from '#observe/log.ts'
import type { DataDirectory } from '#spool/data-directory.ts'
import type { DeadLetters } from '#spool/dead-letters.ts'
import type { Dropped } from '#spool/dropped.ts'
import type { Clock } from '#std/clock.ts'
import type { Encoder } from '#telemetry/encoder.ts'
import type { Upstreams } from '#upstreams/upstreams.ts'
import { beginOf } from './batch.ts'
import { Breaker } from './breaker.ts'
import { type DeadLetterBox, noDeadLetters } from './dead-letter-box.ts'
import { Delivery } from './delivery.ts'
import type { Generation, PipelineRuntime } from './generation.ts'
import type { Lane } from './lane.ts'
import { PIPELINES_MAX } from './lane-memory.ts'
import type { ProgramPipeline } from './messages.ts'

/** What lives as long as the node, whatever the configuration says meanwhile. */
export class Keepsakes {
  readonly pipelineLedgers = new Map<string, PipelineLedger>()
  readonly outputLedgers = new Map<string, { type: string; ledger: OutputLedger }>()
  readonly breakers = new Map<string, Breaker>()
  /** Ids by slot. Entries in the intake name their source by slot, so slots of sources are never used again. */
  readonly sourceSlots: string[] = []
  readonly pipelineSlots: (string | undefined)[] = []
  /** Shared state of processors by identity; those that no generation uses are let go. */
  readonly states = new Map<string, SharedArrayBuffer>()
  /** Deliveries by identity of their output. */
  readonly deliveries = new Map<string, Delivery>()

  sourceSlot(id: string): number {
    const known = this.sourceSlots.indexOf(id)
    return known === -1 ? this.sourceSlots.push(id) - 1 : known
  }

  /** The slot that the pipeline has, or the first that nobody has. */
  pipelineSlot(id: string): number {
    const known = this.pipelineSlots.indexOf(id)
    if (known !== -1) return known
    const free = this.pipelineSlots.indexOf(undefined)
    const slot = free === -1 ? this.pipelineSlots.length : free
    if (slot >= PIPELINES_MAX) {
      throw new StreamgateError('SG_CONFIG_INVALID', `a node runs at most ${PIPELINES_MAX} pipelines`, {
        path: 'pipelines',
      })
    }
    this.pipelineSlots[slot] = id
    return slot
  }

  /** Lets go of shared state that no processor has any more. */
  forgetStates(current: Generation): void {
    const used = new Set(current.program.pipelines.flatMap((pipeline) => pipeline.states))
    for (const [identity, state] of this.states) if (!used.has(state)) this.states.delete(identity)
  }

  /** Frees the slots of pipelines that are gone, once no segment can speak of them any more. */
  forgetPipelines(current: Generation, lanes: readonly Lane[]): void {
    if (lanes.some((lane) => lane.hasPending())) return
    for (let slot = 0; slot < this.pipelineSlots.length; slot++) {
      if (current.pipelines[slot] === undefined) this.pipelineSlots[slot] = undefined
    }
  }
}

export interface Surroundings {
  /** Undefined where there is no place on disk. */
  data: DataDirectory | undefined
  /** Where dead letters and dropped records are kept; undefined where there is no place. */
  kept: { deadLetters: DeadLetters; dropped: Dropped } | undefined
  upstreams: Upstreams
  registry: Registry
  clock: Clock
  log: Logger
}

/** Throws `StreamgateError` and leaves no trace but unused slots when the plan cannot be built. */
export function assemble(plan: Generation['plan'], epoch: number, keep: Keepsakes, around: Surroundings): Generation {
  const sources = new Map(plan.sources.map((source) => [source.id, keep.sourceSlot(source.id)]))
  const deliveries = new Map<string, Delivery>()
  for (const output of plan.outputs) {
    const used = plan.pipelines.some((pipeline) => pipeline.outputs.includes(output.id))
    if (used) deliveries.set(output.id, deliveryFor(output, plan, keep, around))
  }
  const pipelines: Generation['pipelines'] = []
  const program = { epoch, sources: keep.sourceSlots.slice(), pipelines: [] as ProgramPipeline[] }
  for (const pipeline of plan.pipelines) {
    const slot = keep.pipelineSlot(pipeline.id)
    const routes = routesOf(pipeline, plan.outputs, deliveries, around.registry)
    pipelines[slot] = runtimeFor(pipeline, slot, routes, keep, around)
    program.pipelines.push({
      slot,
      id: pipeline.id,
      signal: pipeline.signal,
      sources: pipeline.sources.map((id) => sources.get(id)!),
      processors: pipeline.processors,
      states: pipeline.processors.map((processor) => stateFor(pipeline, processor, keep, around.registry)),
      encoders: routes.map((route) => route.plan),
      keepsDropped: pipeline.keepDropped !== undefined && around.kept !== undefined,
    })
  }
  return { epoch, plan, program, pipelines, deliveries }
}

interface Route {
  /** What makes it the same encoding for several outputs. */
  identity: string
  plan: EncoderPlan
  encoder: Encoder
  deliveries: Delivery[]
}

function routesOf(
  pipeline: PipelinePlan,
  outputs: OutputPlan[],
  deliveries: Map<string, Delivery>,
  registry: Registry,
): Route[] {
  const routes: Route[] = []
  for (const id of pipeline.outputs) {
    const output = outputs.find((output) => output.id === id)!
    const encoder = find(registry.outputs, output.type)!.encoder(output.options, output.signal)
    const identity = identityOf(encoder)
    const delivery = deliveries.get(id)!
    const route = routes.find((route) => route.identity === identity)
    if (route === undefined)
      routes.push({ identity, plan: encoder, encoder: createEncoder(encoder, registry), deliveries: [delivery] })
    else route.deliveries.push(delivery)
  }
  return routes
}

function runtimeFor(
  plan: PipelinePlan,
  slot: number,
  routes: Route[],
  keep: Keepsakes,
  { clock, kept }: Surroundings,
): PipelineRuntime {
  const hasRequired = plan.processors.some((processor) => processor.required)
  const ledger = keep.pipelineLedgers.get(plan.id) ?? new PipelineLedger()
  keep.pipelineLedgers.set(plan.id, ledger)
  const breaker = keep.breakers.get(plan.id) ?? new Breaker(plan.failOpen, hasRequired, clock.wall())
  keep.breakers.set(plan.id, breaker)
  return {
    slot,
    plan,
    ledger,
    breaker,
    hasRequired,
    rules: plan.processors.map((processor) => ledger.rule(processor.id, processor.type)),
    encoders: routes.map((route) => route.encoder),
    routes: routes.map((route) => route.deliveries),
    keepDropped: plan.keepDropped === undefined ? undefined : kept?.dropped,
  }
}

function stateFor(pipeline: PipelinePlan, plan: ProcessorPlan, keep: Keepsakes, registry: Registry): SharedArrayBuffer {
  const bytes = find(registry.processors, plan.type)?.stateBytes?.(plan.options) ?? 0
  if (bytes === 0) return NO_STATE
  const identity = identityOf([pipeline.id, plan.id, plan.type, plan.options])
  const state = keep.states.get(identity) ?? new SharedArrayBuffer(bytes)
  keep.states.set(identity, state)
  return state
}

const NO_STATE = new SharedArrayBuffer(0)

/** Where neither the pipeline nor the output says otherwise. */
const DEFAULT_BATCH: BatchLimits = { maxRecords: 100, maxBytes: 1024 * 1024, maxWaitMs: 100 }

function deliveryFor(plan: OutputPlan, node: NodePlan, keep: Keepsakes, around: Surroundings): Delivery {
  const definition = find(around.registry.outputs, plan.type)
  if (definition === undefined) throw new StreamgateError('SG_CONFIG_UNKNOWN_TYPE', `there is no output "${plan.type}"`)
  const { batch, ...rest } = plan
  const identity = identityOf(rest)
  const { data } = around
  const durable = isDurable(plan, node)
  const vendor = definition.limits?.(plan.options) ?? {}
  const changeable = {
    limits: batchLimitsOf(plan, node, definition, vendor),
    durable,
    spoolFull: plan.spool.whenFull ?? (durable ? 'block' : 'drop_oldest'),
  } as const
  const known = keep.deliveries.get(identity)
  if (known !== undefined) {
    known.next = changeable
    return known
  }
  const account = keep.outputLedgers.get(plan.id)
  const ledger = account?.type === plan.type ? account.ledger : new OutputLedger()
  keep.outputLedgers.set(plan.id, { type: plan.type, ledger })
  const { clock, log, upstreams } = around
  const parts = {
    id: plan.id,
    kind: kindOf(plan, definition),
    output: definition.create(plan.options, { id: plan.id, log, clock, signal: plan.signal, upstreams }),
    ledger,
    deadLetters: deadLetterBox(plan, definition, around),
    retry: plan.retry,
    clock,
    log,
    random: Math.random,
  }
  const whenFull = plan.whenFull ?? definition.whenFull ?? 'spool'
  const spooling = data !== undefined && (durable || whenFull === 'spool')
  const options = {
    ...changeable,
    shape: definition.shape,
    vendor,
    weigh: definition.weigh,
    queueBytesMax: plan.queueBytesMax,
    // Without a place on disk, what would be spooled is given up from the oldest on.
    whenFull: whenFull === 'spool' && !spooling ? 'drop_oldest' : whenFull,
    spoolBytesMax: plan.spool.bytesMax,
    spoolAgeMsMax: plan.spool.maxAgeMs,
    concurrency: definition.concurrency?.(plan.options) ?? 1,
  } as const
  const backlog = spooling ? data.backlog(`${plan.id}/${kindOf(plan, definition)}`, plan.spool.bytesMax) : undefined
  const delivery = new Delivery(identity, parts, options, backlog)
  keep.deliveries.set(identity, delivery)
  return delivery
}

function deadLetterBox(plan: OutputPlan, definition: OutputDefinition, { kept }: Surroundings): DeadLetterBox {
  if (kept === undefined || plan.deadLettersBytesMax === 0) return noDeadLetters
  const kind = kindOf(plan, definition)
  kept.deadLetters.limit(plan.id, plan.deadLettersBytesMax)
  return {
    add: (batch, i, code, message) =>
      kept.deadLetters.add(plan.id, kind, batch.bytes.subarray(beginOf(batch, i), batch.ends[i]!), code, message),
  }
}

/** What is on disk is encoded: only an output of the same type, with the same encoder, can send it. */
function kindOf(plan: OutputPlan, definition: OutputDefinition): string {
  return `${plan.type}.${definition.encoder(plan.options, plan.signal).name}`
}

/** Whether a durable source feeds it. */
export function isDurable(plan: OutputPlan, node: NodePlan): boolean {
  const durable = new Set(node.sources.flatMap((source) => (source.durable ? [source.id] : [])))
  return node.pipelines.some(
    (pipeline) => pipeline.outputs.includes(plan.id) && pipeline.sources.some((id) => durable.has(id)),
  )
}

/** What is configured, for the output before for the pipeline, but never more than the other side takes. */
function batchLimitsOf(
  plan: OutputPlan,
  node: NodePlan,
  definition: OutputDefinition,
  vendor: VendorLimits,
): BatchLimits {
  const pipeline = node.pipelines.find(({ outputs }) => outputs.includes(plan.id))
  const wanted = { ...DEFAULT_BATCH, ...definition.batch, ...pipeline?.batch, ...plan.batch }
  return {
    maxRecords: Math.min(wanted.maxRecords, vendor.records ?? Number.POSITIVE_INFINITY),
    maxBytes: Math.min(wanted.maxBytes, vendor.bytes ?? Number.POSITIVE_INFINITY),
    maxWaitMs: wanted.maxWaitMs,
  }
}

/** Whether anything in the plan wants a place on disk; `must`: and cannot do without. */
export function diskNeed(plan: NodePlan, registry: Registry): 'none' | 'wanted' | 'must' {
  const keeps = plan.pipelines.some(({ keepDropped }) => keepDropped !== undefined)
  let need: 'none' | 'wanted' | 'must' = keeps ? 'wanted' : 'none'
  for (const output of plan.outputs) {
    if (output.whenFull === 'spool' || isDurable(output, plan)) return 'must'
    const whenFull = output.whenFull ?? find(registry.outputs, output.type)?.whenFull ?? 'spool'
    if (whenFull === 'spool') need = 'wanted'
  }
  return need
}

/** Same text, same thing. Secrets count with their value, and only as part of a hash. */
export function identityOf(value: unknown): string {
  const text = JSON.stringify(value, function (this: Record<string, unknown>, key, shown) {
    const original = this[key]
    return original instanceof Secret ? `secret ${original.reveal()}` : shown
  })
  return createHash('sha256').update(text).digest('hex')
}
