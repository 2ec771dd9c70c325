/**
 * `splunk_hec` sends events, or lines as they are, to Splunk's HTTP Event Collector.
 *
 * A 200 of the collector says that the data looked valid. Who wants to know that it is in an index turns
 * `acknowledgements` on;
 * then a batch counts as delivered when Splunk has acknowledged it, and is sent again when it does not in time.
 */
import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { type Batch, defineOutput, type Output, type OutputContext, type SendResult } from '#component/output.ts'
import { Secret } from '#component/secret.ts'
import type { UpstreamAnswer } from '#upstreams/upstream.ts'
import { Endpoint, endpointOptions, gzip, plainUrl } from '../endpoint.ts'
import { Acknowledgements } from './acknowledgements.ts'
import { HecCode, judge, readReply } from './reply.ts'

/** What Splunk Cloud advises for one request; a server of one's own takes what its `max_content_length` says. */
const BATCH_BYTES = 1_000_000

const PATHS = { event: '/services/collector/event', raw: '/services/collector/raw' }

const metadata = (meaning: string) => z.string().min(1).max(1024).optional().describe(meaning)

const config = z
  .strictObject({
    url: plainUrl.optional().describe('Address of the collector, such as https://splunk.internal:8088.'),
    token: z
      .string()
      .regex(/^[\x21-\x7e]+$/, { error: 'has a character that no token has', abort: true })
      .transform((token) => new Secret(token))
      .describe('Token of the collector; best as a reference to the environment or a file.'),
    mode: z.enum(['event', 'raw']).default('event').describe('Events with metadata, or lines as they are.'),
    index: metadata("Index to write to, instead of the token's own."),
    source: metadata('Value of source for all records.'),
    sourcetype: metadata('Value of sourcetype for all records.'),
    host: metadata('Value of host: where a record names none (event), or for all records (raw).'),
    metadata_from_records: z
      .boolean()
      .default(false)
      .describe(
        'Whether text that a record has under index, source and sourcetype is its metadata and no field of it. Mode event only.',
      ),
    fields: z
      .record(z.string().min(1).max(256), z.union([z.string().max(1024), z.number(), z.boolean()]))
      .optional()
      .describe('Indexed fields that every event gets. Mode event only.'),
    compression: z.enum(['none', 'gzip']).default('gzip').describe('How the body is compressed.'),
    acknowledgements: z
      .boolean()
      .default(false)
      .describe('Whether a batch counts as delivered only when Splunk has acknowledged that it is indexed.'),
    ack_timeout_ms: z
      .int()
      .min(1)
      .max(3_600_000)
      .default(300_000)
      .describe('After how long without acknowledgement a batch is sent again.'),
    ack_poll_ms: z.int().min(1).max(600_000).default(2_000).describe('How often Splunk is asked for acknowledgements.'),
    ...endpointOptions,
  })
  .refine(({ url, upstream }) => url !== undefined || upstream !== undefined, {
    error: 'is required unless upstream is given',
    path: ['url'],
  })
  .refine(({ mode, metadata_from_records }) => mode === 'event' || !metadata_from_records, {
    error: 'goes with mode event only',
    path: ['metadata_from_records'],
  })
  .refine(({ mode, fields }) => mode === 'event' || fields === undefined, {
    error: 'go with mode event only',
    path: ['fields'],
  })

type Options = z.output<typeof config>

export const splunkHec = defineOutput({
  name: 'splunk_hec',
  summary: "Sends to Splunk's HTTP Event Collector.",
  shape: 'request',
  config,
  encoder: (options) => (options.mode === 'raw' ? { name: 'text' } : { name: 'event_json', options: shapeOf(options) }),
  concurrency: ({ concurrency }) => concurrency,
  batch: { maxRecords: 10_000, maxBytes: BATCH_BYTES, maxWaitMs: 1_000 },
  create: (options, context) => new SplunkHecOutput(options, context),
})

function shapeOf(options: Options): Record<string, unknown> {
  const { host, source, sourcetype, index, fields, metadata_from_records } = options
  const metadata = { source, sourcetype, index }
  const fixed = metadata_from_records ? { fields } : { ...metadata, fields }
  const own = metadata_from_records ? metadata : {}
  return {
    after: '\n',
    members: [
      { key: 'time', value: 'seconds' },
      { key: 'host', value: 'host', otherwise: host },
      ...Object.entries(own).map(([key, otherwise]) => ({ key, value: 'own', otherwise })),
      ...Object.entries(fixed).flatMap(([key, literal]) =>
        literal === undefined ? [] : [{ key, value: 'literal', literal }],
      ),
    ],
    record: { as: 'value', objects: 'event', texts: 'event' },
  }
}

class SplunkHecOutput implements Output {
  readonly #options: Options
  readonly #endpoint: Endpoint
  readonly #path: string
  readonly #headers: Record<string, string>
  /** Names this sender to Splunk, and to an upstream that balances by `hash`: who took a batch is asked for it. */
  readonly #channel = randomUUID()
  readonly #acknowledgements: Acknowledgements | undefined

  constructor(options: Options, context: OutputContext) {
    this.#options = options
    this.#endpoint = new Endpoint(options, context)
    this.#path = pathOf(options)
    const authorization = `Splunk ${options.token.reveal()}`
    this.#headers = { authorization }
    if (options.compression === 'gzip') this.#headers['content-encoding'] = 'gzip'
    // A raw request needs a channel in any case, an event's only for acknowledgements.
    const channel = { 'x-splunk-request-channel': this.#channel }
    if (options.acknowledgements || options.mode === 'raw') Object.assign(this.#headers, channel)
    this.#acknowledgements = options.acknowledgements
      ? new Acknowledgements({
          endpoint: this.#endpoint,
          headers: { authorization, ...channel },
          hashKey: this.#channel,
          timeoutMs: options.ack_timeout_ms,
          pollMs: options.ack_poll_ms,
        })
      : undefined
  }

  async start(): Promise<void> {
    this.#endpoint.start()
  }

  async stop(): Promise<void> {
    this.#acknowledgements?.stop()
    await this.#endpoint.stop()
  }

  async send(batch: Batch, signal: AbortSignal): Promise<SendResult> {
    const { compression } = this.#options
    const body = compression === 'gzip' ? await gzip(batch.bytes) : batch.bytes
    const answer = await this.#endpoint.request({
      method: 'POST',
      path: this.#path,
      headers: this.#headers,
      body,
      signal,
      hashKey: this.#channel,
    })
    if (!answer.answered) return this.#endpoint.failure(answer)
    if (answer.status < 200 || answer.status >= 300) return this.#failure(batch, answer)
    return this.#acknowledgements === undefined
      ? { ok: true }
      : await this.#acknowledged(this.#acknowledgements, answer, signal)
  }

  #failure(batch: Batch, answer: UpstreamAnswer): SendResult {
    const reply = readReply(answer)
    // Whoever answers without a code is not the collector. Of what that refuses, it may have taken the beginning.
    if (reply.code === undefined) return this.#endpoint.failureOfAll(answer)
    return judge(reply, this.#endpoint.failure(answer), {
      records: batch.records,
      // Events before the first bad one are taken; but nobody would ever acknowledge them.
      takenBeforeBad: this.#acknowledgements === undefined,
      perEvent: this.#options.mode === 'event',
    })
  }

  async #acknowledged(pending: Acknowledgements, answer: UpstreamAnswer, signal: AbortSignal): Promise<SendResult> {
    const { ackId } = readReply(answer)
    const outcome = ackId === undefined ? 'off' : await pending.wait(ackId, signal)
    if (outcome === 'acknowledged') return { ok: true }
    if (outcome === 'off') {
      const message = 'the token has no indexer acknowledgement; turn it on there, or acknowledgements off here'
      return { ok: false, retryable: false, code: `hec_${HecCode.ackDisabled}`, message }
    }
    const message =
      outcome === 'late' ? 'Splunk has not acknowledged the batch' : 'stopped while waiting for an acknowledgement'
    return { ok: false, retryable: true, code: outcome === 'late' ? 'not_acknowledged' : 'aborted', message }
  }
}

/** Raw lines have no place for metadata but the query. */
function pathOf({ mode, host, source, sourcetype, index }: Options): string {
  if (mode === 'event') return PATHS.event
  const query = new URLSearchParams()
  for (const [key, value] of Object.entries({ host, source, sourcetype, index })) {
    if (value !== undefined) query.set(key, value)
  }
  return query.size === 0 ? PATHS.raw : `${PATHS.raw}?${query}`
}
