/**
 * Shows records, on the engine's side: a uniform sample of what each pipeline takes in, for good, and what taps ask for. What
 * rules really do is noted while they do it (`trail.ts`); nothing is run twice but what protects. While nobody taps, a block from
 * which the sample takes no record costs a few comparisons.
 *
 * For each block: `begin`; for each pipeline `arrived`, and if that is true, the chain with `trail`, then `ran`; `published`
 * when the commit is. Without `published` none of it has been. Records that rules emit did not come in, and are not shown.
 */
import type { ProcessorPlan } from '#component/plan.ts'
import { outcomes } from '#component/processor.ts'
import type { EngineRegistry } from '#component/registry.ts'
import type { ObservedRecord } from '#contract/observation.ts'
import { randomFrom } from '#std/random.ts'
import type { Block } from '#telemetry/block.ts'
import { type Capture, CaptureMemory, type Facts, type Side } from './capture.ts'
import type { FromEngine, SampleReport, TapReport, Watch } from './messages.ts'
import { PipelineSample } from './pipeline-sample.ts'
import { isTooLarge, Portrait, sharedOf } from './portrait.ts'
import { Protection, protecting, protectionOf } from './protection.ts'
import { TapWatch } from './tap-watch.ts'
import { NO_END, Trail } from './trail.ts'

/** How long what taps show is gathered before the wire is told. */
const TAPS_INTERVAL_MS = 200
/**
 * The same for samples. What an engine that ends has not told is as if it had not come: counts and records of a sample go
 * together.
 */
const SAMPLES_INTERVAL_MS = 1000
/** How long making records of samples readable may hold up the block behind, but for one of them. */
const RENDER_MS_MAX = 0.5
/** Keeps its random numbers apart from those of the rules. */
const SEED_MIX = 0x5bd1_e995

/** What the observer must know of a pipeline; one for each pipeline of a compiled program. */
export class ObservedPipeline {
  readonly id: string
  readonly rules: readonly string[]
  /** Same text, same protection. */
  readonly protectedBy: string
  /** Which rules protect. */
  readonly protectors: ReadonlySet<number>
  readonly #protecting: readonly ProcessorPlan[]
  readonly #registry: EngineRegistry
  #protection: Protection | undefined
  sample: PipelineSample | undefined
  taps: readonly TapWatch[] = []

  constructor(id: string, processors: readonly ProcessorPlan[], registry: EngineRegistry) {
    this.id = id
    this.rules = processors.map((processor) => processor.id)
    this.#protecting = protecting(processors, registry)
    this.#registry = registry
    this.protectors = new Set(this.#protecting.map((plan) => processors.indexOf(plan)))
    this.protectedBy = this.#protecting.map(protectionOf).join('\n')
  }

  /** Made when it is needed first. */
  get protection(): Protection {
    this.#protection ??= new Protection(this.#protecting, this.#registry)
    return this.#protection
  }
}

export interface ObserverOptions {
  post(message: FromEngine): void
  /** Called again and again while records are made readable: the engine is alive. */
  alive(): void
  seed: number
  /** Names this engine among all that the node has had. */
  name: string
  watches: readonly Watch[]
}

export class Observer {
  readonly trail = new Trail()
  readonly #portrait = new Portrait()
  readonly #options: ObserverOptions
  readonly #random: () => number
  #taps: TapWatch[] = []
  #pipelines: readonly ObservedPipeline[] = []
  #samples: PipelineSample[] = []
  /** Samples that the block at hand has come to. */
  readonly #touched: PipelineSample[] = []
  /** Where the samples' copies stand. While some of it is made readable, new ones come to the other. */
  #memory = new CaptureMemory()
  #rendered = new CaptureMemory()
  #isRendering = false
  #parts = 0
  #samplesToldAt = 0
  #tapsToldAt = 0

  constructor(options: ObserverOptions) {
    this.#options = options
    this.#random = randomFrom(options.seed ^ SEED_MIX)
    for (const watch of options.watches) this.watch(watch)
  }

  /** These run from now on. A sample goes on in the pipeline of the same id, if the same rules protect it. */
  use(pipelines: readonly ObservedPipeline[]): void {
    const nextPart = () => `${this.#options.name}.${this.#parts++}`
    for (const pipeline of pipelines) {
      const { id, protectedBy } = pipeline
      const known = this.#pipelines.find((other) => other.id === id && other.protectedBy === protectedBy)
      pipeline.sample = known?.sample ?? new PipelineSample(id, this.#random, nextPart)
    }
    this.#pipelines = pipelines
    this.#samples = pipelines.map(({ sample }) => sample!)
    this.#spread()
  }

  watch(watch: Watch): void {
    this.unwatch(watch.id)
    try {
      this.#taps.push(new TapWatch(watch))
    } catch {
      // The wire has compiled it before; an engine does not end for what only looks on.
    }
    this.#spread()
  }

  unwatch(id: number): void {
    this.#taps = this.#taps.filter((tap) => tap.watch.id !== id)
    this.#spread()
  }

  begin(): void {
    // What the last block has left was not published.
    for (let s = 0; s < this.#touched.length; s++) this.#touched[s]!.restore()
    this.#touched.length = 0
    for (let t = 0; t < this.#taps.length; t++) this.#taps[t]!.begin()
  }

  /**
   * The records of `block` came in. True: some are to be shown; then `trail` is to be filled. Without `mayShow` they are only
   * counted.
   */
  arrived(pipeline: ObservedPipeline, block: Block, mayShow: boolean): boolean {
    const sample = pipeline.sample!
    this.#touched.push(sample)
    let isWanted = sample.arrived(block)
    for (let t = 0; t < pipeline.taps.length; t++) {
      if (pipeline.taps[t]!.arrived(block, mayShow)) isWanted = true
    }
    if (isWanted && !mayShow) sample.capture(() => null)
    if (!isWanted || !mayShow) return false
    this.trail.want(pipeline.taps.length === 0 ? sample.picks : undefined)
    return true
  }

  /** The chain has run over what was wanted. */
  ran(pipeline: ObservedPipeline, block: Block): void {
    const { trail } = this
    pipeline.sample!.capture((i) => this.#captured(pipeline, block, i, this.#memory))
    if (pipeline.taps.length === 0) return
    const shown = new Map<number, ObservedRecord | null>()
    const show = (i: number) => {
      let record = shown.get(i)
      if (record !== undefined) return record
      const capture = this.#captured(pipeline, block, i, undefined)
      record = capture === null ? null : this.#record(pipeline.protection, capture)
      this.#options.alive()
      shown.set(i, record)
      return record
    }
    const showRaw = (i: number) => this.#record(undefined, captureOf(pipeline, trail, block, i, undefined))
    for (const tap of pipeline.taps) {
      const { rule, raw } = tap.watch
      tap.ran(trail, rule === undefined ? NO_END : pipeline.rules.indexOf(rule), raw ? showRaw : show)
    }
  }

  /** What became of the block is valid. */
  published(epoch: number, arrivalMs: number): void {
    for (let s = 0; s < this.#touched.length; s++) this.#touched[s]!.published()
    this.#touched.length = 0
    for (let t = 0; t < this.#taps.length; t++) this.#taps[t]!.published()
    // A clock that was set back makes no difference for long.
    if (this.#taps.length > 0 && Math.abs(arrivalMs - this.#tapsToldAt) >= TAPS_INTERVAL_MS)
      this.#tellTaps(epoch, arrivalMs)
    if (this.#isRendering) this.#render(epoch, RENDER_MS_MAX)
    else if (Math.abs(arrivalMs - this.#samplesToldAt) >= SAMPLES_INTERVAL_MS || this.#memory.isFull) {
      this.#close(arrivalMs)
    }
  }

  /** There is nothing to do, so there is time to tell. Returns in how many milliseconds there may be something to tell. */
  idle(epoch: number, now: number): number {
    if (this.#isRendering) {
      this.#render(epoch, RENDER_MS_MAX)
      return 0
    }
    const tapsMs = hasNews(this.#taps) ? msUntil(this.#tapsToldAt, TAPS_INTERVAL_MS, now) : Infinity
    if (tapsMs === 0) this.#tellTaps(epoch, now)
    const samplesMs = hasNews(this.#samples) ? msUntil(this.#samplesToldAt, SAMPLES_INTERVAL_MS, now) : Infinity
    if (samplesMs === 0) this.#close(now)
    return Math.min(tapsMs, samplesMs)
  }

  /** Tells all that there is to tell. */
  report(epoch: number, now: number): void {
    this.#tellTaps(epoch, now)
    if (this.#isRendering) this.#render(epoch, Infinity)
    this.#close(now)
    this.#render(epoch, Infinity)
  }

  #tellTaps(epoch: number, now: number): void {
    const taps: TapReport[] = []
    for (const tap of this.#taps) tap.report(taps)
    this.#tapsToldAt = now
    if (taps.length > 0) this.#options.post({ type: 'observed', epoch, samples: [], taps })
  }

  /** What the samples have now is to be told as soon as it is readable. */
  #close(now: number): void {
    for (const sample of this.#samples) sample.close()
    const memory = this.#memory
    this.#memory = this.#rendered
    this.#rendered = memory
    this.#samplesToldAt = now
    this.#isRendering = true
  }

  /** Makes records of the samples readable for about so long, and tells them when it is done with all. */
  #render(epoch: number, msMax: number): void {
    const startedAt = performance.now()
    for (const pipeline of this.#pipelines) {
      while (pipeline.sample!.render((capture) => this.#record(pipeline.protection, capture))) {
        this.#options.alive()
        if (performance.now() - startedAt >= msMax) return
      }
    }
    const samples: SampleReport[] = []
    for (const sample of this.#samples) sample.report(samples)
    this.#rendered.clear()
    this.#isRendering = false
    if (samples.length > 0) this.#options.post({ type: 'observed', epoch, samples, taps: [] })
  }

  /** Null: it may not be shown. Without `memory` nothing is copied. */
  #captured(pipeline: ObservedPipeline, block: Block, i: number, memory: CaptureMemory | undefined): Capture | null {
    const { errors, endedBy } = this.trail
    const isExposed = errors.of(i).some((rule) => pipeline.protectors.has(rule))
    return isExposed && endedBy[i] === NO_END ? null : captureOf(pipeline, this.trail, block, i, memory)
  }

  /** Null: it may not be shown. */
  #record(protection: Protection | undefined, { facts, context, before, after }: Capture): ObservedRecord | null {
    try {
      const text = this.#portrait.of(before, context, protection)
      if (text === undefined) return null
      return { ...facts, before: text, after: facts.rule === null ? this.#portrait.of(after, context)! : null }
    } catch {
      // Whoever looks on must not harm what is looked at.
      return null
    }
  }

  #spread(): void {
    for (const pipeline of this.#pipelines) pipeline.taps = this.#taps.filter((tap) => tap.concerns(pipeline))
  }
}

function hasNews(all: readonly { hasNews: boolean }[]): boolean {
  for (let i = 0; i < all.length; i++) if (all[i]!.hasNews) return true
  return false
}

/** 0: it is due, also where the clock was set back. */
function msUntil(toldAt: number, intervalMs: number, now: number): number {
  return now >= toldAt ? Math.max(0, toldAt + intervalMs - now) : 0
}

/** Record `i` of the block that the chain has run over. */
function captureOf(
  pipeline: ObservedPipeline,
  trail: Trail,
  block: Block,
  i: number,
  memory: CaptureMemory | undefined,
): Capture {
  const context = trail.context!
  const endedBy = trail.endedBy[i]!
  const goesOn = endedBy === NO_END
  const edits = trail.edits.of(i)
  const before = sideOf(trail, i, memory)
  const after = goesOn && edits.length > 0 ? sideOf(block, i, memory) : before
  const facts: Facts = {
    pipeline: pipeline.id,
    source: context.source,
    at: context.arrivalMs,
    fate: goesOn ? 'forwarded' : outcomes[trail.outcome[i]!]!,
    rule: goesOn ? null : pipeline.rules[endedBy]!,
    edited_by: edits.map((rule) => pipeline.rules[rule]!),
    bytes_in: trail.ends[i]! - trail.starts[i]!,
    bytes_out: goesOn ? block.ends[i]! - block.starts[i]! : 0,
  }
  return { facts, context, before, after }
}

function sideOf(
  { bytes, starts, ends, shared, partOf }: Pick<Trail, 'bytes' | 'starts' | 'ends' | 'shared' | 'partOf'>,
  i: number,
  memory: CaptureMemory | undefined,
): Side | undefined {
  const from = starts[i]!
  const to = ends[i]!
  const parts = sharedOf(shared, partOf, i)
  if (memory === undefined) return { bytes: bytes!, from, to, shared: parts }
  return isTooLarge(from, to, parts) ? undefined : memory.copy(bytes!, from, to, parts)
}
