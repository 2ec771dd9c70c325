/**
 * A lane on the wire thread: one engine thread, the memory shared with it, and the watch over it. It hands commits to
 * the node one by one and never loses its place: whatever happens to the engine, `position` says what is still to do.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import type { IntakeEntry } from '#component/source.ts'
import { StreamgateError } from '#contract/error.ts'
import type { Logger } from '#observe/log.ts'
import { Backoff } from '#std/backoff.ts'
import type { Clock } from '#std/clock.ts'
import { BLOCK_RECORDS_MAX } from '#telemetry/block.ts'
import type { Decoders } from './decoders.ts'
import { IntakeWriter } from './intake-writer.ts'
import { Control, createLaneMemory, EngineState, type LaneMemory, PipelineMode, type Position } from './lane-memory.ts'
import type { EngineData, FromEngine, Program, SampleReport, Start, TapReport, ToEngine, Watch } from './messages.ts'
import { type Commit, OuttakeReader } from './outtake.ts'
import { Safety } from './safety.ts'
import { Suspicion } from './suspicion.ts'
import { Watchdog } from './watchdog.ts'

/** Heap of an engine thread. One that outgrows it dies alone and is replaced. */
const ENGINE_HEAP_MB = 512
/** How long a new engine may take until it runs. */
const START_MS_MAX = 15_000
/** Between attempts to start an engine that dies before it runs. */
const START_BACKOFF_BASE_MS = 100
const START_BACKOFF_CAP_MS = 5_000
/** How soon to look again whether an output has room, when an engine is to be replaced meanwhile. */
const TAKEOVER_RETRY_MS = 10
const SETTLE_POLL_MS = 5
/** How long an engine may take to give out what its processors hold, at a stop. */
const FLUSH_MS_MAX = 2_000

export interface LaneOptions {
  index: number
  bytesMax: number
  entriesMax: number
  workerUrl: URL
  decoders: Decoders
  clock: Clock
  log: Logger
  /** Takes one commit. False: some output has no room; the lane keeps the commit until `pump` is called again. */
  take(commit: Commit, lane: Lane): boolean
  /** All commits that were there are taken. */
  taken(lane: Lane): void
  /** The engine shows records. */
  observed(epoch: number, samples: SampleReport[], taps: TapReport[]): void
}

export type LaneState = 'starting' | 'running' | 'stalled'

export class Lane {
  readonly index: number
  readonly intake: IntakeWriter
  readonly safety = new Safety()
  readonly #options: LaneOptions
  readonly #memory: LaneMemory
  readonly #control: Int32Array
  readonly #outtake: OuttakeReader
  readonly #watchdog = new Watchdog()
  readonly #suspicion = new Suspicion()
  /** What every engine of this lane is to show, by id. */
  readonly #watches = new Map<number, Watch>()
  readonly #waiting = new Map<string, { resolve(): void; reject(error: Error): void }>()
  #program: Program
  #loading: Program | undefined
  #worker: Worker | undefined
  #commit: Commit | undefined
  #startingMs = 0
  #stopping = false
  #armed = false
  /** The engine ends because this lane ended it. */
  #killed = false
  readonly #startBackoff = new Backoff(START_BACKOFF_BASE_MS, START_BACKOFF_CAP_MS)
  state: LaneState = 'starting'
  restarts = 0
  position: Position = { ordinal: 0, entry: 0, offset: 0, sequence: 0 }

  constructor(options: LaneOptions, program: Program) {
    this.index = options.index
    this.#options = options
    this.#memory = createLaneMemory(options.bytesMax, options.entriesMax)
    this.#control = new Int32Array(this.#memory.control)
    this.intake = new IntakeWriter(this.#memory, options.decoders)
    this.#outtake = new OuttakeReader(this.#memory)
    this.#program = program
  }

  /** Starts the engine; resolves when it runs. */
  async start(): Promise<void> {
    const running = this.#expect('running')
    this.#spawn({ position: this.position, recordsMax: BLOCK_RECORDS_MAX, until: this.position, quarantineNext: false })
    this.#arm()
    await running
  }

  put(
    source: number,
    entry: IntakeEntry,
    arrivalMs: number,
    head: Uint8Array | null,
    body: Uint8Array,
    from: number,
    to: number,
  ): boolean {
    return this.intake.put(source, entry, arrivalMs, head, body, from, to)
  }

  /** Hands over all commits that are ready, until one is not taken; then whoever has room again calls `pump`. */
  pump(): void {
    // The outputs are ending, and what they get to know now they would not end.
    if (this.#stopping) return
    let blocked = false
    while (!blocked && this.#outtake.ready()) {
      this.#commit ??= this.#outtake.commit()
      blocked = !this.#options.take(this.#commit, this)
      if (blocked) break
      this.position = this.#commit.position
      this.#commit = undefined
      this.intake.release(this.position)
      this.#outtake.release()
    }
    this.#options.taken(this)
    if (!blocked && !this.#armed) this.#arm()
  }

  /** Ends of the records of an encoding; see `CommittedEncoding`. */
  get words(): Int32Array {
    return this.#outtake.words
  }

  setMode(pipelineSlot: number, requiredOnly: boolean): void {
    const mode = requiredOnly ? PipelineMode.REQUIRED_ONLY : PipelineMode.ALL
    Atomics.store(this.#control, Control.MODES + pipelineSlot, mode)
  }

  watch(watch: Watch): void {
    this.#watches.set(watch.id, watch)
    this.#post({ type: 'watch', watch })
  }

  unwatch(id: number): void {
    if (this.#watches.delete(id)) this.#post({ type: 'unwatch', id })
  }

  /** Whether records are in the intake that no commit covers. */
  hasPending(): boolean {
    return this.#outtake.ready() || this.intake.hasPending(this.position)
  }

  /** Has the engine compile `program` beside the running one. Rejects with what it refuses. */
  load(program: Program): Promise<void> {
    this.#loading = program
    const loaded = this.#expect('loaded', program.epoch)
    this.#post({ type: 'load', program })
    return loaded
  }

  /** Has the engine run the loaded program from the next block on. */
  swap(program: Program): Promise<void> {
    this.#program = program
    this.#loading = undefined
    const swapped = this.#expect('swapped', program.epoch)
    this.#post({ type: 'swap', epoch: program.epoch })
    return swapped
  }

  /** Has processors emit all that they hold; resolves when it is committed. Nothing more is to be put. */
  async flush(): Promise<void> {
    if (this.state === 'starting') return
    const flushed = this.#expect('flushed', this.#program.epoch)
    this.#post({ type: 'flush', epoch: this.#program.epoch })
    await Promise.race([flushed, sleep(FLUSH_MS_MAX, undefined, { ref: false })])
  }

  /** Milliseconds for which records have waited for an engine that shows no sign of life. */
  get silentMs(): number {
    return this.#watchdog.silentMs
  }

  /** Looks after the engine; called at regular intervals. */
  look(elapsedMs: number, stallMs: number, killMs: number): void {
    if (this.#stopping) return
    const engine = Atomics.load(this.#control, Control.ENGINE_STATE)
    // What it has committed stays pending for as long as an output has no room; that is no silence of the engine.
    const waits = engine === EngineState.WAITING_FOR_ROOM || (engine === EngineState.IDLE && this.#outtake.ready())
    const hasWork = !waits && this.intake.hasPending(this.position)
    this.#watchdog.look(Atomics.load(this.#control, Control.PROGRESS), hasWork, elapsedMs)
    if (this.state === 'starting') {
      this.#startingMs += elapsedMs
      if (this.#startingMs > START_MS_MAX) this.#terminate('it did not start')
      return
    }
    const { silentMs } = this.#watchdog
    this.state = silentMs >= stallMs ? 'stalled' : 'running'
    const patienceMs = this.#suspicion.isCareful(this.position) ? stallMs : killMs
    if (silentMs >= patienceMs) this.#terminate(`it has been silent for ${Math.round(silentMs)} ms`)
  }

  /** Resolves when all commits that are published now have been taken. */
  async settled(): Promise<void> {
    const head = Atomics.load(this.#control, Control.OUT_HEAD)
    while (this.#outtake.tail < head && !this.#stopping) await sleep(SETTLE_POLL_MS)
  }

  /** Resolves when all that is in the intake now has been taken, or after `timeoutMs`. */
  async caughtUp(timeoutMs: number): Promise<void> {
    const { ordinal, entry } = this.intake.published()
    const deadline = AbortSignal.timeout(timeoutMs)
    const isBehind = () =>
      this.position.ordinal < ordinal || (this.position.ordinal === ordinal && this.position.entry < entry)
    while (isBehind() && this.hasPending() && !deadline.aborted && !this.#stopping) {
      await sleep(SETTLE_POLL_MS)
      this.pump()
    }
  }

  async stop(): Promise<void> {
    this.#stopping = true
    this.#post({ type: 'stop' })
    await this.#worker?.terminate()
  }

  #spawn(start: Start): void {
    this.state = 'starting'
    this.#startingMs = 0
    Atomics.store(this.#control, Control.ENGINE_STATE, EngineState.STARTING)
    Atomics.store(this.#control, Control.MESSAGES, 0)
    const workerData: EngineData = {
      lane: this.index,
      memory: this.#memory,
      program: this.#program,
      start,
      seed: this.#seed(),
      incarnation: this.restarts,
      quietUntil: this.restarts === 0 ? this.position : this.intake.published(),
      watches: [...this.#watches.values()],
    }
    const worker = new Worker(this.#options.workerUrl, {
      workerData,
      name: `engine-${this.index}`,
      resourceLimits: { maxOldGenerationSizeMb: ENGINE_HEAP_MB },
    })
    this.#worker = worker
    worker.on('message', (message: FromEngine) => this.#hear(message))
    worker.on('error', (error) =>
      this.#options.log.error({ engine: this.index, error: String(error) }, 'an engine failed'),
    )
    worker.on('exit', () => {
      if (!this.#stopping) this.#exited()
    })
  }

  #seed(): number {
    return (this.#program.epoch * 0x9e37_79b1 + this.index + this.restarts * 7919) | 0
  }

  #terminate(reason: string): void {
    this.#options.log.warn({ engine: this.index, reason }, 'replacing an engine')
    this.state = 'starting'
    this.#killed = true
    this.#startingMs = 0
    void this.#worker?.terminate()
  }

  #exited(): void {
    const starting = this.#waiting.get('running')
    if (starting !== undefined) {
      starting.reject(new StreamgateError('SG_START', `engine ${this.index} ended before it ran; see the log for why`))
      return
    }
    // One that never ran would fail again at once.
    const delayMs = this.state === 'starting' && !this.#killed ? this.#startBackoff.next() : 0
    this.#killed = false
    this.state = 'starting'
    this.restarts++
    setTimeout(() => this.#takeOver(), delayMs)
  }

  /** The engine is gone. What it committed is valid; its successor goes on behind that. */
  #takeOver(): void {
    if (this.#stopping) return
    this.pump()
    if (this.#outtake.ready()) {
      // Some output has no room, and the successor must find the outtake empty.
      setTimeout(() => this.#takeOver(), TAKEOVER_RETRY_MS)
      return
    }
    this.#spawn(this.#suspicion.next(this.position, this.intake.published()))
    if (this.#loading !== undefined) this.#post({ type: 'load', program: this.#loading })
  }

  #hear(message: FromEngine): void {
    if (message.type === 'refused') {
      const error = new StreamgateError(
        'SG_RELOAD',
        message.message,
        message.path === undefined ? {} : { path: message.path },
      )
      this.#waiting.get(`loaded ${message.epoch}`)?.reject(error)
      return
    }
    if (message.type === 'observed') {
      this.#options.observed(message.epoch, message.samples, message.taps)
      return
    }
    if (message.type === 'running') {
      this.state = 'running'
      this.#startBackoff.reset()
      this.#watchdog.restart()
      this.#waiting.get('running')?.resolve()
      // It was started with the newest program, so a swap that its predecessor did not live to see is done.
      this.#waiting.get(`swapped ${message.epoch}`)?.resolve()
      return
    }
    this.#waiting.get(`${message.type} ${message.epoch}`)?.resolve()
  }

  #expect(type: 'running' | 'loaded' | 'swapped' | 'flushed', epoch?: number): Promise<void> {
    const key = epoch === undefined ? type : `${type} ${epoch}`
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.#waiting.set(key, { resolve, reject })
    return promise.finally(() => this.#waiting.delete(key))
  }

  #post(message: ToEngine): void {
    this.#worker?.postMessage(message)
    Atomics.add(this.#control, Control.MESSAGES, 1)
    this.intake.wake()
  }

  /** Has this thread's event loop woken when the engine commits while nothing else would look. */
  #arm(): void {
    this.#armed = true
    Atomics.store(this.#control, Control.WIRE_WAITS, 1)
    const wait = Atomics.waitAsync(this.#control, Control.OUT_HEAD, this.#outtake.tail)
    const woken = () => {
      this.#armed = false
      Atomics.store(this.#control, Control.WIRE_WAITS, 0)
      this.pump()
    }
    if (wait.async) void wait.value.then(woken)
    else setImmediate(woken)
  }
}
