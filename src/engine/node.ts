/**
 * A node: sources, lanes and deliveries under one configuration, on the wire thread. This file is the life of the whole:
 * start, apply, look after, stop. What happens to records is in `door`, `lane`, `traffic` and `delivery`.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { NodeLimits, NodePlan } from '#component/plan.ts'
import type { Registry } from '#component/registry.ts'
import { StreamgateError } from '#contract/error.ts'
import type { DeadLetterSelection, DroppedSelection, Replayed } from '#contract/kept.ts'
import type { SampleWindow, TapSelection } from '#contract/observation.ts'
import type { NodeStats } from '#contract/stats.ts'
import type { Logger } from '#observe/log.ts'
import { DataDirectory } from '#spool/data-directory.ts'
import { realDisk } from '#spool/disk.ts'
import { type Clock, systemClock } from '#std/clock.ts'
import { Upstreams } from '#upstreams/upstreams.ts'
import { assemble, diskNeed, Keepsakes } from './assembly.ts'
import { Decoders } from './decoders.ts'
import type { Delivery } from './delivery.ts'
import type { Generation } from './generation.ts'
import { Keeping } from './keeping.ts'
import { Lane, type LaneOptions } from './lane.ts'
import { Reservoir } from './reservoir.ts'
import { snapshot } from './snapshot.ts'
import { Sources } from './sources.ts'
import { type TapSink, Taps } from './taps.ts'
import { Traffic } from './traffic.ts'
import { LOOK_INTERVAL_MS } from './watchdog.ts'

/** How long engines may take to compile a new configuration and to swap to it. */
const RELOAD_MS_MAX = 10_000
/** How long the pipelines of a source that goes wait for what it brought. */
const LEAVE_MS_MAX = 5_000
/** How long an output that a new configuration no longer has may go on sending what it holds. */
const RETIRE_MS_MAX = 30_000
const DRAIN_POLL_MS = 5
/** How long to wait for another process to let go of the data directory. */
const CLAIM_MUST_MS = 10_000
const CLAIM_WANTED_MS = 2_000

export interface NodeOptions {
  id: string
  version: string
  registry: Registry
  limits: NodeLimits
  /** The engine threads' entry, which runs `runEngine` with the same registry. */
  workerUrl: URL
  log: Logger
  clock?: Clock
  /** Where spools and dead letters are kept; without it there are none. */
  dataDir?: string
}

export class Node {
  readonly #options: NodeOptions
  readonly #clock: Clock
  readonly #keep = new Keepsakes()
  readonly #upstreams: Upstreams
  readonly #reloads = { done: 0, failed: 0, lastError: null as string | null }
  readonly #data: DataDirectory | undefined
  readonly #keeping: Keeping | undefined
  readonly #reservoir: Reservoir
  #taps: Taps | undefined
  #startedAt = 0
  #traffic: Traffic | undefined
  #sources: Sources | undefined
  #epoch = 0
  #timer: NodeJS.Timeout | undefined
  #lookedAt = 0
  #applying: Promise<void> = Promise.resolve()
  /** Old configurations on their way out. Each tells whether all it held was sent. */
  readonly #retiring = new Set<Promise<boolean>>()
  /** Aborts when a stop has no more time. */
  readonly #late = new AbortController()
  #stopping = false

  constructor(options: NodeOptions) {
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.#upstreams = new Upstreams({ clock: this.#clock, log: options.log })
    this.#reservoir = new Reservoir(this.#clock, options.registry)
    if (options.dataDir === undefined) return
    this.#data = new DataDirectory(options.dataDir, realDisk, this.#clock)
    this.#keeping = new Keeping(options.dataDir, options.registry, this.#clock)
  }

  /** Resolves when the engines run, the outputs are ready and all listeners are open. Rejects with `StreamgateError`. */
  async start(plan: NodePlan): Promise<void> {
    const { limits, workerUrl, log, registry } = this.#options
    this.#startedAt = this.#clock.wall()
    await this.#claimDisk(plan)
    const upstreams = this.#upstreams.prepare(plan.upstreams)
    const generation = this.#assemble(plan)
    const decoders = new Decoders(registry)
    const traffic = new Traffic(generation, decoders, this.#clock, log)
    this.#traffic = traffic
    const taps = new Taps(traffic.lanes, this.#clock, log)
    this.#taps = taps
    this.#reservoir.use(generation.program)
    const observed: LaneOptions['observed'] = (epoch, samples, reports) => {
      this.#reservoir.take(epoch, samples)
      taps.take(reports)
    }
    for (let index = 0; index < limits.engines; index++) {
      const share = {
        bytesMax: limits.intakeBytesMax / limits.engines,
        entriesMax: limits.intakeEntriesMax / limits.engines,
      }
      const take = traffic.take.bind(traffic)
      const taken = traffic.taken.bind(traffic)
      traffic.lanes.push(
        new Lane(
          { index, ...share, workerUrl, decoders, clock: this.#clock, log, take, taken, observed },
          generation.program,
        ),
      )
    }
    this.#sources = new Sources(registry, this.#keep, traffic, this.#clock, log)
    await Promise.all([...generation.deliveries.values()].map((delivery) => delivery.start()))
    upstreams.commit()
    for (const delivery of generation.deliveries.values()) delivery.takeNext()
    await Promise.all(traffic.lanes.map((lane) => lane.start()))
    this.#lookedAt = this.#clock.now()
    this.#timer = setInterval(() => this.#look(), LOOK_INTERVAL_MS)
    await this.#sources.apply(plan.sources)
  }

  /**
   * Puts a new configuration to work, make before break. Applies one after the other when called several times at once.
   * Rejects with `StreamgateError`; then the old configuration goes on as if nothing had been.
   */
  apply(plan: NodePlan): Promise<void> {
    const applied = this.#applying.then(() => this.#apply(plan))
    this.#applying = applied.catch(() => undefined)
    return applied
  }

  async #apply(plan: NodePlan): Promise<void> {
    const before = this.#traffic?.current.plan
    try {
      await this.#replace(plan)
      this.#reloads.done++
      this.#reloads.lastError = null
    } catch (error) {
      this.#reloads.failed++
      this.#reloads.lastError = error instanceof Error ? error.message : String(error)
      if (before !== undefined) await this.#goBack(before)
      throw error
    }
  }

  /** Whether a source can listen shows only when it does, and then the rules behind it are in place already. */
  async #goBack(before: NodePlan): Promise<void> {
    if (this.#running().current.plan === before || this.#stopping) return
    try {
      await this.#replace(before)
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      this.#options.log.error({ reason }, 'the configuration was refused, and the one before it does not run whole')
    }
  }

  async #replace(plan: NodePlan): Promise<void> {
    const traffic = this.#running()
    if (this.#stopping) throw new StreamgateError('SG_RELOAD', 'the node is stopping')
    const old = traffic.current
    await this.#claimDisk(plan)
    const upstreams = this.#upstreams.prepare(plan.upstreams)
    let added: Delivery[] = []
    let generation: Generation
    try {
      generation = this.#assemble(plan)
      const { deliveries } = generation
      added = [...deliveries.values()].filter((delivery) => old.deliveries.get(delivery.id) !== delivery)
      await Promise.all(added.map((delivery) => delivery.start()))
      await inTime(Promise.all(traffic.lanes.map((lane) => lane.load(generation.program))))
    } catch (error) {
      await this.#discard(added)
      upstreams.discard()
      throw error
    }
    // Only the pipelines that go know what to do with what has come from sources that go.
    const someLeft = await this.#sources?.leave(plan.sources)
    if (someLeft) await Promise.all(traffic.lanes.map((lane) => lane.caughtUp(LEAVE_MS_MAX)))
    upstreams.commit()
    traffic.install(generation)
    this.#reservoir.use(generation.program)
    for (const delivery of generation.deliveries.values()) delivery.takeNext()
    await inTime(Promise.all(traffic.lanes.map((lane) => lane.swap(generation.program))))
    const retiring = this.#retire(old).finally(() => this.#retiring.delete(retiring))
    this.#retiring.add(retiring)
    await this.#sources?.apply(plan.sources)
  }

  /** Old commits may still come; when the last is taken, what only the old configuration had sends its rest and ends. */
  async #retire(old: Generation): Promise<boolean> {
    const traffic = this.#running()
    const stays = new Set(traffic.current.deliveries.values())
    for (const delivery of old.deliveries.values()) if (!stays.has(delivery)) delivery.leave()
    await Promise.all(traffic.lanes.map((lane) => lane.settled()))
    const leaving = traffic.retire(old.epoch)
    for (const delivery of leaving) {
      if (this.#keep.deliveries.get(delivery.identity) === delivery) this.#keep.deliveries.delete(delivery.identity)
    }
    this.#keep.forgetPipelines(traffic.current, traffic.lanes)
    this.#keep.forgetStates(traffic.current)
    const sent = await Promise.all(
      leaving.map(async (delivery) => {
        const drained = await delivery.drain(AbortSignal.any([AbortSignal.timeout(RETIRE_MS_MAX), this.#late.signal]))
        if (!drained)
          this.#options.log.warn({ output: delivery.id }, `output ${delivery.id} left with records undelivered`)
        await delivery.stop()
        // What it has left on disk is for whoever has its name now.
        await traffic.current.deliveries.get(delivery.id)?.adopt()
        return drained
      }),
    )
    return sent.every(Boolean)
  }

  async #discard(added: Delivery[]): Promise<void> {
    for (const delivery of added) {
      this.#keep.deliveries.delete(delivery.identity)
      await delivery.stop()
    }
  }

  /** Stops accepting, lets engines and outputs finish, at most for `timeoutMs`. False: records were left behind. */
  async stop(timeoutMs: number): Promise<{ drained: boolean }> {
    this.#stopping = true
    this.#taps?.stop()
    const traffic = this.#traffic
    if (traffic === undefined) return { drained: true }
    const deadline = AbortSignal.timeout(timeoutMs)
    deadline.addEventListener('abort', () => this.#late.abort(), { once: true })
    // What ends meanwhile is heard too: it may have left records behind.
    const leaving = [...this.#retiring]
    await this.#sources?.stop()
    while (traffic.lanes.some((lane) => lane.hasPending()) && !deadline.aborted) {
      await sleep(DRAIN_POLL_MS)
      for (const lane of traffic.lanes) lane.pump()
    }
    let processed = !traffic.lanes.some((lane) => lane.hasPending())
    await Promise.all(traffic.lanes.map((lane) => lane.flush()))
    for (const lane of traffic.lanes) lane.pump()
    while (traffic.lanes.some((lane) => lane.hasPending()) && !deadline.aborted) {
      await sleep(DRAIN_POLL_MS)
      for (const lane of traffic.lanes) lane.pump()
    }
    processed &&= !traffic.lanes.some((lane) => lane.hasPending())
    clearInterval(this.#timer)
    await Promise.all(traffic.lanes.map((lane) => lane.stop()))
    const deliveries = [...this.#keep.deliveries.values()]
    const retired = Promise.all(new Set([...leaving, ...this.#retiring]))
    const sent = await Promise.all(deliveries.map((delivery) => delivery.drain(deadline)))
    sent.push(...(await retired))
    await Promise.all(deliveries.map((delivery) => delivery.stop()))
    await this.#upstreams.stop()
    this.#keeping?.close()
    this.#data?.release()
    return { drained: processed && sent.every(Boolean) }
  }

  addresses(): { id: string; type: string; address: string }[] {
    return this.#sources?.addresses() ?? []
  }

  ready(): { ready: boolean; reason?: string } {
    if (this.#traffic === undefined || this.#sources === undefined) return { ready: false, reason: 'starting' }
    if (this.#stopping) return { ready: false, reason: 'stopping' }
    return { ready: true }
  }

  stats(): NodeStats {
    const { id, version, registry } = this.#options
    const about = { id, version, registry, startedAt: this.#startedAt, reloads: this.#reloads }
    const stats = snapshot(about, this.#running(), this.#keep, this.#sources!, this.keeping)
    return { ...stats, upstreams: this.#upstreams.snapshot() }
  }

  /** What the pipelines took in during the last minutes, as uniform samples, as the rules let it be shown. */
  samples(): SampleWindow[] {
    return this.#reservoir.samples()
  }

  /**
   * Shows records as they go through the rules, until what it returns is called. Throws `StreamgateError` when the selection cannot
   * be made. It lasts over reloads; a pipeline or a rule that is gone shows nothing.
   */
  tap(selection: TapSelection, sink: TapSink): () => void {
    const { current } = this.#running()
    return this.#taps!.open(selection, sink, current.plan)
  }

  /** Takes the data directory, if the plan wants one. Without it records wait in memory only, unless they must not. */
  async #claimDisk(plan: NodePlan): Promise<void> {
    const need = diskNeed(plan, this.#options.registry)
    if (need === 'none' || this.#data?.claimed === true) return
    if (this.#data === undefined) {
      if (need === 'wanted') return
      throw new StreamgateError('SG_STORE', 'an output must keep records on disk, and there is no data directory')
    }
    const failure = await this.#data.claim(need === 'must' ? CLAIM_MUST_MS : CLAIM_WANTED_MS)
    if (failure === undefined) return await this.#openArchive()
    if (need === 'must') throw new StreamgateError('SG_STORE', failure.message)
    this.#options.log.warn({ code: failure.code }, `${failure.message}; what outputs cannot send waits in memory only`)
  }

  /** Without it, dead letters and dropped records are not kept; everything else goes on. */
  async #openArchive(): Promise<void> {
    try {
      await this.#keeping?.open()
    } catch (error) {
      this.#options.log.warn({ reason: String(error) }, 'dead letters and dropped records cannot be kept')
    }
  }

  /** What was kept beside the way; undefined where there is no place for it. */
  get keeping(): Keeping | undefined {
    return this.#keeping?.isOpen === true ? this.#keeping : undefined
  }

  async replayDeadLetters(selection: DeadLetterSelection): Promise<Replayed> {
    return (await this.keeping?.replayDeadLetters(selection, this.#running())) ?? NOTHING_KEPT
  }

  async replayDropped(selection: DroppedSelection): Promise<Replayed> {
    return (await this.keeping?.replayDropped(selection, this.#running())) ?? NOTHING_KEPT
  }

  #assemble(plan: NodePlan): Generation {
    const { registry, log } = this.#options
    const data = this.#data?.claimed === true ? this.#data : undefined
    return assemble(plan, ++this.#epoch, this.#keep, {
      data,
      kept: this.keeping,
      registry,
      upstreams: this.#upstreams,
      clock: this.#clock,
      log,
    })
  }

  #running(): Traffic {
    if (this.#traffic === undefined) throw new StreamgateError('SG_START', 'the node has not been started')
    return this.#traffic
  }

  #look(): void {
    const now = this.#clock.now()
    this.#traffic?.look(now - this.#lookedAt)
    this.#lookedAt = now
  }
}

const NOTHING_KEPT: Replayed = { replayed: 0, skipped: 0, reason: 'this node keeps nothing: it has no data directory' }

/** An engine that is stuck is replaced soon; a reload that waits for it must end all the same. */
function inTime(work: Promise<unknown>): Promise<unknown> {
  const { promise: late, reject } = Promise.withResolvers<never>()
  const error = new StreamgateError('SG_RELOAD', `the engines did not answer within ${RELOAD_MS_MAX} ms`)
  const timer = setTimeout(() => reject(error), RELOAD_MS_MAX)
  return Promise.race([work, late]).finally(() => clearTimeout(timer))
}
