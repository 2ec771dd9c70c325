/**
 * `gcp_logging` sends logs to Google Cloud Logging (`POST /v2/entries:write`).
 *
 * Each entry carries an id from its encoding on, so what is sent again after an answer got lost is known to be the
 * same.
 */
import { z } from 'zod'
import {
  type Batch,
  defineOutput,
  type Failed,
  type Output,
  type OutputContext,
  type SendResult,
} from '#component/output.ts'
import { Secret } from '#component/secret.ts'
import { type Bytes, concat, fromText } from '#std/bytes.ts'
import type { UpstreamResult } from '#upstreams/upstream.ts'
import { Endpoint, endpointOptions, endpointUrl, gzip } from '../endpoint.ts'
import { type AccessToken, GcpTokens, isServiceAccount } from '../gcp-tokens.ts'
import { judged } from './answers.ts'

/** Documented limits: 10 MB for a request, 256 KB for an entry. Google counts its own form of them, so these are a bit less. */
const REQUEST_BYTES_MAX = 10_000_000
const ENTRY_BYTES_MAX = 256_000
const LABELS_MAX = 64

const PATH = '/v2/entries:write'
const SCOPE = 'https://www.googleapis.com/auth/logging.write'
const UNAUTHORIZED = 401

/** Severities by OpenTelemetry's number, with our loggers' critical (18), alert (19), fatal (21) and emergency (22). */
const SEVERITIES = [
  '',
  ...Array<string>(8).fill('DEBUG'),
  'INFO',
  ...Array<string>(3).fill('NOTICE'),
  ...Array<string>(4).fill('WARNING'),
  ...['ERROR', 'CRITICAL', 'ALERT', 'ALERT', 'CRITICAL'],
  ...Array<string>(3).fill('EMERGENCY'),
]

const labels = z.record(z.string().min(1).max(512), z.string().max(64_000))

const config = z.strictObject({
  project: z
    .string()
    .regex(/^[a-z0-9.:-]{1,64}$/, 'must be the id of a project')
    .describe('Project that the logs are written to.'),
  log: z
    .string()
    .regex(/^[A-Za-z0-9/_.-]{1,511}$/, 'must be the name of a log: letters, digits, / _ - .')
    .default('streamgate')
    .describe('Name of the log in the project.'),
  resource: z
    .strictObject({ type: z.string().min(1).max(256), labels: labels.default({}) })
    .optional()
    .describe('Monitored resource that the logs belong to; by default `global`.'),
  labels: labels
    .refine((all) => Object.keys(all).length <= LABELS_MAX, `must not be more than ${LABELS_MAX}`)
    .default({})
    .describe('Labels for every entry.'),
  credentials: z
    .string()
    .refine(isServiceAccount, { error: 'is not the key of a service account (JSON)', abort: true })
    .transform((key) => new Secret(key))
    .optional()
    .describe('Key of a service account, as JSON; best as a reference to the environment or a file.'),
  credentials_file: z.string().min(1).optional().describe('File with the key of a service account.'),
  url: endpointUrl.default('https://logging.googleapis.com').describe('Address to send to: a proxy, a test.'),
  compression: z.enum(['none', 'gzip']).default('gzip').describe('How the body is compressed.'),
  ...endpointOptions,
})

export const gcpLogging = defineOutput({
  name: 'gcp_logging',
  summary: 'Sends logs to Google Cloud Logging.',
  shape: 'request',
  config,
  encoder: ({ project }) => ({
    name: 'event_json',
    options: {
      after: ',',
      members: [
        { key: 'insertId', value: 'unique_id' },
        { key: 'timestamp', value: 'rfc3339' },
        { key: 'severity', value: 'severity', names: SEVERITIES },
        { key: 'trace', value: 'trace_id', prefix: `projects/${project}/traces/` },
        { key: 'spanId', value: 'span_id' },
      ],
      record: { as: 'value', objects: 'jsonPayload', texts: 'textPayload' },
    },
  }),
  concurrency: ({ concurrency }) => concurrency,
  batch: { maxRecords: 1_000, maxBytes: 4_000_000, maxWaitMs: 1_000 },
  limits: (options) => ({
    bytes: REQUEST_BYTES_MAX - openingOf(options).length - CLOSE.length,
    recordBytes: ENTRY_BYTES_MAX,
  }),
  create: (options, context) => new GcpLoggingOutput(options, context),
})

class GcpLoggingOutput implements Output {
  readonly #endpoint: Endpoint
  readonly #tokens: GcpTokens
  readonly #open: Bytes
  readonly #headers: Record<string, string>
  readonly #compressed: boolean

  constructor(options: z.output<typeof config>, context: OutputContext) {
    this.#endpoint = new Endpoint(options, context)
    this.#tokens = new GcpTokens({ ...options, scope: SCOPE }, context.upstreams, process.env, context.clock)
    this.#open = openingOf(options)
    this.#compressed = options.compression === 'gzip'
    this.#headers = { 'content-type': 'application/json' }
    if (this.#compressed) this.#headers['content-encoding'] = 'gzip'
  }

  async start(): Promise<void> {
    this.#tokens.check()
    this.#endpoint.start()
  }

  async stop(): Promise<void> {
    await this.#endpoint.stop()
  }

  async send(batch: Batch, signal: AbortSignal): Promise<SendResult> {
    if (!this.#endpoint.running)
      return { ok: false, retryable: true, code: 'stopped', message: 'the output is not running' }
    const json = concat([this.#open, batch.bytes.subarray(0, -1), CLOSE])
    const body = this.#compressed ? await gzip(json) : json
    let result: UpstreamResult
    // A token that was taken back is replaced once.
    for (let attempt = 0; ; attempt++) {
      let token: AccessToken
      try {
        token = await this.#tokens.get(signal)
      } catch (error) {
        return withoutToken(error, signal)
      }
      const headers = { ...this.#headers, authorization: `Bearer ${token.value.reveal()}` }
      result = await this.#endpoint.request({ method: 'POST', path: PATH, headers, body, signal })
      if (!result.answered || result.status !== UNAUTHORIZED) break
      this.#tokens.drop(token)
      if (attempt > 0) break
    }
    if (!result.answered) return this.#endpoint.failure(result)
    if (result.status >= 200 && result.status < 300) return { ok: true }
    return judged(result, batch.records, this.#endpoint.failureOfAll(result))
  }
}

const CLOSE = fromText(']}')

/** What stands before the entries. */
function openingOf({ project, log, resource, labels }: z.output<typeof config>): Bytes {
  const request = {
    logName: `projects/${project}/logs/${encodeURIComponent(log)}`,
    resource: resource ?? { type: 'global', labels: { project_id: project } },
    labels,
    partialSuccess: true,
  }
  return fromText(`${JSON.stringify(request).slice(0, -1)},"entries":[`)
}

function withoutToken(error: unknown, signal: AbortSignal): Failed {
  if (signal.aborted)
    return { ok: false, retryable: true, code: 'aborted', message: 'stopped while asking for a token' }
  return { ok: false, retryable: true, code: 'gcp_credentials', message: (error as Error).message }
}
