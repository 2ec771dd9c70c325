/**
 * Records on the wire thread: commits are taken and booked, breakers looked at, stalled engines gone around, and the
 * oldest records given up when there is no room. It holds the lanes and the generations that they may still speak of.
 */
import type { IntakeEntry } from '#component/source.ts'
import type { Logger } from '#observe/log.ts'
import { concat } from '#std/bytes.ts'
import type { Clock } from '#std/clock.ts'
import type { Signal } from '#telemetry/signal.ts'
import { beginning, book, type Cursor, handOver } from './commits.ts'
import type { Decoders } from './decoders.ts'
import type { Delivery } from './delivery.ts'
import type { Door, DoorKeeper } from './door.ts'
import { type Generation, type PipelineRuntime, pipelinesOf } from './generation.ts'
import type { PendingEntry } from './intake-writer.ts'
import type { Lane } from './lane.ts'
import type { Commit } from './outtake.ts'
import { Bypass } from './raw.ts'

export class Traffic implements DoorKeeper {
  readonly lanes: Lane[] = []
  readonly doors = new Set<Door>()
  readonly #generations = new Map<number, Generation>()
  /** By lane: how far a commit was handed over when an output had no room. */
  readonly #cursors = new Map<number, Cursor>()
  /** By lane: what `arrived` saw last. */
  readonly #seen: { opened: number; pressed: boolean }[] = []
  readonly decoders: Decoders
  readonly #bypass: Bypass
  readonly #clock: Clock
  readonly #log: Logger
  #deliveries: Delivery[] = []
  #pressedAt = 1
  current: Generation

  constructor(first: Generation, decoders: Decoders, clock: Clock, log: Logger) {
    this.current = first
    this.decoders = decoders
    this.#bypass = new Bypass(decoders)
    this.#clock = clock
    this.#log = log
    this.install(first)
  }

  /** Makes a generation known, so that commits of it can be taken, and the one that counts for what comes now. */
  install(generation: Generation): void {
    this.#generations.set(generation.epoch, generation)
    this.current = generation
    this.#deliveries = [...new Set([...this.#generations.values()].flatMap((known) => [...known.deliveries.values()]))]
    this.#pressedAt = Math.min(...generation.plan.pipelines.map((plan) => plan.failOpen.atBufferRatio))
    for (const pipeline of generation.pipelines) {
      if (pipeline === undefined) continue
      pipeline.breaker.configure(pipeline.plan.failOpen, pipeline.hasRequired)
      this.#setMode(pipeline)
    }
  }

  /** Forgets a generation. Returns the deliveries that no other one has. */
  retire(epoch: number): Delivery[] {
    const gone = this.#generations.get(epoch)
    this.#generations.delete(epoch)
    const kept = new Set([...this.#generations.values()].flatMap((known) => [...known.deliveries.values()]))
    this.#deliveries = [...kept]
    return gone === undefined ? [] : [...gone.deliveries.values()].filter((delivery) => !kept.has(delivery))
  }

  take(commit: Commit, lane: Lane): boolean {
    const generation = this.#generations.get(commit.epoch)!
    const cursor = this.#cursors.get(lane.index) ?? beginning()
    const full = handOver(commit, lane.words, generation, cursor)
    if (full !== null) {
      this.#cursors.set(lane.index, cursor)
      full.onRoom(() => lane.pump())
      return false
    }
    this.#cursors.delete(lane.index)
    book(commit, generation)
    lane.safety.reached(commit.position, this.#deliveries)
    return true
  }

  taken(): void {
    for (let i = 0; i < this.#deliveries.length; i++) this.#deliveries[i]!.flush()
    for (const door of this.doors) door.offerRoom()
  }

  /** Looks at the breakers when that may matter: a segment was opened, or the pressure has crossed the mark. */
  arrived(lane: Lane): void {
    const { opened } = lane.intake
    const pressed = lane.intake.pressure >= this.#pressedAt
    const seen = this.#seen[lane.index]
    if (seen !== undefined && seen.opened === opened && seen.pressed === pressed) return
    this.#seen[lane.index] = { opened, pressed }
    this.updateBreakers()
  }

  overwriteOldest(lane: Lane): boolean {
    const ordinal = lane.intake.takeOldest()
    if (ordinal === -1) return false
    const served = lane.intake.servedOf(ordinal)
    for (let i = 0; i < lane.intake.entriesOf(ordinal); i++) {
      const entry = lane.intake.entryOf(ordinal, i)
      this.#countOverwrittenEntry(entry, served)
    }
    lane.intake.giveUp(ordinal)
    lane.safety.gaveUp(ordinal)
    return true
  }

  countOverwritten(
    source: number,
    entry: IntakeEntry,
    head: Uint8Array | null,
    body: Uint8Array,
    from: number,
    to: number,
  ): void {
    const bytes = concat([head ?? NO_BYTES, body.subarray(from, to)])
    const pending = {
      source,
      framing: this.decoders.numberOf(entry.framing),
      truncated: false,
      arrivalMs: 0,
      bytes,
      from: 0,
      to: bytes.length,
      at: 0,
    }
    this.#countOverwrittenEntry(pending, 0)
  }

  /** Counts what a source refused at its door, in the books of every pipeline that it feeds. */
  countRejected(source: number, records: number, bytes: number, signal: Signal): void {
    for (const { ledger } of pipelinesOf(this.current, source, signal)) {
      ledger.in.add(records, bytes)
      ledger.outcomes.rejected.add(records, bytes)
    }
  }

  #countOverwrittenEntry(entry: PendingEntry, served: number): void {
    const { records, bytes } = this.decoders.count(entry)
    for (const { slot, ledger } of pipelinesOf(this.current, entry.source, this.decoders.signalOf(entry))) {
      if ((served & (1 << slot)) !== 0) continue
      ledger.in.add(records, bytes)
      ledger.outcomes.overwritten.add(records, bytes)
    }
  }

  /** Called at regular intervals. */
  look(elapsedMs: number): void {
    const plans = this.current.plan.pipelines
    const killMs = Math.min(...plans.map((plan) => plan.failOpen.killMs))
    const stallMs = Math.min(...plans.map((plan) => plan.failOpen.stallMs))
    for (const lane of this.lanes) {
      lane.look(elapsedMs, stallMs, killMs)
    }
    this.updateBreakers()
    this.taken()
  }

  updateBreakers(): void {
    const now = this.#clock.now()
    const wall = this.#clock.wall()
    let pressure = 0
    for (const lane of this.lanes) pressure = Math.max(pressure, lane.intake.pressure)
    let bypassing = false
    for (const pipeline of this.current.pipelines) {
      if (pipeline === undefined) continue
      const stalled = this.lanes.some((lane) => lane.silentMs >= pipeline.plan.failOpen.stallMs)
      if (pipeline.breaker.update(pressure, stalled, now, wall)) this.#changed(pipeline, pressure)
      bypassing ||= pipeline.breaker.state === 'bypass'
    }
    if (bypassing) for (const lane of this.lanes) this.#goAround(lane)
  }

  #changed(pipeline: PipelineRuntime, pressure: number): void {
    const { state } = pipeline.breaker
    this.#setMode(pipeline)
    // What comes from now on goes into segments that the stalled engine has not begun, so it can go around it.
    if (state === 'bypass') for (const lane of this.lanes) lane.intake.seal()
    const fields = { pipeline: pipeline.plan.id, state, pressure: Math.round(pressure * 100) / 100 }
    if (state === 'normal' || state === 'probing') this.#log.info(fields, `pipeline ${pipeline.plan.id} is ${state}`)
    else this.#log.warn(fields, `pipeline ${pipeline.plan.id} fails open: ${EXPLANATIONS[state]}`)
  }

  #setMode(pipeline: PipelineRuntime): void {
    for (const lane of this.lanes) lane.setMode(pipeline.slot, pipeline.breaker.requiredOnly)
  }

  /**
   * Sends what a stalled engine has not begun past it, for the pipelines in bypass. A segment that others still wait for
   * goes back to the engine, marked for whom it is done.
   */
  #goAround(lane: Lane): void {
    const stalled = this.current.pipelines.filter(
      (p) => p?.breaker.state === 'bypass' && lane.silentMs >= p.plan.failOpen.stallMs,
    )
    const bypassed = stalled.flatMap((pipeline) => pipeline ?? [])
    if (bypassed.length === 0) return
    const mask = bypassed.reduce((bits, { slot }) => bits | (1 << slot), 0)
    const everything = bypassed.length === this.current.plan.pipelines.length
    let ordinal = lane.intake.takeOldest(0, everything)
    while (ordinal !== -1) {
      const served = lane.intake.servedOf(ordinal)
      if (bypassed.some((pipeline) => pipeline.routes.some((route) => route.some((delivery) => delivery.blocked)))) {
        lane.intake.putBack(ordinal, served)
        return
      }
      for (let i = 0; i < lane.intake.entriesOf(ordinal); i++) {
        const entry = lane.intake.entryOf(ordinal, i)
        for (const pipeline of pipelinesOf(this.current, entry.source, this.decoders.signalOf(entry))) {
          const bit = 1 << pipeline.slot
          if ((mask & bit) !== 0 && (served & bit) === 0) {
            this.#bypass.send(entry, this.current.program.sources[entry.source]!, pipeline)
          }
        }
      }
      if (everything) {
        lane.intake.giveUp(ordinal)
        lane.safety.passed(ordinal, this.#deliveries)
      } else lane.intake.putBack(ordinal, served | mask)
      ordinal = lane.intake.takeOldest(ordinal + 1, everything)
    }
    for (const delivery of this.#deliveries) delivery.flush()
  }
}

const NO_BYTES = new Uint8Array(0)

const EXPLANATIONS = {
  pressed: 'only processors marked required run',
  bypass: 'records go to the outputs past the rules',
  hold: 'records wait, because a processor is required',
}
