/**
 * Sends the node's own metrics where the OpAMP server says, by OTLP over HTTP as JSON (OpAMP specification, "Own Telemetry
 * Reporting"; OTLP 1.x, section "OTLP/HTTP"). What cannot be sent is left out: the next one says the same and more.
 */
import type { Logger } from '#observe/log.ts'
import type { Clock, Timer } from '#std/clock.ts'
import type { OwnMetrics } from './settings-offers.ts'

/** As the specification suggests. */
export const OWN_METRICS_MS = 10_000
const TIMEOUT_MS = 5_000
const COMPLAIN_EVERY_MS = 600_000

export interface OwnMetricsOptions {
  /** An ExportMetricsServiceRequest, as OTLP has it in JSON. */
  collect(): object
  clock: Clock
  log: Logger
}

export class OwnMetricsSender {
  readonly #options: OwnMetricsOptions
  #settings: OwnMetrics | undefined
  #timer: Timer | undefined
  #complainedAt = Number.NEGATIVE_INFINITY

  constructor(options: OwnMetricsOptions) {
    this.#options = options
  }

  /** From now on there; an empty endpoint ends it. */
  use(settings: OwnMetrics): void {
    this.#timer?.cancel()
    this.#settings = settings.endpoint === '' ? undefined : settings
    this.#later()
  }

  stop(): void {
    this.#timer?.cancel()
    this.#settings = undefined
  }

  #later(): void {
    if (this.#settings === undefined) return
    this.#timer = this.#options.clock.after(OWN_METRICS_MS, () => {
      const settings = this.#settings
      if (settings === undefined) return
      void this.#send(settings).finally(() => {
        if (this.#settings === settings) this.#later()
      })
    })
  }

  async #send({ endpoint, headers, ca, cert, key }: OwnMetrics): Promise<void> {
    const { clock, log } = this.#options
    try {
      // Only who is told to needs it.
      const { Agent, request } = await import('undici')
      const dispatcher = new Agent({ connect: { ca, cert, key: key?.reveal() } })
      try {
        const { statusCode, body } = await request(endpoint, {
          method: 'POST',
          headers: {
            ...Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, value.reveal()])),
            'content-type': 'application/json',
          },
          body: JSON.stringify(this.#options.collect()),
          headersTimeout: TIMEOUT_MS,
          bodyTimeout: TIMEOUT_MS,
          dispatcher,
        })
        await body.dump()
        if (statusCode >= 300) throw new Error(`the endpoint answered with status ${statusCode}`)
      } finally {
        await dispatcher.destroy()
      }
    } catch (error) {
      if (clock.now() - this.#complainedAt < COMPLAIN_EVERY_MS) return
      this.#complainedAt = clock.now()
      const reason = error instanceof Error ? error.message : String(error)
      log.warn({ reason }, 'the metrics of this node cannot be sent where the opamp server wants them')
    }
  }
}
