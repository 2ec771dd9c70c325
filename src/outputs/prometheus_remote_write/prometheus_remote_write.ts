/**
 * `prometheus_remote_write` sends metrics to Prometheus, Mimir, VictoriaMetrics, Thanos and others by remote write 1.0
 * or 2.0.
 * https://prometheus.io/docs/specs/prw/
 *
 * Points go in the order in which they came, one request after the other, so that those of one series stay in order.
 */
import { z } from 'zod'
import { type Batch, defineOutput, type Output, type OutputContext, type SendResult } from '#component/output.ts'
import { Secret } from '#component/secret.ts'
import type { Bytes } from '#std/bytes.ts'
import type { UpstreamResult } from '#upstreams/upstream.ts'
import { Endpoint, endpointOptions, plainUrl } from '../endpoint.ts'
import { loginHeaders } from '../login.ts'
import { seriesNames } from '../series-options.ts'
import { type Assembled, assemble, firstVersion, secondVersion } from './request.ts'
import { Totals } from './totals.ts'

const VERSIONS = {
  1: { type: 'application/x-protobuf', version: '0.1.0' },
  2: { type: 'application/x-protobuf;proto=io.prometheus.write.v2.Request', version: '2.0.0' },
} as const

const { concurrency: _, ...oneAtOnce } = endpointOptions

const secret = z
  .string()
  .regex(/^[\x20-\x7e]+$/, { error: 'has a character that it cannot have', abort: true })
  .transform((value) => new Secret(value))

const config = z
  .strictObject({
    url: plainUrl.describe('Where to send, with its path, such as http://prometheus:9090/api/v1/write.'),
    version: z
      .literal([1, 2])
      .default(1)
      .describe('Version of remote write; when the other side turns out not to know 2, 1 is spoken.'),
    ...seriesNames,
    histograms: z
      .enum(['classic', 'native'])
      .default('classic')
      .describe('What histograms with bounds become: series of buckets, or native ones with custom buckets.'),
    totals_max: z
      .int()
      .min(1)
      .max(10_000_000)
      .default(200_000)
      .describe(
        'Series with points that tell a difference whose totals are kept; the one idle for longest is forgotten.',
      ),
    tenant: z
      .string()
      .regex(/^[a-zA-Z0-9!_.*'()-]{1,150}$/, "is not a tenant: up to 150 letters, digits and any of !-_.*'()")
      .optional()
      .describe('Tenant that the metrics belong to (X-Scope-OrgID).'),
    user: z
      .string()
      .regex(/^[^:\x00-\x1f]+$/, 'must not hold a colon')
      .optional()
      .describe('User for basic authorization.'),
    password: secret.optional().describe('Password for basic authorization.'),
    bearer_token: secret.optional().describe('Token for bearer authorization, instead of user and password.'),
    ...oneAtOnce,
  })
  .refine(({ user, password }) => (user === undefined) === (password === undefined), {
    error: 'user and password go together',
    path: ['user'],
  })
  .refine(({ user, bearer_token: token }) => user === undefined || token === undefined, {
    error: 'is one authorization too many beside user and password',
    path: ['bearer_token'],
  })

type Options = z.output<typeof config>

export const prometheusRemoteWrite = defineOutput({
  name: 'prometheus_remote_write',
  summary: 'Metrics to Prometheus and its like by remote write.',
  shape: 'request',
  config,
  signals: ['metrics'],
  encoder: ({ version, add_suffixes, utf8_names, external_labels, resource_labels, histograms }) => ({
    name: 'remote_write_series',
    options: {
      version,
      add_suffixes,
      utf8_names,
      external_labels,
      resource_labels,
      histograms,
      exponential: 'native',
      bounds: 'short',
    },
  }),
  concurrency: () => 1,
  batch: { maxRecords: 5_000, maxBytes: 2_000_000, maxWaitMs: 1_000 },
  create: (options, context) => new RemoteWriteOutput(options, context),
})

class RemoteWriteOutput implements Output {
  readonly #path: string
  readonly #endpoint: Endpoint
  readonly #headers: Record<string, string>
  readonly #context: OutputContext
  readonly #totals: Totals
  /** What is spoken now. */
  #version: 1 | 2
  /** The encoder writes for this one. */
  readonly #encoded: 1 | 2
  /** Loaded at the start: it is native code, which a node without it need not hold. */
  #snappy: typeof import('snappy') | undefined

  constructor(options: Options, context: OutputContext) {
    const { url, version, tenant, user, password, bearer_token: token, totals_max: totalsMax } = options
    const { pathname, search, origin } = new URL(url)
    this.#path = pathname + search
    this.#endpoint = new Endpoint({ ...options, url: origin }, context)
    this.#context = context
    this.#totals = new Totals(totalsMax)
    this.#version = version
    this.#encoded = version
    this.#headers = { 'content-encoding': 'snappy', 'user-agent': 'streamgate' }
    if (tenant !== undefined) this.#headers['x-scope-orgid'] = tenant
    Object.assign(this.#headers, loginHeaders({ token, user, password }))
  }

  async start(): Promise<void> {
    this.#snappy ??= await import('snappy')
    this.#endpoint.start()
  }

  async stop(): Promise<void> {
    await this.#endpoint.stop()
  }

  async send(batch: Batch, signal: AbortSignal): Promise<SendResult> {
    if (!this.#endpoint.running) return { ...unsent, code: 'stopped', message: 'the output is not running' }
    if (signal.aborted) return { ...unsent, code: 'aborted', message: 'stopped before sending' }
    this.#totals.begin()
    const assembled = assemble(batch, this.#totals)
    const result = assembled.series === 0 ? NOTHING_TO_SEND : await this.#request(assembled.body, signal)
    const sent = this.#judge(assembled, result)
    // What will be sent again adds up again.
    if (sent.ok === false && isForLater(sent, batch.records)) this.#totals.undo()
    return sent
  }

  async #request(body: Bytes, signal: AbortSignal): Promise<UpstreamResult> {
    const version = this.#version
    const result = await this.#post(this.#bodyFor(version, body), version, signal)
    if (version === 1 || !isUnknownVersion(result)) return result
    this.#context.log.warn({ output: this.#context.id }, 'the other side does not know remote write 2.0: 1.0 is spoken')
    this.#version = 1
    return await this.#post(this.#bodyFor(1, body), 1, signal)
  }

  #bodyFor(version: 1 | 2, body: Bytes): Bytes {
    if (version === 2) return secondVersion(body)
    return this.#encoded === 2 ? firstVersion(body) : body
  }

  #post(body: Bytes, version: 1 | 2, signal: AbortSignal): Promise<UpstreamResult> {
    const about = VERSIONS[version]
    return this.#endpoint.request({
      method: 'POST',
      path: this.#path,
      headers: {
        ...this.#headers,
        'content-type': about.type,
        'x-prometheus-remote-write-version': about.version,
      },
      // In this thread: it takes less than a millisecond for a megabyte.
      body: this.#snappy!.compressSync(body, { copyOutputData: true }),
      signal,
    })
  }

  #judge({ refused }: Assembled, result: UpstreamResult | typeof NOTHING_TO_SEND): SendResult {
    if (result !== NOTHING_TO_SEND && !(result.answered && result.status >= 200 && result.status < 300)) {
      return this.#endpoint.failureOfAll(result)
    }
    const first = refused[0]
    if (first === undefined) return { ok: true }
    return { ok: 'partly', retry: [], refused, code: first.code, message: first.message }
  }
}

const unsent = { ok: false, retryable: true } as const
const NOTHING_TO_SEND = 'nothing'

/** A record that is alone is given up where several would be sent one by one. */
function isForLater(failed: SendResult & { ok: false }, records: number): boolean {
  return failed.retryable || (records > 1 && (failed.tooLarge === true || failed.oneMaySpoil === true))
}

/** It says so, or it says yes without saying to how much: then it understood nothing. */
function isUnknownVersion(result: UpstreamResult): boolean {
  if (!result.answered) return false
  if (result.status === 415) return true
  const { headers, status } = result
  return status >= 200 && status < 300 && !WRITTEN.some((name) => headers[name] !== undefined)
}

const WRITTEN = ['samples', 'histograms', 'exemplars'].map((what) => `x-prometheus-remote-write-${what}-written`)
