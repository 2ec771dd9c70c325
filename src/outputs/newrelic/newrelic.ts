/**
 * `newrelic` sends logs to New Relic's Log API (`POST /log/v1`).
 *
 * The API takes 1 MB a request as it goes over the wire. How far a batch shrinks is not known before, so its bytes
 * are bounded
 * as they are: then no request is ever too large, whatever gzip makes of it.
 */
import { z } from 'zod'
import { type Batch, defineOutput, type Output, type OutputContext, type SendResult } from '#component/output.ts'
import { Secret } from '#component/secret.ts'
import { type Bytes, concat, fromText } from '#std/bytes.ts'
import { Endpoint, endpointOptions, gzip, plainUrl } from '../endpoint.ts'

/**
 * Documented limits: bytes of a request's body, characters of an attribute's name and value, attributes of an
 * entry.
 */
const BODY_BYTES_MAX = 1_000_000
const NAME_CHARACTERS_MAX = 255
const VALUE_CHARACTERS_MAX = 4094
const ATTRIBUTES_MAX = 255
/** What gzip may add to bytes that do not shrink: its frame, and 5 bytes for each 16 KiB (RFC 1951, section 3.2.4). */
const GZIP_BYTES_MAX = 1024

const ORIGINS = { us: 'https://log-api.newrelic.com', eu: 'https://log-api.eu.newrelic.com' }
const PATH = '/log/v1'
const TAIL = fromText(']}]')

const attribute = z.union([z.string().max(VALUE_CHARACTERS_MAX), z.number(), z.boolean()])

const config = z.strictObject({
  api_key: z
    .string()
    .regex(/^[\x21-\x7e]+$/, { error: 'has a character that no key has', abort: true })
    .transform((key) => new Secret(key))
    .describe('License key; best as a reference to the environment or a file.'),
  region: z.enum(['us', 'eu']).default('us').describe('Region of the account.'),
  url: plainUrl.optional().describe("API to send to instead of the region's: a proxy, the FedRAMP endpoint, a test."),
  attributes: z
    .record(z.string().min(1).max(NAME_CHARACTERS_MAX), attribute)
    .refine((attributes) => Object.keys(attributes).length <= ATTRIBUTES_MAX, `holds more than ${ATTRIBUTES_MAX}`)
    .optional()
    .describe('Attributes that every entry gets, such as environment: prod.'),
  service: z.string().min(1).max(255).optional().describe('Value of service.name where a record names no service.'),
  hostname: z.string().min(1).max(255).optional().describe('Value of hostname where a record names no host.'),
  compression: z.enum(['none', 'gzip']).default('gzip').describe('How the body is compressed.'),
  ...endpointOptions,
})

type Options = z.output<typeof config>

export const newrelic = defineOutput({
  name: 'newrelic',
  summary: 'Sends logs to New Relic.',
  shape: 'request',
  config,
  encoder: ({ service, hostname }) => ({
    name: 'event_json',
    options: {
      after: ',',
      members: [
        { key: 'timestamp', value: 'milliseconds' },
        { key: 'level', value: 'level' },
        { key: 'service.name', value: 'service', otherwise: service },
        { key: 'hostname', value: 'host', otherwise: hostname },
        { key: 'trace.id', value: 'trace_id' },
        { key: 'span.id', value: 'span_id' },
      ],
      record: { as: 'members', message: 'message', rename: true },
    },
  }),
  concurrency: ({ concurrency }) => concurrency,
  batch: { maxRecords: 10_000, maxBytes: BODY_BYTES_MAX, maxWaitMs: 1_000 },
  limits: (options) => ({ bytes: BODY_BYTES_MAX - GZIP_BYTES_MAX - headOf(options).length - TAIL.length }),
  create: (options, context) => new NewRelicOutput(options, context),
})

class NewRelicOutput implements Output {
  readonly #endpoint: Endpoint
  readonly #headers: Record<string, string>
  readonly #head: Bytes
  readonly #compressed: boolean

  constructor(options: Options, context: OutputContext) {
    this.#endpoint = new Endpoint({ ...options, url: options.url ?? ORIGINS[options.region] }, context)
    this.#head = headOf(options)
    this.#compressed = options.compression === 'gzip'
    this.#headers = { 'content-type': 'application/json', 'api-key': options.api_key.reveal() }
    if (this.#compressed) this.#headers['content-encoding'] = 'gzip'
  }

  async start(): Promise<void> {
    this.#endpoint.start()
  }

  async stop(): Promise<void> {
    await this.#endpoint.stop()
  }

  async send({ bytes }: Batch, signal: AbortSignal): Promise<SendResult> {
    const json = concat([this.#head, bytes.subarray(0, bytes.length - 1), TAIL])
    const body = this.#compressed ? await gzip(json) : json
    return await this.#endpoint.send({ method: 'POST', path: PATH, headers: this.#headers, body, signal })
  }
}

/** What stands before the entries: attributes that all of them share are said once. */
function headOf({ attributes }: Options): Bytes {
  const common = attributes === undefined ? '' : `"common":${JSON.stringify({ attributes })},`
  return fromText(`[{${common}"logs":[`)
}
