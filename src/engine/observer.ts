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
import type { FromEngine, SampleReport, TapReport, Watch } from './messages.ts'
import { PipelineSample } from './pipeline-sample.ts'
import { Portrait } from './portrait.ts'
import { Protection, protecting, protectionOf } from './protection.ts'
import { TapWatch } from './tap-watch.ts'
import { NO_END, Trail } from './trail.ts'

/**
 * How long records and counts are gathered before the wire is told. What an engine that ends has not told is as if it had not
 * come: counts and records of a sample go together.
 */
const REPORT_INTERVAL_MS = 200
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
  /** Samples that the block at hand has come to. */
  readonly #touched: PipelineSample[] = []
  #parts = 0
  #reportedAt = 0

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
    if (isWanted && !mayShow) sample.show(() => null)
    return isWanted && mayShow
  }

  /** The chain has run over what was wanted. */
  ran(pipeline: ObservedPipeline, block: Block): void {
    const shown = new Map<number, ObservedRecord | null>()
    const show = (i: number) => {
      const known = shown.get(i)
      if (known !== undefined) return known
      const record = this.#record(pipeline, block, i, pipeline.protection)
      shown.set(i, record)
      return record
    }
    const showRaw = (i: number) => this.#record(pipeline, block, i, undefined)
    pipeline.sample!.show(show)
    for (const tap of pipeline.taps) {
      const { rule, raw } = tap.watch
      tap.ran(this.trail, rule === undefined ? NO_END : pipeline.rules.indexOf(rule), raw ? showRaw : show)
    }
  }

  /** What became of the block is valid. */
  published(epoch: number, arrivalMs: number): void {
    for (let s = 0; s < this.#touched.length; s++) this.#touched[s]!.published()
    this.#touched.length = 0
    for (let t = 0; t < this.#taps.length; t++) this.#taps[t]!.published()
    // A clock that was set back makes no difference for long.
    if (Math.abs(arrivalMs - this.#reportedAt) >= REPORT_INTERVAL_MS) this.report(epoch, arrivalMs)
  }

  /** There is nothing to do, so there is time to tell. Returns in how many milliseconds there may be something to tell. */
  idle(epoch: number, now: number): number {
    if (!this.#hasNews()) return Infinity
    const dueMs = this.#reportedAt + REPORT_INTERVAL_MS - now
    if (dueMs > 0 && dueMs <= REPORT_INTERVAL_MS) return dueMs
    this.report(epoch, now)
    return Infinity
  }

  /** Tells what there is to tell. */
  report(epoch: number, now: number): void {
    const samples: SampleReport[] = []
    const taps: TapReport[] = []
    for (const { sample } of this.#pipelines) sample?.report(samples)
    for (const tap of this.#taps) tap.report(taps)
    this.#reportedAt = now
    if (samples.length > 0 || taps.length > 0) this.#options.post({ type: 'observed', epoch, samples, taps })
  }

  #hasNews(): boolean {
    for (let p = 0; p < this.#pipelines.length; p++) if (this.#pipelines[p]!.sample?.hasNews === true) return true
    for (let t = 0; t < this.#taps.length; t++) if (this.#taps[t]!.hasNews) return true
    return false
  }

  /** Null: it may not be shown. */
  #record(
    pipeline: ObservedPipeline,
    block: Block,
    i: number,
    protection: Protection | undefined,
  ): ObservedRecord | null {
    const { trail } = this
    const { source, arrivalMs } = trail.context!
    const endedBy = trail.endedBy[i]!
    const goesOn = endedBy === NO_END
    const isExposed = trail.errors.of(i).some((rule) => pipeline.protectors.has(rule))
    if (protection !== undefined && goesOn && isExposed) return null
    try {
      const before = this.#portrait.before(trail, i, protection)
      if (before === undefined) return null
      return {
        pipeline: pipeline.id,
        source,
        at: arrivalMs,
        fate: goesOn ? 'forwarded' : outcomes[trail.outcome[i]!]!,
        rule: goesOn ? null : pipeline.rules[endedBy]!,
        edited_by: trail.edits.of(i).map((rule) => pipeline.rules[rule]!),
        before,
        after: goesOn ? this.#portrait.after(block, i) : null,
        bytes_in: trail.ends[i]! - trail.starts[i]!,
        bytes_out: goesOn ? block.ends[i]! - block.starts[i]! : 0,
      }
    } catch {
      // Whoever looks on must not harm what is looked at.
      return null
    }
  }

  #spread(): void {
    for (const pipeline of this.#pipelines) pipeline.taps = this.#taps.filter((tap) => tap.concerns(pipeline))
  }
}
