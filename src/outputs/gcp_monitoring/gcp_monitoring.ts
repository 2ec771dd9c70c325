/**
 * `gcp_monitoring` sends metrics to Google Cloud Monitoring (`POST /v3/projects/PROJECT/timeSeries`). Metric
 * descriptors come into being there with the first point of a metric.
 *
 * A request has one point of a series, and between two points of a series lie five seconds at least: of several in a
 * batch the last one counts, into which sums have been added up, and what comes too soon waits.
 */
import { z } from 'zod'
import { GcpShape } from '#codecs/gcp_series/encoder.ts'
import { Envelope, refusals, Task } from '#codecs/metric/envelope.ts'
import {
  type Batch,
  defineOutput,
  type Failed,
  type Output,
  type OutputContext,
  type Refusal,
  type SendResult,
} from '#component/output.ts'
import { Secret } from '#component/secret.ts'
import { fromText, utf8 } from '#std/bytes.ts'
import type { UpstreamResult } from '#upstreams/upstream.ts'
import { Endpoint, endpointOptions, endpointUrl, gzip } from '../endpoint.ts'
import { type AccessToken, GcpTokens, isServiceAccount } from '../gcp-tokens.ts'
import { RunningSums, seriesMaxOption } from '../running-sums.ts'
import { notRunning } from '../socket-writer.ts'
import { unwrittenIn } from './answers.ts'

/** Documented limits. */
const SERIES_PER_REQUEST = 200
const BETWEEN_POINTS_MS = 5_000
const SCOPE = 'https://www.googleapis.com/auth/monitoring.write'
const UNAUTHORIZED = 401

// A series' points must come in order: one request after the other.
const { concurrency: _, ...endpoint } = endpointOptions
const labels = z.record(z.string().min(1).max(100), z.string().max(1024))

const config = z.strictObject({
  project: z
    .string()
    .regex(/^[a-z0-9.:-]{1,64}$/, 'must be the id of a project')
    .describe('Project that the metrics are written to.'),
  prefix: z
    .string()
    .regex(/^[a-z]+\.googleapis\.com\/([A-Za-z0-9_./]*\/)?$/, 'must end with a slash, such as custom.googleapis.com/')
    .max(100)
    .default('custom.googleapis.com/')
    .describe("What stands before each metric's name."),
  resource: z
    .strictObject({ type: z.string().min(1).max(256), labels: labels.default({}) })
    .optional()
    .describe('Monitored resource that the metrics are of; by default `global`.'),
  credentials: z
    .string()
    .refine(isServiceAccount, { error: 'is not the key of a service account (JSON)', abort: true })
    .transform((key) => new Secret(key))
    .optional()
    .describe('Key of a service account, as JSON; best as a reference to the environment or a file.'),
  credentials_file: z.string().min(1).optional().describe('File with the key of a service account.'),
  url: endpointUrl.default('https://monitoring.googleapis.com').describe('Address to send to: a proxy, a test.'),
  compression: z.enum(['none', 'gzip']).default('gzip').describe('How the body is compressed.'),
  ...seriesMaxOption,
  ...endpoint,
})
type Options = z.output<typeof config>

export const gcpMonitoring = defineOutput({
  name: 'gcp_monitoring',
  summary: 'Sends metrics to Google Cloud Monitoring.',
  shape: 'request',
  config,
  signals: ['metrics'],
  encoder: ({ prefix }) => ({ name: 'gcp_series', options: { prefix } }),
  batch: { maxRecords: SERIES_PER_REQUEST, maxBytes: 1_000_000, maxWaitMs: 5_000 },
  limits: () => ({ records: SERIES_PER_REQUEST }),
  create: (options, context) => new GcpMonitoringOutput(options, context),
})

/** A series in a request: the records that it stands for, and what all but its interval is made of. */
interface Series {
  records: number[]
  /** Of the last point. */
  timeMs: number
  startMs: number
  isCumulative: boolean
  /** `"valueType":…`, and the point's value. */
  type: string
  value: string
  /** With which it goes: later than `timeMs` where the point comes soon after the one before. */
  endMs: number
}

/** The last point of a series that was written: its own time, and that with which it went. */
interface Written {
  timeMs: number
  endMs: number
}

class GcpMonitoringOutput implements Output {
  readonly #options: Options
  readonly #context: OutputContext
  readonly #endpoint: Endpoint
  readonly #tokens: GcpTokens
  readonly #deltas: RunningSums
  readonly #totals: RunningSums
  readonly #resource: string
  readonly #headers: Record<string, string>
  /** By key; the first has not come for longest. */
  readonly #written = new Map<string, Written>()
  /** End of a point that may have been written, by key: the answer was lost. */
  readonly #unsure = new Map<string, number>()

  constructor(options: Options, context: OutputContext) {
    this.#options = options
    this.#context = context
    this.#endpoint = new Endpoint(options, context)
    this.#tokens = new GcpTokens({ ...options, scope: SCOPE }, context.upstreams, process.env, context.clock)
    this.#deltas = new RunningSums(options.series_max)
    this.#totals = new RunningSums(options.series_max)
    const resource = options.resource ?? { type: 'global', labels: { project_id: options.project } }
    this.#resource = `"resource":${JSON.stringify(resource)}`
    this.#headers = { 'content-type': 'application/json' }
    if (options.compression === 'gzip') this.#headers['content-encoding'] = 'gzip'
  }

  async start(): Promise<void> {
    this.#tokens.check()
    this.#endpoint.start()
  }

  async stop(): Promise<void> {
    await this.#endpoint.stop()
  }

  async send(batch: Batch, signal: AbortSignal): Promise<SendResult> {
    if (!this.#endpoint.running) return notRunning
    const refused: Refusal[] = []
    const retry: number[] = []
    const all = this.#seriesOf(batch, refused)
    const now: [key: string, series: Series][] = []
    let waitMs = 0
    for (const [key, series] of all) {
      const dueInMs = this.#place(key, series)
      if (dueInMs === 'never') for (const record of series.records) refused.push({ record, ...TOO_SOON })
      else if (dueInMs > 0) {
        retry.push(...series.records)
        waitMs = Math.max(waitMs, dueInMs)
      } else now.push([key, series])
    }
    if (now.length > 0) {
      const failure = await this.#write(now, refused, retry, signal)
      if (failure !== undefined) return failure
    }
    return this.#settled(batch, refused, retry, waitMs)
  }

  /**
   * Sets with which time a series goes, five seconds or more behind what was written before. A point that comes sooner
   * waits until then, and goes with that time; where the one before went with a time behind its own, so that those
   * that wait never run ahead, it is not sent. Returns milliseconds to wait: less than five seconds.
   */
  #place(key: string, series: Series): number | 'never' {
    const written = this.#written.get(key)
    series.endMs = series.timeMs
    // What is not newer than the one before is for the other side to judge.
    if (written === undefined || series.timeMs <= written.timeMs) return 0
    if (series.timeMs <= written.endMs) return 'never'
    series.endMs = Math.max(series.timeMs, written.endMs + BETWEEN_POINTS_MS)
    const now = this.#context.clock.wall()
    // One that is ahead of the clock need not wait for it.
    return series.endMs === series.timeMs || series.timeMs > now ? 0 : Math.max(0, series.endMs - now)
  }

  /** Undefined: it went through, but for what it has added to `refused` and `retry`. */
  async #write(
    all: readonly [string, Series][],
    refused: Refusal[],
    retry: number[],
    signal: AbortSignal,
  ): Promise<Failed | undefined> {
    const json = fromText(`{"timeSeries":[${all.map(([key, series]) => this.#json(key, series)).join()}]}`)
    const body = this.#options.compression === 'gzip' ? await gzip(json) : json
    const result = await this.#request(body, signal)
    if ('ok' in result) return result
    let unwritten: ReturnType<typeof unwrittenIn>
    if (result.answered && result.status >= 200 && result.status < 300) unwritten = new Map()
    else unwritten = result.answered ? unwrittenIn(result, all.length) : undefined
    if (unwritten === undefined) {
      if (!result.answered || result.status >= 500) for (const [key, { endMs }] of all) this.#doubt(key, endMs)
      return this.#endpoint.failureOfAll(result)
    }
    for (const [i, [key, series]] of all.entries()) {
      const why = unwritten.get(i)
      const { records, endMs } = series
      // What is there already cannot be written again: the request whose answer was lost has gone through.
      const isThere = why?.outOfOrder === true && this.#unsure.get(key) === endMs
      if (!why?.retryable) this.#unsure.delete(key)
      if (why === undefined || isThere) this.#note(key, series)
      else if (why.retryable) {
        this.#doubt(key, endMs)
        retry.push(...records)
      } else for (const record of records) refused.push({ record, code: why.code, message: why.message })
    }
    return undefined
  }

  async #request(body: Uint8Array, signal: AbortSignal): Promise<UpstreamResult | Failed> {
    const path = `/v3/projects/${this.#options.project}/timeSeries`
    // A token that was taken back is replaced once.
    for (let attempt = 0; ; attempt++) {
      let token: AccessToken
      try {
        token = await this.#tokens.get(signal)
      } catch (error) {
        if (signal.aborted)
          return { ok: false, retryable: true, code: 'aborted', message: 'stopped while asking for a token' }
        return { ok: false, retryable: true, code: 'gcp_credentials', message: (error as Error).message }
      }
      const headers = { ...this.#headers, authorization: `Bearer ${token.value.reveal()}` }
      const result = await this.#endpoint.request({ method: 'POST', path, headers, body: Buffer.from(body), signal })
      if (!result.answered || result.status !== UNAUTHORIZED) return result
      this.#tokens.drop(token)
      if (attempt > 0) return result
    }
  }

  /** By key, in the order in which each shows first; of several points of one the last stands for all. */
  #seriesOf(batch: Batch, refused: Refusal[]): Map<string, Series> {
    const all = new Map<string, Series>()
    const point = new Envelope()
    for (let record = 0; record < batch.records; record++) {
      if (!point.read(batch.bytes, record === 0 ? 0 : batch.ends[record - 1]!, batch.ends[record]!)) {
        refused.push({ record, code: 'malformed', message: 'the record is no point' })
        continue
      }
      if (point.task === Task.NOTHING) continue
      const key = utf8(point.bytes, point.keyFrom, point.bodyFrom)
      const before = all.get(key)
      if (before?.timeMs === point.timeMs && point.task === Task.TO_TOTAL) {
        refused.push({ record, code: 'same_time', message: 'a point of the series has the same time' })
        continue
      }
      const value = this.#valueOf(point)
      if (value === undefined) continue
      if ('code' in value) {
        refused.push({ record, ...value })
        continue
      }
      const isLast = before === undefined || point.timeMs >= before.timeMs
      const records = before === undefined ? [record] : [...before.records, record]
      all.set(key, isLast ? seriesOf(point, value, records) : { ...before, records })
    }
    return all
  }

  /** Undefined: there is nothing to be sent for it. */
  #valueOf(point: Envelope): { value: number; startMs: number } | Omit<Refusal, 'record'> | undefined {
    const { task, detail, value, startMs } = point
    if (task === Task.REFUSE) return refusals[detail] ?? refusals[0]
    if (task === Task.SEND) return { value, startMs }
    // Without a start, a sum is what it has grown by since it was first seen.
    let delta = value
    let since = startMs
    if (task === Task.TO_DELTA) {
      const grown = this.#deltas.deltaOf(point)
      if (grown.kind === 'first') return undefined
      if (grown.kind === 'refused') return { code: grown.code, message: grown.message }
      delta = grown.value
      since = grown.startMs
    }
    const told = this.#totals.totalOf(point, delta, since)
    return told.kind === 'value' ? told : told.kind === 'first' ? undefined : { code: told.code, message: told.message }
  }

  #json(key: string, { startMs, endMs, isCumulative, type, value }: Series): string {
    const end = new Date(endMs).toISOString()
    // The start must lie before the end.
    const start = new Date(Math.min(startMs, endMs - 1)).toISOString()
    const interval = isCumulative ? `"startTime":"${start}","endTime":"${end}"` : `"endTime":"${end}"`
    const kind = isCumulative ? 'CUMULATIVE' : 'GAUGE'
    const points = `"points":[{"interval":{${interval}},"value":${value}}]`
    return `{${key},${this.#resource},"metricKind":"${kind}",${type},${points}}`
  }

  #note(key: string, { timeMs, endMs }: Series): void {
    const before = this.#written.get(key)
    this.#written.delete(key)
    this.#written.set(key, before === undefined || endMs > before.endMs ? { timeMs, endMs } : before)
    if (this.#written.size > this.#options.series_max) this.#written.delete(this.#written.keys().next().value!)
  }

  #doubt(key: string, endMs: number): void {
    this.#unsure.delete(key)
    this.#unsure.set(key, endMs)
    if (this.#unsure.size > this.#options.series_max) this.#unsure.delete(this.#unsure.keys().next().value!)
  }

  #settled(batch: Batch, refused: Refusal[], retry: number[], waitMs: number): SendResult {
    const again = new Set(retry)
    const point = new Envelope()
    for (let record = 0; record < batch.records; record++) {
      if (again.has(record)) continue
      if (!point.read(batch.bytes, record === 0 ? 0 : batch.ends[record - 1]!, batch.ends[record]!)) continue
      this.#deltas.settle(point)
      this.#totals.settle(point)
    }
    if (refused.length === 0 && retry.length === 0) return { ok: true }
    refused.sort((a, b) => a.record - b.record)
    retry.sort((a, b) => a - b)
    const { code, message } = retry.length > 0 ? TOO_SOON : refused[0]!
    return { ok: 'partly', retry, refused, code, message, ...(waitMs > 0 ? { retryAfterMs: waitMs } : {}) }
  }
}

const TOO_SOON = { code: 'too_soon', message: 'a point of a series came within five seconds of the one before' }

function seriesOf(point: Envelope, told: { value: number; startMs: number }, records: number[]): Series {
  const { detail, timeMs } = point
  const isDistribution = detail >= GcpShape.GAUGE_DISTRIBUTION
  return {
    records,
    timeMs,
    startMs: told.startMs,
    isCumulative: detail === GcpShape.CUMULATIVE || detail === GcpShape.CUMULATIVE_DISTRIBUTION,
    type: `"valueType":"${isDistribution ? 'DISTRIBUTION' : 'DOUBLE'}"`,
    value: isDistribution ? utf8(point.bytes, point.bodyFrom, point.bodyTo) : `{"doubleValue":${told.value}}`,
    endMs: timeMs,
  }
}
