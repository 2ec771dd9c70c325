/**
 * Where gateways' books arrive. They wait here for a second at most and go to the store together: few, short
 * transactions, whatever the number of gateways. What a newer message of the same gateway says too is not written
 * twice.
 */
import type { SampleWindow } from '#contract/observation.ts'
import type { NodeStats } from '#contract/stats.ts'
import type { Timer } from '#std/clock.ts'
import type { ControlContext } from '../context.ts'
import { thin } from './estimates.ts'
import { type Arrival, SeriesWriter } from './ingest.ts'
import { LiveStats } from './live.ts'

const WRITE_EVERY_MS = 1000
/** What services weigh is gathered for longer: many gateways say the same of the same ones. */
const WEIGHTS_EVERY_MS = 10_000
/** Gateways in one transaction: between two, the thread does other things. */
const GATEWAYS_AT_ONCE = 10
/** More runs of gateways do not wait; the books of the next ten seconds say the same and more. */
export const WAITING_MAX = 20_000
/** Gateways whose samples wait for their next books, and records that are kept of each window. */
const SAMPLED_MAX = 256
const SAMPLES_KEPT_MAX = 100
/** While the store fails, it is said once in this time. */
const COMPLAIN_EVERY_MS = 60_000

export class StatsInbox {
  readonly live: LiveStats
  readonly #context: Pick<ControlContext, 'db' | 'dialect' | 'clock' | 'log'>
  readonly #writer: SeriesWriter
  /** By run of a gateway, in order of arrival. */
  readonly #waiting = new Map<string, Arrival>()
  /** By gateway. */
  readonly #samples = new Map<string, readonly SampleWindow[]>()
  #timer: Timer | undefined
  #writing: Promise<void> | undefined
  #weightsAt: number
  #closed = false
  #complainedAt = Number.NEGATIVE_INFINITY

  constructor(context: Pick<ControlContext, 'db' | 'dialect' | 'clock' | 'log'>) {
    this.#context = context
    this.#writer = new SeriesWriter(context)
    this.live = new LiveStats(context.clock)
    this.#weightsAt = context.clock.now() + WEIGHTS_EVERY_MS
  }

  /** Samples that came by themselves: they go with the next books of the gateway. */
  sampled(org: string, gateway: string, windows: readonly SampleWindow[]): void {
    const key = [org, gateway].join('\0')
    this.#samples.delete(key)
    this.#samples.set(
      key,
      windows.map((window) => ({ ...window, records: [...thin(window.records, SAMPLES_KEPT_MAX)] })),
    )
    if (this.#samples.size > SAMPLED_MAX) this.#samples.delete(this.#samples.keys().next().value!)
  }

  /** Never throws and never waits. `org` comes from the gateway's credential. */
  offer(
    org: string,
    gateway: string,
    configuration: string,
    stats: NodeStats,
    windows: readonly SampleWindow[] = this.#samples.get([org, gateway].join('\0')) ?? [],
  ): void {
    if (this.#closed || !Number.isSafeInteger(stats.started_at)) return
    this.live.take(org, gateway, configuration, stats)
    const key = [org, gateway, stats.started_at].join('\0')
    const before = this.#waiting.get(key)
    if (before === undefined && this.#waiting.size >= WAITING_MAX) return
    // A late one that comes behind a newer one must not take its place.
    if (before !== undefined && before.configuration === configuration && isOlder(stats, before.stats)) return
    this.#samples.delete([org, gateway].join('\0'))
    const seen = windows.length > 0 ? windows : (before?.windows ?? [])
    this.#waiting.set(key, { org, gateway, configuration, stats, windows: seen, at: this.#context.clock.wall() })
    this.#schedule()
  }

  /** Resolves when what has been offered is in the store, or the store has failed. */
  async flush(): Promise<void> {
    while (this.#writing !== undefined) await this.#writing
    if (this.#waiting.size === 0) return
    this.#writing = this.#write().finally(() => {
      this.#writing = undefined
      if (this.#waiting.size > 0) this.#schedule()
    })
    await this.#writing
  }

  /** Writes what waits. What is offered afterwards is not taken. */
  async close(): Promise<void> {
    this.#closed = true
    await this.flush()
    this.#timer?.cancel()
    await this.#writer.writeWeights().catch((error: unknown) => this.#complain(error))
  }

  #schedule(): void {
    if (this.#closed) return
    this.#timer ??= this.#context.clock.after(WRITE_EVERY_MS, () => {
      this.#timer = undefined
      void this.flush()
    })
  }

  /** What fails waits for the next time. */
  async #write(): Promise<void> {
    const entries = [...this.#waiting]
    for (let i = 0; i < entries.length; i += GATEWAYS_AT_ONCE) {
      const some = entries.slice(i, i + GATEWAYS_AT_ONCE)
      try {
        await this.#writer.write(some.map(([, arrival]) => arrival))
      } catch (error) {
        this.#complain(error)
        return
      }
      for (const [key, arrival] of some) if (this.#waiting.get(key) === arrival) this.#waiting.delete(key)
      await new Promise((resolve) => setImmediate(resolve))
    }
    const now = this.#context.clock.now()
    if (now < this.#weightsAt) return
    this.#weightsAt = now + WEIGHTS_EVERY_MS
    await this.#writer.writeWeights().catch((error: unknown) => this.#complain(error))
  }

  #complain(error: unknown): void {
    const { clock, log } = this.#context
    if (clock.now() - this.#complainedAt < COMPLAIN_EVERY_MS) return
    this.#complainedAt = clock.now()
    log.error({ error: String(error), waiting: this.#waiting.size }, 'the store does not take the series; trying again')
  }
}

/** By reloads, then by what pipelines took in: the store decides exactly, this only keeps the better of two. */
function isOlder(stats: NodeStats, than: NodeStats): boolean {
  if (stats.config.reloads !== than.config.reloads) return stats.config.reloads < than.config.reloads
  return takenIn(stats) < takenIn(than)
}

function takenIn({ pipelines, outputs }: NodeStats): number {
  let sum = 0
  for (const { in: taken, in_flight } of pipelines) sum += taken.records - in_flight.records
  for (const { forwarded, delivered } of outputs) sum += forwarded.records + delivered.records
  return sum
}
