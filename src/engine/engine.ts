/**
 * An engine thread: takes blocks from the intake, runs each through the chains of its pipelines, and commits what became
 * of them. It touches no socket, runs no promise, and waits only on shared memory. Configurations come between two
 * blocks: compiled beside the running one, then swapped whole.
 */
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import { outcomes, type Processor } from '#component/processor.ts'
import { createEncoder, type EngineRegistry } from '#component/registry.ts'
import { StreamgateError } from '#contract/error.ts'
import { assert } from '#std/assert.ts'
import { randomFrom } from '#std/random.ts'
import { BLOCK_RECORDS_MAX, Block } from '#telemetry/block.ts'
import type { Encoder } from '#telemetry/encoder.ts'
import type { Signal } from '#telemetry/signal.ts'
import { Chain } from './chain.ts'
import { Decoders } from './decoders.ts'
import { IntakeReader } from './intake-reader.ts'
import { KeptDrops } from './kept-drops.ts'
import { Control, EngineState, PipelineMode, type Position } from './lane-memory.ts'
import type { EngineData, FromEngine, Program, Start, ToEngine } from './messages.ts'
import { ObservedPipeline, Observer } from './observer.ts'
import { CommitTooLarge, NO_RULE, OuttakeWriter, Tally } from './outtake.ts'
import { Readable } from './readable.ts'
import { isBefore } from './suspicion.ts'

/** A waiting engine looks up at least this often; only a guard against a lost wake-up. */
const IDLE_WAIT_MS = 1000

/** Stands in a commit for records that no source brought. */
const NO_SOURCE = -1

const QUARANTINED = outcomes.indexOf('quarantined')

/** Runs until the wire says stop. `registry` is what configurations may name. */
export function runEngine(registry: EngineRegistry): void {
  assert(parentPort !== null, 'an engine runs in a worker thread')
  new Engine(registry, workerData as EngineData, parentPort).run()
}

interface Port {
  postMessage(message: FromEngine): void
}

interface CompiledPipeline {
  slot: number
  signal: Signal
  sources: Set<number>
  chain: Chain
  encoders: Encoder[]
  /** Undefined: what its rules drop is not kept. */
  kept: KeptDrops | undefined
  observed: ObservedPipeline
}

interface Compiled {
  program: Program
  pipelines: CompiledPipeline[]
  /** Pipelines that a source feeds, by slot of the source. */
  bySource: CompiledPipeline[][]
  emitters: Emitter[]
}

/** A processor that makes records of its own. */
interface Emitter {
  /** The same for the same processor with the same options in another program: it has the same state. */
  identity: string
  pipeline: CompiledPipeline
  rule: number
  processor: Processor
}

class Engine {
  readonly #registry: EngineRegistry
  readonly #port: Port & import('node:worker_threads').MessagePort
  readonly #control: Int32Array
  readonly #reader: IntakeReader
  readonly #outtake: OuttakeWriter
  readonly #random: () => number
  readonly #lane: number
  readonly #block = new Block()
  /** A second block, for when several pipelines want the same records. */
  readonly #copy = new Block()
  readonly #readable = new Readable()
  readonly #observer: Observer
  /** No record before here is shown. */
  readonly #quietUntil: Position
  #start: Start
  #running: Compiled
  #loaded: Compiled | undefined
  #messages = 0
  #stopped = false

  constructor(registry: EngineRegistry, data: EngineData, port: import('node:worker_threads').MessagePort) {
    this.#registry = registry
    this.#port = port
    this.#control = new Int32Array(data.memory.control)
    this.#reader = new IntakeReader(data.memory, data.start.position, new Decoders(registry))
    this.#outtake = new OuttakeWriter(data.memory)
    this.#random = randomFrom(data.seed)
    this.#block.lane = data.lane
    this.#lane = data.lane
    this.#start = data.start
    this.#quietUntil = data.quietUntil
    this.#observer = new Observer({
      post: (message) => port.postMessage(message),
      alive: () => Atomics.add(this.#control, Control.PROGRESS, 1),
      seed: data.seed,
      name: `${data.lane}.${data.incarnation}`,
      watches: data.watches,
    })
    this.#running = this.#compile(data.program)
    this.#observe(this.#running)
    this.#messages = 0
  }

  run(): void {
    const control = this.#control
    this.#port.postMessage({ type: 'running', epoch: this.#running.program.epoch })
    while (!this.#stopped) {
      const seen = Atomics.load(control, Control.WAKE)
      if (Atomics.load(control, Control.MESSAGES) !== this.#messages) this.#takeMessages()
      Atomics.store(control, Control.ENGINE_STATE, EngineState.WORKING)
      const worked = this.#nextBlock()
      const dueMs = this.#emitDue()
      if (worked) continue
      const reportMs = this.#observer.idle(this.#running.program.epoch, Date.now())
      Atomics.store(control, Control.ENGINE_STATE, EngineState.IDLE)
      Atomics.wait(control, Control.WAKE, seen, Math.min(IDLE_WAIT_MS, dueMs, reportMs))
    }
  }

  /** Has those processors emit whose time has come. Returns the milliseconds until the next one. */
  #emitDue(): number {
    const { emitters } = this.#running
    if (emitters.length === 0) return IDLE_WAIT_MS
    const now = Date.now()
    let dueMs = IDLE_WAIT_MS
    for (const emitter of emitters) {
      if ((emitter.processor.due?.() ?? now) <= now) this.#emit(emitter, now, false)
      dueMs = Math.min(dueMs, Math.max(1, (emitter.processor.due?.() ?? Infinity) - now))
    }
    return dueMs
  }

  /** Sends what a processor has made through those behind it, and commits it: one commit for each block. */
  #emit({ pipeline, rule, processor }: Emitter, now: number, final: boolean): void {
    const block = this.#block
    while (processor.emit!(now, final, block)) {
      this.#outtake.begin()
      this.#outtake.pipeline(pipeline.slot)
      this.#outtake.tally(rule, Tally.EMITTED, block.selected, block.selectedBytes)
      pipeline.chain.run(block, false, this.#outtake, rule + 1)
      this.#encode(pipeline, block)
      this.#outtake.publish(this.#running.program.epoch, NO_SOURCE, 0, 0, 0, 0, this.#reader.position())
      pipeline.chain.committed()
    }
  }

  /** Does one block. False: nothing to do. */
  #nextBlock(): boolean {
    const before = this.#reader.position()
    const careful = this.#start.recordsMax < BLOCK_RECORDS_MAX && isBefore(before, this.#start.until)
    const recordsMax = this.#start.quarantineNext ? 1 : careful ? this.#start.recordsMax : BLOCK_RECORDS_MAX
    if (!this.#reader.next(this.#block, this.#running.program.sources, recordsMax)) return false
    try {
      this.#commit(this.#start.quarantineNext, before)
      if (this.#start.quarantineNext) this.#start = { ...this.#start, quarantineNext: false }
    } catch (error) {
      if (!(error instanceof CommitTooLarge)) throw error
      // Smaller blocks fit; a single record that does not is ended here, or it would hold up all others for ever.
      const single = this.#block.count <= 1
      this.#reader.rewind(before)
      this.#start = {
        position: before,
        recordsMax: single ? 1 : Math.max(1, this.#block.count >> 2),
        until: { ...before, entry: before.entry + 1, offset: 0 },
        quarantineNext: single,
      }
    }
    return true
  }

  #commit(quarantine: boolean, before: Position): void {
    const { count, selectedBytes } = this.#block
    const { arrivalMs } = this.#block.context
    const source = this.#reader.source
    const { signal } = this.#block.context.format
    const pipelines = this.#running.bySource[source] ?? []
    const mayShow = !quarantine && !isBefore(before, this.#quietUntil)
    this.#outtake.begin()
    this.#observer.begin()
    let last = pipelines.length - 1
    while (last >= 0 && pipelines[last]!.signal !== signal) last--
    for (let p = 0; p <= last; p++) {
      const pipeline = pipelines[p]!
      if (pipeline.signal !== signal || (this.#reader.served & (1 << pipeline.slot)) !== 0) continue
      const block = p === last ? this.#block : this.#copy
      if (p !== last) block.copyFrom(this.#block)
      const watched = this.#observer.arrived(pipeline.observed, block, mayShow)
      this.#runPipeline(pipeline, block, quarantine, watched)
    }
    const { program } = this.#running
    this.#outtake.publish(
      program.epoch,
      source,
      count,
      selectedBytes,
      this.#reader.malformedRecords,
      this.#reader.malformedBytes,
      this.#reader.position(),
    )
    for (let p = 0; p <= last; p++) pipelines[p]!.chain.committed()
    this.#observer.published(program.epoch, arrivalMs)
  }

  #runPipeline(pipeline: CompiledPipeline, block: Block, quarantine: boolean, watched: boolean): void {
    this.#outtake.pipeline(pipeline.slot)
    if (quarantine) {
      this.#outtake.tally(NO_RULE, QUARANTINED, block.selected, block.selectedBytes)
      return
    }
    const mode = Atomics.load(this.#control, Control.MODES + pipeline.slot)
    const requiredOnly = mode === PipelineMode.REQUIRED_ONLY
    const { chain, kept } = pipeline
    if (watched) {
      chain.runTracked(block, requiredOnly, this.#outtake, this.#observer.trail, kept)
      // The rules are done: what showing takes is no silence of theirs.
      Atomics.add(this.#control, Control.PROGRESS, 1)
      this.#observer.ran(pipeline.observed, block)
      Atomics.add(this.#control, Control.PROGRESS, 1)
    } else if (kept === undefined) chain.run(block, requiredOnly, this.#outtake)
    else chain.runKeeping(block, requiredOnly, this.#outtake, kept)
    this.#encode(pipeline, block)
    if (kept === undefined) return
    const { length } = pipeline.encoders
    for (const { rule, bytes, ends } of kept.drops) this.#outtake.copyEncoded(length + rule, bytes, ends)
  }

  #encode({ encoders }: CompiledPipeline, block: Block): void {
    this.#outtake.forwarded(block.selected, block.selectedBytes)
    if (block.selected === 0) return
    this.#readable.begin()
    for (let e = 0; e < encoders.length; e++) {
      this.#outtake.encode(e, encoders[e]!, this.#readable.for(encoders[e]!, block))
    }
  }

  #takeMessages(): void {
    this.#messages = Atomics.load(this.#control, Control.MESSAGES)
    for (;;) {
      const received = receiveMessageOnPort(this.#port)
      if (received === undefined) return
      this.#handle(received.message as ToEngine)
      Atomics.add(this.#control, Control.PROGRESS, 1)
    }
  }

  #handle(message: ToEngine): void {
    switch (message.type) {
      case 'load':
        this.#load(message.program)
        break
      case 'swap':
        if (this.#loaded?.program.epoch !== message.epoch) break
        this.#emitAll(this.#loaded)
        this.#observer.report(this.#running.program.epoch, Date.now())
        this.#running = this.#loaded
        this.#loaded = undefined
        this.#observe(this.#running)
        this.#port.postMessage({ type: 'swapped', epoch: message.epoch })
        break
      case 'flush':
        this.#emitAll(undefined)
        this.#port.postMessage({ type: 'flushed', epoch: message.epoch })
        break
      case 'watch':
        this.#observer.watch(message.watch)
        break
      case 'unwatch':
        this.#observer.unwatch(message.id)
        break
      case 'stop':
        this.#stopped = true
        break
      default:
        message satisfies never
    }
  }

  /** Nothing that a processor holds is lost when it goes: what is not in `next` any more emits all it has. */
  #emitAll(next: Compiled | undefined): void {
    const staying = new Set(next?.emitters.map(({ identity }) => identity))
    for (const emitter of this.#running.emitters) {
      if (!staying.has(emitter.identity)) this.#emit(emitter, Date.now(), true)
    }
  }

  #observe({ pipelines }: Compiled): void {
    this.#observer.use(pipelines.map(({ observed }) => observed))
  }

  #load(program: Program): void {
    try {
      this.#loaded = this.#compile(program)
      this.#port.postMessage({ type: 'loaded', epoch: program.epoch })
    } catch (error) {
      const known = error instanceof StreamgateError
      this.#port.postMessage({
        type: 'refused',
        epoch: program.epoch,
        code: known ? error.code : 'SG_RELOAD',
        message: error instanceof Error ? error.message : String(error),
        path: known ? error.path : undefined,
      })
    }
  }

  #compile(program: Program): Compiled {
    const pipelines = program.pipelines.map((pipeline) => {
      let next = 0
      const contextFor = () => ({ random: this.#random, state: pipeline.states[next++]!, engine: this.#lane })
      const chain = new Chain(pipeline.processors, this.#registry, contextFor)
      return {
        slot: pipeline.slot,
        signal: pipeline.signal,
        sources: new Set(pipeline.sources),
        chain,
        kept: pipeline.keepsDropped ? new KeptDrops(chain, createEncoder({ name: 'text' }, this.#registry)) : undefined,
        encoders: pipeline.encoders.map((plan) => createEncoder(plan, this.#registry)),
        observed: new ObservedPipeline(pipeline.id, pipeline.processors, this.#registry),
      }
    })
    const bySource = program.sources.map((_, slot) => pipelines.filter((pipeline) => pipeline.sources.has(slot)))
    const emitters = pipelines.flatMap((pipeline, p) =>
      pipeline.chain.emitters.map(({ rule, processor }) => {
        const { id, processors } = program.pipelines[p]!
        const { id: ruleId, type, options } = processors[rule]!
        return { identity: JSON.stringify([id, ruleId, type, options]), pipeline, rule, processor }
      }),
    )
    return { program, pipelines, bySource, emitters }
  }
}
