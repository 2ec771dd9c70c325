/**
 * `datadog` sends logs to Datadog's intake (logs API v2, `POST /api/v2/logs`).
 *
 * The intake answers 202 to entries that it then cuts at 1 MB, so records above that are refused here, where it shows.
 */
import { z } from 'zod'
import { type Batch, defineOutput, type Output, type OutputContext, type SendResult } from '#component/output.ts'
import { Secret } from '#component/secret.ts'
import { Endpoint, endpointOptions, endpointUrl, gzip } from '../endpoint.ts'
import { inBrackets } from '../json-body.ts'

/** Documented limits of one request and of one entry, uncompressed. */
const ENTRIES_MAX = 1000
const BODY_BYTES_MAX = 5_000_000
const ENTRY_BYTES_MAX = 1_000_000
const BRACKETS_BYTES = 2

const PATH = '/api/v2/logs'

const config = z.strictObject({
  api_key: z
    .string()
    .regex(/^[\x21-\x7e]+$/, { error: 'has a character that no key has', abort: true })
    .transform((key) => new Secret(key))
    .describe('API key; best as a reference to the environment or a file.'),
  site: z
    .string()
    .regex(/^[a-z0-9.-]+$/, 'must be a site such as datadoghq.eu')
    .default('datadoghq.com')
    .describe('Datadog site that the intake belongs to.'),
  url: endpointUrl.optional().describe("Intake to send to instead of the site's own: a proxy, a test."),
  source: z.string().min(1).max(100).optional().describe('Value of ddsource where a record has none.'),
  service: z.string().min(1).max(100).optional().describe('Value of service where a record has none.'),
  hostname: z.string().min(1).max(255).optional().describe('Value of hostname where a record names no host.'),
  tags: z
    .array(z.string().regex(/^[^,]+$/, 'must not hold a comma'))
    .max(100)
    .default([])
    .describe('Tags for ddtags where a record has none, such as env:prod.'),
  compression: z.enum(['none', 'gzip']).default('gzip').describe('How the body is compressed.'),
  ...endpointOptions,
})

export const datadog = defineOutput({
  name: 'datadog',
  summary: 'Sends logs to Datadog.',
  shape: 'request',
  config,
  encoder: ({ source, service, hostname, tags }) => ({
    name: 'event_json',
    options: {
      after: ',',
      members: [
        { key: 'timestamp', value: 'milliseconds' },
        { key: 'status', value: 'level' },
        { key: 'service', value: 'service', otherwise: service },
        { key: 'hostname', value: 'host', otherwise: hostname },
        ...(source === undefined ? [] : [{ key: 'ddsource', value: 'literal', literal: source }]),
        ...(tags.length === 0 ? [] : [{ key: 'ddtags', value: 'literal', literal: tags.join(',') }]),
      ],
      record: { as: 'members', message: 'message' },
    },
  }),
  concurrency: ({ concurrency }) => concurrency,
  batch: { maxRecords: ENTRIES_MAX, maxBytes: 4_250_000, maxWaitMs: 1_000 },
  limits: () => ({
    records: ENTRIES_MAX,
    bytes: BODY_BYTES_MAX - BRACKETS_BYTES,
    recordBytes: ENTRY_BYTES_MAX,
  }),
  create: (options, context) => new DatadogOutput(options, context),
})

class DatadogOutput implements Output {
  readonly #endpoint: Endpoint
  readonly #headers: Record<string, string>
  readonly #compressed: boolean

  constructor(options: z.output<typeof config>, context: OutputContext) {
    const url = options.url ?? `https://http-intake.logs.${options.site}`
    this.#endpoint = new Endpoint({ ...options, url }, context)
    this.#compressed = options.compression === 'gzip'
    this.#headers = { 'content-type': 'application/json', 'dd-api-key': options.api_key.reveal() }
    if (this.#compressed) this.#headers['content-encoding'] = 'gzip'
  }

  async start(): Promise<void> {
    this.#endpoint.start()
  }

  async stop(): Promise<void> {
    await this.#endpoint.stop()
  }

  async send(batch: Batch, signal: AbortSignal): Promise<SendResult> {
    const array = inBrackets(batch.bytes)
    const body = this.#compressed ? await gzip(array) : array
    return await this.#endpoint.send({ method: 'POST', path: PATH, headers: this.#headers, body, signal })
  }
}
