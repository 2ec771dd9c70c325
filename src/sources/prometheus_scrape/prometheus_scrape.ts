/**
 * `prometheus_scrape` asks exporters for their metrics, as Prometheus does: on a schedule of each target's own, with
 * `up`, staleness and the labels
 * of the target.
 */
import { z } from 'zod'
import { Secret } from '#component/secret.ts'
import { defineSource, type Source, type SourceContext } from '#component/source.ts'
import { roomIn } from '#listeners/acceptance.ts'
import type { Timer } from '#std/clock.ts'
import { hash32 } from '#std/hash.ts'
import { Fetcher } from './fetch.ts'
import { type Records, ScrapedTarget } from './scrape.ts'
import { type Target, type TargetDefaults, TargetFile, targetOf } from './targets.ts'

const milliseconds = z.int().min(1).max(0x7fff_ffff)
const secret = z
  .string()
  .regex(/^[\x20-\x7e]+$/, { error: 'has a character that it cannot have', abort: true })
  .transform((value) => new Secret(value))
const labelName = z
  .string()
  .regex(/^[a-zA-Z_][a-zA-Z0-9_]*$/, 'is not a label name: letters, digits and underscores, no digit first')
const file = z.string().min(1)

const PLAIN: TargetDefaults = { job: '', scheme: 'http', path: '/', params: {} }

const config = z
  .strictObject({
    job: z.string().min(1).default('streamgate').describe('Label `job` of all series, where a target has no other.'),
    targets: z
      .array(
        z
          .string()
          .refine((address) => targetOf(address, {}, PLAIN) !== undefined, 'must be host:port or a URL without user'),
      )
      .max(10_000)
      .default([])
      .describe('Exporters, as host:port or as a URL.'),
    labels: z.record(labelName, z.string()).default({}).describe('Labels of all series of `targets`.'),
    file_sd: z
      .array(file)
      .max(100)
      .default([])
      .describe('Files with further targets, JSON or YAML, as Prometheus reads them.'),
    file_sd_refresh_ms: milliseconds.default(30_000).describe('How often those files are looked at.'),
    targets_max: z
      .int()
      .min(1)
      .max(100_000)
      .default(1_000)
      .describe('Targets that are scraped; further ones are left out.'),
    scheme: z.enum(['http', 'https']).default('http').describe('Scheme of targets without one.'),
    path: z.string().startsWith('/').default('/metrics').describe('Path of targets without one.'),
    params: z.record(z.string(), z.string()).default({}).describe('Parameters of the query.'),
    scrape_interval_ms: milliseconds.min(100).default(15_000).describe('How often each target is scraped.'),
    timeout_ms: milliseconds.default(10_000).describe('How long a scrape may take.'),
    user: z.string().min(1).optional().describe('User for basic authorization.'),
    password: secret.optional().describe('Password for basic authorization.'),
    bearer_token: secret.optional().describe('Token for bearer authorization, instead of user and password.'),
    tls: z
      .strictObject({
        ca_file: file.optional(),
        cert_file: file.optional(),
        key_file: file.optional(),
        server_name: z.string().min(1).optional(),
        verify: z.boolean().default(true),
      })
      .optional()
      .describe('For https: authorities, client certificate, name of the server, and whether it is verified.'),
    honor_labels: z.boolean().default(false).describe('Whether labels of the exporter win over those of the target.'),
    honor_timestamps: z.boolean().default(true).describe('Whether samples keep the time that the exporter tells.'),
    sample_limit: z
      .int()
      .min(1)
      .max(10_000_000)
      .default(100_000)
      .describe('Samples of one scrape; with more it counts as failed.'),
    body_bytes_max: z
      .int()
      .min(1)
      .max(1024 * 1024 * 1024)
      .default(64 * 1024 * 1024)
      .describe('Largest answer, decompressed; a larger one counts as failed.'),
  })
  .refine(({ timeout_ms: timeout, scrape_interval_ms: interval }) => timeout <= interval, {
    error: 'must not be above scrape_interval_ms',
    path: ['timeout_ms'],
  })
  .refine(({ user, password }) => (user === undefined) === (password === undefined), {
    error: 'user and password go together',
    path: ['user'],
  })
type Options = z.output<typeof config>

export const prometheusScrape = defineSource({
  name: 'prometheus_scrape',
  summary: 'Metrics that exporters expose for Prometheus.',
  config,
  signals: ['metrics'],
  create: (options, context) => new ScrapeSource(options, context),
})

/** A target that is being scraped. */
interface Running {
  key: string
  origin: number
  scraped: ScrapedTarget
  timer: Timer | undefined
  /** Whether the last scrape failed, so that only changes are logged. */
  isDown: boolean
  isEnded: boolean
  /** The scrape under way. */
  scrape: Promise<void>
}

class ScrapeSource implements Source {
  readonly #options: Options
  readonly #context: SourceContext
  readonly #defaults: TargetDefaults
  readonly #fetcher: Fetcher
  readonly #files: TargetFile[]
  readonly #running = new Map<string, Running>()
  readonly #stopping = new AbortController()
  #refresh: Timer | undefined

  constructor(options: Options, context: SourceContext) {
    this.#options = options
    this.#context = context
    this.#defaults = options
    this.#files = options.file_sd.map((path) => new TargetFile(path))
    this.#fetcher = new Fetcher({
      timeoutMs: options.timeout_ms,
      bodyBytesMax: options.body_bytes_max,
      user: options.user,
      password: options.password,
      bearerToken: options.bearer_token,
      tls: options.tls,
    })
  }

  async start(): Promise<void> {
    await this.#fetcher.start()
    await this.#look()
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    this.#refresh?.cancel()
    for (const running of this.#running.values()) running.timer?.cancel()
    await Promise.all([...this.#running.values()].map(({ scrape }) => scrape))
    await this.#fetcher.stop()
  }

  address(): string {
    return `prometheus_scrape://${this.#options.job}`
  }

  /** Finds out what is to be scraped, now and then. */
  async #look(): Promise<void> {
    for (const each of this.#files) {
      try {
        await each.read(this.#defaults)
      } catch (error) {
        this.#context.log.warn(
          { file: each.path, error: String(error) },
          'targets cannot be read; those from before stay',
        )
      }
    }
    if (this.#stopping.signal.aborted) return
    this.#apply()
    if (this.#files.length === 0) return
    this.#refresh = this.#context.clock.after(this.#options.file_sd_refresh_ms, () => void this.#look())
  }

  #apply(): void {
    const { targets, labels, targets_max: targetsMax } = this.#options
    const all = [
      ...targets.flatMap((address) => targetOf(address, labels, this.#defaults) ?? []),
      ...this.#files.flatMap((each) => each.targets),
    ]
    const wanted = new Map<string, Target>()
    for (const target of all) {
      if (wanted.size === targetsMax) break
      wanted.set(JSON.stringify([target.url, Object.entries(target.labels).sort()]), target)
    }
    if (all.length > targetsMax)
      this.#context.log.warn({ targets: all.length }, `only ${targetsMax} targets are scraped`)
    for (const [key, running] of this.#running) if (!wanted.has(key)) this.#end(running)
    for (const [key, target] of wanted) if (!this.#running.has(key)) this.#begin(key, target)
    this.#context.gauge('connections', this.#running.size)
  }

  /**
   * Starts are spread over the interval by what a target is called, so that they stay where they are through restarts.
   */
  #begin(key: string, target: Target): void {
    const { scrape_interval_ms: interval, honor_labels, honor_timestamps, sample_limit } = this.#options
    const bytes = Buffer.from(key)
    const hash = hash32(bytes, 0, bytes.length)
    const options = { honorLabels: honor_labels, honorTimestamps: honor_timestamps, sampleLimit: sample_limit }
    const scraped = new ScrapedTarget(target, options)
    const running: Running = {
      key,
      origin: hash | 0,
      scraped,
      timer: undefined,
      isDown: false,
      isEnded: false,
      scrape: Promise.resolve(),
    }
    this.#running.set(key, running)
    const { clock } = this.#context
    const wait = ((hash % interval) - (clock.wall() % interval) + interval) % interval
    this.#schedule(running, clock.now() + wait)
  }

  #schedule(running: Running, at: number): void {
    const { clock } = this.#context
    running.timer = clock.after(Math.max(0, at - clock.now()), () => {
      running.scrape = this.#scrape(running).then(() => {
        if (running.isEnded || this.#stopping.signal.aborted) return
        const { scrape_interval_ms: interval } = this.#options
        // What took too long leaves out turns, and does not push them.
        const turns = Math.max(1, Math.ceil((clock.now() - at) / interval))
        this.#schedule(running, at + turns * interval)
      })
    })
  }

  async #scrape(running: Running): Promise<void> {
    const { clock, intake, log } = this.#context
    const timeMs = Math.floor(clock.wall())
    const start = clock.now()
    const { target } = running.scraped
    const fetched = await this.#fetcher.fetch(target.url, this.#stopping.signal)
    if (this.#stopping.signal.aborted || running.isEnded) return
    const seconds = (clock.now() - start) / 1000
    const { records, problem } = running.scraped.take(fetched, timeMs, seconds, intake.entryBytesMax)
    if (problem !== undefined) {
      if (fetched.ok) this.#context.reject('malformed', 1, fetched.body.length)
      if (!running.isDown) log.warn({ instance: target.labels['instance'], problem }, 'a target cannot be scraped')
    } else if (running.isDown) log.info({ instance: target.labels['instance'] }, 'a target can be scraped again')
    running.isDown = problem !== undefined
    await this.#put(running.origin, records)
  }

  #end(running: Running): void {
    running.isEnded = true
    running.timer?.cancel()
    this.#running.delete(running.key)
    const { clock, intake } = this.#context
    void this.#put(running.origin, running.scraped.end(Math.floor(clock.wall()), intake.entryBytesMax))
  }

  /** Waits for room: the next scrape comes when this one is in. */
  async #put(origin: number, { bytes, cuts }: Records): Promise<void> {
    const { intake } = this.#context
    let from = 0
    for (const to of cuts) {
      while (!intake.put({ origin, framing: 'metric_records' }, null, bytes, from, to)) {
        await Promise.race([roomIn(intake), aborted(this.#stopping.signal)])
        if (this.#stopping.signal.aborted) return
      }
      from = to
    }
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
