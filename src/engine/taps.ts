/** Taps on the wire's side: who watches what, and what they are sent. A slow watcher loses records, and is told how many. */
import { compileMatcher, conditionSchema } from '#component/matcher.ts'
import type { NodePlan } from '#component/plan.ts'
import { StreamgateError } from '#contract/error.ts'
import type { ObservedRecord, TapBatch, TapSelection } from '#contract/observation.ts'
import type { Logger } from '#observe/log.ts'
import type { Clock, Timer } from '#std/clock.ts'
import type { Lane } from './lane.ts'
import type { TapReport, Watch } from './messages.ts'
import { lengthOf } from './portrait.ts'

export const TAPS_MAX = 16
/** How often a watcher is sent what there is. */
export const TAP_FLUSH_MS = 250
/** Characters of records that wait for one watcher. */
export const TAP_WAITING_LENGTH_MAX = 1024 * 1024

/** Takes one batch. Nothing more comes until what it returns has resolved. One that throws gets no more. */
export type TapSink = (batch: TapBatch) => void | Promise<void>

interface Tap {
  watch: Watch
  sink: TapSink
  waiting: ObservedRecord[]
  length: number
  skipped: number
  busy: boolean
  /** How many records may be shown now, over all engines. */
  allowed: number
  filledAt: number
}

export class Taps {
  readonly #clock: Clock
  readonly #log: Logger
  readonly #lanes: readonly Lane[]
  readonly #taps = new Map<number, Tap>()
  #nextId = 1
  #timer: Timer | undefined

  constructor(lanes: readonly Lane[], clock: Clock, log: Logger) {
    this.#lanes = lanes
    this.#clock = clock
    this.#log = log
  }

  /** Returns what ends it. Throws `StreamgateError` when nothing can be selected that way. */
  open(selection: TapSelection, sink: TapSink, plan: NodePlan): () => void {
    if (this.#taps.size >= TAPS_MAX) {
      throw new StreamgateError('SG_TAP', `${TAPS_MAX} taps are open already; end one of them first`)
    }
    const watch = watchOf(this.#nextId, selection, plan)
    this.#nextId++
    this.#taps.set(watch.id, {
      watch,
      sink,
      waiting: [],
      length: 0,
      skipped: 0,
      busy: false,
      allowed: watch.perSecondMax,
      filledAt: this.#clock.now(),
    })
    for (const lane of this.#lanes) lane.watch(watch)
    this.#timer ??= this.#clock.after(TAP_FLUSH_MS, () => this.#flush())
    return () => this.#close(watch.id)
  }

  take(reports: readonly TapReport[]): void {
    for (const { tap: id, records, skipped } of reports) {
      const tap = this.#taps.get(id)
      if (tap === undefined) continue
      tap.skipped += skipped
      this.#refill(tap)
      for (const record of records) add(tap, record)
    }
  }

  stop(): void {
    for (const id of [...this.#taps.keys()]) this.#close(id)
  }

  #close(id: number): void {
    if (!this.#taps.delete(id)) return
    for (const lane of this.#lanes) lane.unwatch(id)
    if (this.#taps.size > 0) return
    this.#timer?.cancel()
    this.#timer = undefined
  }

  #flush(): void {
    this.#timer = this.#clock.after(TAP_FLUSH_MS, () => this.#flush())
    for (const tap of this.#taps.values()) {
      if (!tap.busy && (tap.waiting.length > 0 || tap.skipped > 0)) void this.#send(tap)
    }
  }

  async #send(tap: Tap): Promise<void> {
    const batch = { records: tap.waiting, skipped: tap.skipped }
    tap.waiting = []
    tap.length = 0
    tap.skipped = 0
    tap.busy = true
    try {
      await tap.sink(batch)
    } catch (error) {
      this.#log.warn({ reason: String(error) }, 'a tap ends: who watches does not take what it is sent')
      this.#close(tap.watch.id)
    }
    tap.busy = false
  }

  #refill(tap: Tap): void {
    const now = this.#clock.now()
    const { perSecondMax } = tap.watch
    tap.allowed = Math.min(perSecondMax, tap.allowed + ((now - tap.filledAt) / 1000) * perSecondMax)
    tap.filledAt = now
  }
}

function add(tap: Tap, record: ObservedRecord): void {
  const length = lengthOf(record.before) + (record.after === null ? 0 : lengthOf(record.after))
  const isFull = tap.waiting.length >= tap.watch.perSecondMax || tap.length + length > TAP_WAITING_LENGTH_MAX
  if (tap.allowed < 1 || isFull) {
    tap.skipped++
    return
  }
  tap.allowed--
  tap.length += length
  tap.waiting.push(record)
}

function watchOf(id: number, selection: TapSelection, { pipelines }: NodePlan): Watch {
  const { pipeline, rule, when, fate, raw, per_second_max: perSecondMax } = selection
  const chosen = pipelines.filter((plan) => pipeline === undefined || plan.id === pipeline)
  if (chosen.length === 0)
    throw new StreamgateError('SG_TAP', `there is no pipeline "${pipeline}"`, { path: 'pipeline' })
  if (rule !== undefined && !chosen.some(({ processors }) => processors.some((processor) => processor.id === rule))) {
    throw new StreamgateError('SG_TAP', `there is no rule "${rule}"`, { path: 'rule' })
  }
  return { id, pipeline, rule, when: when == null ? undefined : conditionOf(when), fate, raw, perSecondMax }
}

function conditionOf(when: unknown): NonNullable<Watch['when']> {
  const condition = conditionSchema.safeParse(when)
  if (!condition.success) {
    const [issue] = condition.error.issues
    const path = ['when', ...(issue?.path ?? [])].join('/')
    throw new StreamgateError('SG_CONFIG_INVALID', issue?.message ?? 'not a condition', { path })
  }
  compileMatcher(condition.data, 'when')
  return condition.data
}
