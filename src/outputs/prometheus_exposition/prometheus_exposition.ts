/**
 * `prometheus_exposition` lets Prometheus, or whoever reads its formats, scrape the last value of each series.
 *
 * Taking a batch in always succeeds: what counts as delivered here is known to the next scrape.
 */
import { promisify } from 'node:util'
import { constants, gzip } from 'node:zlib'
import { z } from 'zod'
import type { Exchange, Mounted } from '#component/exchange.ts'
import { type Batch, defineOutput, type Output, type OutputContext, type SendResult } from '#component/output.ts'
import { ApiKeys, apiKeysOption, shownKey } from '#listeners/api-keys.ts'
import { SharedHttpListeners } from '#listeners/http-listeners.ts'
import { httpListenerOptions } from '#listeners/options.ts'
import { RETRY_AFTER } from '#listeners/problem.ts'
import type { Timer } from '#std/clock.ts'
import { seriesNames } from '../series-options.ts'
import { ExposedSeries } from './exposed-series.ts'
import { contentTypes, formatFor, render } from './render.ts'

const compress: (bytes: Uint8Array, options: { level: number }) => Promise<Uint8Array> = promisify(gzip)

/** Scrapes under way at once: each holds all text. */
const SCRAPES_MAX = 4
/** How soon it is tried again to listen, when the one before has not let go of the address yet. */
const LISTEN_AGAIN_MS = 500

/** Names outside of the plain ones need a syntax of their own, which the formats that are spoken here do not have. */
const { utf8_names: _, ...plainNames } = seriesNames

const config = z.strictObject({
  ...httpListenerOptions('0.0.0.0:9464'),
  ...apiKeysOption,
  path: z
    .string()
    .regex(/^\/[^?#\s]*$/, 'must begin with a slash and have no query')
    .default('/metrics')
    .describe('Path that is scraped.'),
  ...plainNames,
  timestamps: z
    .boolean()
    .default(false)
    .describe('Whether samples tell their time; without it, the scrape is their time.'),
  series_max: z
    .int()
    .min(1)
    .max(10_000_000)
    .default(1_000_000)
    .describe('Series that are kept; beyond it, the one that was not told of for longest is forgotten.'),
  expire_ms: z
    .int()
    .min(1)
    .max(0x7fff_ffff)
    .default(300_000)
    .describe('A series that was not told of for so long is not exposed any more.'),
})
type Options = z.output<typeof config>

export const prometheusExposition = defineOutput({
  name: 'prometheus_exposition',
  summary: 'Metrics that Prometheus scrapes.',
  shape: 'request',
  config,
  signals: ['metrics'],
  encoder: ({ add_suffixes, external_labels, resource_labels }) => ({
    name: 'exposition_series',
    options: {
      add_suffixes,
      utf8_names: false,
      external_labels,
      resource_labels,
      exponential: 'classic',
      histograms: 'classic',
      bounds: 'canonical',
    },
  }),
  concurrency: () => 1,
  batch: { maxRecords: 8_192, maxBytes: 4_000_000, maxWaitMs: 100 },
  create: (options, context) => new ExpositionOutput(options, context),
})

class ExpositionOutput implements Output {
  readonly #options: Options
  readonly #context: OutputContext
  readonly #series: ExposedSeries
  readonly #keys: ApiKeys
  #mounted: Mounted | undefined
  #again: Timer | undefined
  #isRunning = false
  #scrapes = 0

  constructor(options: Options, context: OutputContext) {
    this.#options = options
    this.#context = context
    this.#series = new ExposedSeries(options.series_max)
    this.#keys = new ApiKeys(options.api_keys, context.clock)
  }

  /** Where it is scraped; undefined while it does not listen. For tests. */
  get address(): string | undefined {
    return this.#mounted?.address()
  }

  async start(): Promise<void> {
    this.#isRunning = true
    await this.#listen()
  }

  async stop(): Promise<void> {
    this.#isRunning = false
    this.#again?.cancel()
    const mounted = this.#mounted
    this.#mounted = undefined
    await mounted?.unmount()
  }

  async send(batch: Batch, signal: AbortSignal): Promise<SendResult> {
    if (!this.#isRunning) return { ...unsent, code: 'stopped', message: 'the output is not running' }
    if (signal.aborted) return { ...unsent, code: 'aborted', message: 'stopped before taking it' }
    const refused = this.#series.take(batch, this.#context.clock.now())
    this.#expire()
    const first = refused[0]
    if (first === undefined) return { ok: true }
    return { ok: 'partly', retry: [], refused, code: first.code, message: first.message }
  }

  /** An output that takes this one's place starts before this one stops, so the address may be in use for a while. */
  async #listen(): Promise<void> {
    const { clock, log, id } = this.#context
    try {
      const mounted = await new SharedHttpListeners(clock, log).mount({
        source: { id, reject: () => undefined, gauge: () => undefined },
        options: this.#options,
        routes: [{ method: 'GET', path: this.#options.path, handle: (exchange) => this.#scrape(exchange) }],
      })
      if (this.#isRunning) this.#mounted = mounted
      else await mounted.unmount()
    } catch (error) {
      if (!this.#isRunning) return
      log.warn({ output: id, error: String(error) }, 'cannot listen yet: it is tried again')
      this.#again = clock.after(LISTEN_AGAIN_MS, () => void this.#listen())
    }
  }

  #expire(): void {
    this.#series.expire(this.#context.clock.now() - this.#options.expire_ms)
  }

  async #scrape(exchange: Exchange): Promise<void> {
    const admission = this.#keys.admit(shownKey(exchange.headers))
    if (admission.kind === 'unknown') {
      exchange.refuse(401, 'A known API key must be shown.', { 'www-authenticate': 'Bearer' })
      return
    }
    if (admission.kind === 'over_limit' || this.#scrapes === SCRAPES_MAX) {
      exchange.refuse(503, 'Too many scrapes at once.', RETRY_AFTER)
      return
    }
    this.#scrapes++
    try {
      this.#expire()
      const format = formatFor(exchange.headers.accept)
      const text = await render(this.#series, format, this.#options.timestamps)
      const headers = { 'content-type': contentTypes[format], vary: 'Accept, Accept-Encoding' }
      if (/\bgzip\b/.test(exchange.headers['accept-encoding'] ?? '')) {
        const zipped = await compress(text, { level: constants.Z_BEST_SPEED })
        exchange.answer(200, { ...headers, 'content-encoding': 'gzip' }, zipped)
      } else exchange.answer(200, headers, text)
    } finally {
      this.#scrapes--
    }
  }
}

const unsent = { ok: false, retryable: true } as const
