/**
 * What nodes tell about themselves beside the protocol's own reports: statistics, samples of records, taps. Everything is
 * checked and bounded; who listens slowly loses what it cannot take, and no node waits for it.
 */
import type { CustomMessage } from '#codecs/opamp/messages.ts'
import { customTypes, NODE_CAPABILITY, samplesAnswer, tapMessage } from '#contract/fleet.ts'
import type { SampleWindow, TapBatch, TapSelection } from '#contract/observation.ts'
import { type NodeStats, nodeStats } from '#contract/stats.ts'
import type { Timer } from '#std/clock.ts'
import { uuidv7 } from '#std/uuid.ts'
import type { ControlContext } from '../context.ts'
import { parsedCustom, sendCustom, speaksOurs } from './custom.ts'
import type { KeptQuestions } from './kept-questions.ts'
import type { LiveGateway } from './live.ts'
import { followed } from './states.ts'

/** Gateways of a configuration do much the same: some of them say enough. */
export const SAMPLED_GATEWAYS_MAX = 16
export const TAPPED_GATEWAYS_MAX = 16
export const TAPS_MAX = 64

export interface StatsOfGateway {
  org: string
  /** Its uid. */
  gateway: string
  configuration: string
  stats: NodeStats
}

export interface Samples {
  asked: number
  answered: number
  samples: { gateway: string; answered_at: number; windows: SampleWindow[] }[]
}

export interface TapFilter {
  configuration?: string
  /** Uids. */
  gateways?: readonly string[]
}

/** Called for each batch of each gateway. Must not throw. */
export type TapSink = (batch: TapBatch & { ended?: string | undefined }, gateway: string) => void

interface Tap {
  org: string
  filter: TapFilter
  selection: TapSelection
  sink: TapSink
  /** Uids of those that were told to start. */
  started: Set<string>
}

interface Request {
  org: string
  waiting: Set<string>
  samples: Samples
  done(): void
}

export class Observers {
  readonly #context: Pick<ControlContext, 'clock' | 'log'>
  readonly #live: () => Iterable<LiveGateway>
  readonly #kept: Pick<KeptQuestions, 'heard'>
  readonly #listeners = new Set<(stats: StatsOfGateway) => void>()
  readonly #requests = new Map<string, Request>()
  readonly #taps = new Map<string, Tap>()
  readonly #timers = new Set<Timer>()

  constructor(
    context: Pick<ControlContext, 'clock' | 'log'>,
    live: () => Iterable<LiveGateway>,
    kept: Pick<KeptQuestions, 'heard'>,
  ) {
    this.#context = context
    this.#live = live
    this.#kept = kept
  }

  /** Returns how to stop listening. */
  onStats(listener: (stats: StatsOfGateway) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  /**
   * Asks up to `SAMPLED_GATEWAYS_MAX` of the gateways that are connected here, and waits for their answers, so long at most. All of
   * them count as asked: for who is beyond the bound, nobody has answered.
   */
  requestSamples(org: string, configuration: string, timeoutMs: number, since?: number): Promise<Samples> {
    const id = uuidv7(this.#context.clock.wall())
    const connected = this.#fitting(org, { configuration })
    const asked = connected.slice(0, SAMPLED_GATEWAYS_MAX)
    const samples: Samples = { asked: connected.length, answered: 0, samples: [] }
    if (asked.length === 0) return Promise.resolve(samples)
    return new Promise((resolve) => {
      const timer = this.#context.clock.after(timeoutMs, () => done())
      this.#timers.add(timer)
      const done = () => {
        timer.cancel()
        this.#timers.delete(timer)
        this.#requests.delete(id)
        resolve(samples)
      }
      this.#requests.set(id, { org, waiting: new Set(asked.map(({ gateway }) => gateway.uid)), samples, done })
      for (const live of asked) sendCustom(live, customTypes.samples, { request: id, since })
    })
  }

  /** Shows records of up to `TAPPED_GATEWAYS_MAX` gateways, also of those that connect later. Undefined: there are too many taps. */
  tap(org: string, filter: TapFilter, selection: TapSelection, sink: TapSink): (() => void) | undefined {
    if (this.#taps.size >= TAPS_MAX) return undefined
    const id = uuidv7(this.#context.clock.wall())
    const tap: Tap = { org, filter, selection, sink, started: new Set() }
    this.#taps.set(id, tap)
    for (const live of this.#fitting(org, filter)) this.#start(id, tap, live)
    return () => {
      if (!this.#taps.delete(id)) return
      for (const live of this.#live())
        if (live.gateway.org === org && tap.started.has(live.gateway.uid))
          sendCustom(live, customTypes.tapStop, { tap: id })
    }
  }

  /** A gateway has said what custom messages it takes, as it does when it connects: its taps begin again. */
  joined(live: LiveGateway): void {
    for (const [id, tap] of this.#taps) {
      if (live.gateway.org !== tap.org || !fits(live, tap.filter)) continue
      tap.started.delete(live.gateway.uid)
      this.#start(id, tap, live)
    }
  }

  heard(live: LiveGateway, { capability, type, data }: CustomMessage): void {
    if (capability !== NODE_CAPABILITY) return
    const value = parsedCustom(data)
    let isUnderstood = true
    if (type === customTypes.stats && this.#listeners.size > 0) isUnderstood = this.#heardStats(live, value)
    else if (type === customTypes.samples) isUnderstood = this.#heardSamples(live, value)
    else if (type === customTypes.tap) isUnderstood = this.#heardTap(live, value)
    else if (type === customTypes.kept) isUnderstood = this.#kept.heard(live, value)
    if (!isUnderstood)
      this.#context.log.debug({ gateway: live.gateway.uid, type }, 'a custom message was not understood')
  }

  close(): void {
    for (const { done } of [...this.#requests.values()]) done()
    this.#taps.clear()
  }

  #start(id: string, tap: Tap, live: LiveGateway): void {
    if (tap.started.size >= TAPPED_GATEWAYS_MAX) return
    tap.started.add(live.gateway.uid)
    sendCustom(live, customTypes.tapStart, { tap: id, selection: tap.selection })
  }

  #fitting(org: string, filter: TapFilter): LiveGateway[] {
    return [...this.#live()].filter((live) => live.gateway.org === org && fits(live, filter))
  }

  #heardStats({ gateway }: LiveGateway, value: unknown): boolean {
    const stats = nodeStats.safeParse(value)
    if (!stats.success) return false
    const told = { org: gateway.org, gateway: gateway.uid, configuration: followed(gateway), stats: stats.data }
    for (const listener of this.#listeners) listener(told)
    return true
  }

  #heardSamples({ gateway: { org, uid } }: LiveGateway, value: unknown): boolean {
    const answer = samplesAnswer.safeParse(value)
    if (!answer.success) return false
    const request = this.#requests.get(answer.data.request)
    if (request?.org !== org || !request.waiting.delete(uid)) return true
    request.samples.answered++
    const { windows } = answer.data
    request.samples.samples.push({ gateway: uid, answered_at: this.#context.clock.wall(), windows })
    if (request.waiting.size === 0) request.done()
    return true
  }

  #heardTap(live: LiveGateway, value: unknown): boolean {
    const batch = tapMessage.safeParse(value)
    if (!batch.success) return false
    const { org, uid } = live.gateway
    const { tap: id, ...shown } = batch.data
    const tap = this.#taps.get(id)
    if (tap?.org === org && tap.started.has(uid)) tap.sink(shown, uid)
    // It has not heard that nobody watches any more.
    else sendCustom(live, customTypes.tapStop, { tap: id })
    return true
  }
}

/** Over plain HTTP an answer would take as long as the agent takes to ask. */
function fits(live: LiveGateway, { configuration, gateways }: TapFilter): boolean {
  const { gateway } = live
  if (live.connection === undefined || !speaksOurs(live)) return false
  if (configuration !== undefined && followed(gateway) !== configuration) return false
  return gateways === undefined || gateways.includes(gateway.uid)
}
