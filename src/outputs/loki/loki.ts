/**
 * `loki` pushes logs to Grafana Loki (`POST /loki/api/v1/push`), each record as a line of the stream that its labels
 * name.
 *
 * Loki stores the entries that it finds good and answers 400 for the others; what that answer names is refused here,
 * record by record, and the rest counts as delivered (see `refusals.ts`).
 */
import { z } from 'zod'
import { LABEL_VALUE_BYTES_MAX } from '#codecs/loki/labels.ts'
import { lokiFormats } from '#codecs/loki/loki.ts'
import { type Batch, defineOutput, type Output, type OutputContext, type SendResult } from '#component/output.ts'
import { Secret } from '#component/secret.ts'
import { utf8Length } from '#std/bytes.ts'
import type { UpstreamAnswer } from '#upstreams/upstream.ts'
import { Endpoint, endpointOptions, endpointUrl, gzip, reasonIn } from '../endpoint.ts'
import { loginHeaders } from '../login.ts'
import { jsonOf, protobufOf, streamsOf } from './push.ts'
import { refusalsIn } from './refusals.ts'
import { looksUnbounded } from './unbounded.ts'

/** Loki's defaults: `max_label_names_per_series`, `max_label_name_length`, `max_line_size`. */
const LABELS_MAX = 15
const LABEL_NAME_BYTES_MAX = 1024
const LINE_BYTES_MAX = 256 * 1024
const METADATA_MAX = 32
/** What a record may take beside its line: its labels and its structured metadata. */
const LABELS_BYTES_MAX = 64 * 1024
/** What Loki's parts take from each other is 4 MiB (`grpc_server_max_recv_msg_size`); this is less what wraps it. */
const BODY_BYTES_MAX = 4_000_000
/** What stands around all streams. */
const BODY_FIXED_BYTES = 16
/** What a stream of its own takes around an entry, beyond what the encoded entry has and the request has not. */
const STREAM_BYTES = 16

const PATH = '/loki/api/v1/push'

const labelName = z
  .string()
  .max(LABEL_NAME_BYTES_MAX)
  .regex(/^[a-zA-Z_][a-zA-Z0-9_]*$/, 'is not a label name: letters, digits and underscores, no digit first')
  .refine((name) => !name.startsWith('__'), 'begins with two underscores, which are for labels of Loki itself')

const labelValue = z
  .string()
  .min(1)
  .refine((value) => utf8Length(value) <= LABEL_VALUE_BYTES_MAX, `is above ${LABEL_VALUE_BYTES_MAX} bytes`)

const field = z.string().min(1).max(256)

const secret = z
  .string()
  .regex(/^[\x20-\x7e]+$/, { error: 'has a character that it cannot have', abort: true })
  .transform((value) => new Secret(value))

const config = z
  .strictObject({
    url: endpointUrl
      .refine(
        (url) => !URL.canParse(url) || new URL(url).username === '',
        'must hold no user; it has an option of its own',
      )
      .describe('Address of Loki; /loki/api/v1/push is added.'),
    labels: z
      .record(labelName, labelValue)
      .default({ job: 'streamgate' })
      .refine((labels) => Object.keys(labels).length > 0, 'needs one at least: a stream without labels is refused')
      .describe('Labels of all records, and what a record gets that lacks the field of a label.'),
    label_fields: z
      .record(
        labelName,
        field.refine((name) => !looksUnbounded(name), {
          error: ({ input }) =>
            `${JSON.stringify(input)} differs in nearly each record, so it would open a stream for each; ` +
            'write it to structured_metadata instead',
        }),
      )
      .default({})
      .describe('Labels that are read from fields of the record: name of the label, name of the field.'),
    structured_metadata: z
      .record(labelName, field)
      .default({})
      .refine((metadata) => Object.keys(metadata).length <= METADATA_MAX, `has more than ${METADATA_MAX} names`)
      .describe('Structured metadata that is read from fields of the record; needs Loki 3 or its schema v13.'),
    tenant: z
      .string()
      .regex(/^[a-zA-Z0-9!_.*'()-]{1,150}$/, "is not a tenant: up to 150 letters, digits and any of !-_.*'()")
      .optional()
      .describe('Tenant that the logs belong to (X-Scope-OrgID).'),
    user: z
      .string()
      .regex(/^[^:\x00-\x1f]+$/, 'must not hold a colon')
      .optional()
      .describe('User for basic authorization.'),
    password: secret.optional().describe('Password for basic authorization.'),
    bearer_token: secret.optional().describe('Token for bearer authorization, instead of user and password.'),
    format: z
      .enum(lokiFormats)
      .default('protobuf')
      .describe('Protobuf compressed by Snappy, or JSON compressed by gzip.'),
    ...endpointOptions,
  })
  .refine(
    ({ labels, label_fields: fields }) => new Set([...Object.keys(labels), ...Object.keys(fields)]).size <= LABELS_MAX,
    {
      error: `there are more than ${LABELS_MAX} labels, which Loki refuses`,
      path: ['labels'],
    },
  )
  .refine(({ user, password }) => (user === undefined) === (password === undefined), {
    error: 'user and password go together',
    path: ['user'],
  })
  .refine(({ user, bearer_token: token }) => user === undefined || token === undefined, {
    error: 'is one authorization too many beside user and password',
    path: ['bearer_token'],
  })

type Options = z.output<typeof config>

export const loki = defineOutput({
  name: 'loki',
  summary: 'Pushes logs to Grafana Loki.',
  shape: 'request',
  config,
  encoder: ({ format, labels, label_fields, structured_metadata }) => ({
    name: 'loki',
    options: { format, labels, label_fields, structured_metadata },
  }),
  concurrency: ({ concurrency }) => concurrency,
  batch: { maxRecords: 8_192, maxBytes: 1_000_000, maxWaitMs: 1_000 },
  limits: ({ format }) => ({
    bytes: BODY_BYTES_MAX - BODY_FIXED_BYTES,
    // JSON escapes, so there the length of a line is not known here; Loki names lines that are too long.
    ...(format === 'json' ? {} : { recordBytes: LINE_BYTES_MAX + LABELS_BYTES_MAX }),
  }),
  weigh: (_, from, to) => to - from + STREAM_BYTES,
  create: (options, context) => new LokiOutput(options, context),
})

class LokiOutput implements Output {
  readonly #format: Options['format']
  readonly #endpoint: Endpoint
  readonly #headers: Record<string, string>
  /** Loaded at the start: it is native code, which a node without Loki need not hold. */
  #snappy: typeof import('snappy') | undefined

  constructor(options: Options, context: OutputContext) {
    const { format, tenant, user, password, bearer_token: token } = options
    this.#format = format
    this.#endpoint = new Endpoint(
      { ...options, url: options.url.replace(/\/*(?:\/loki\/api\/v1\/push)?\/*$/, '') },
      context,
    )
    this.#headers =
      format === 'json'
        ? { 'content-type': 'application/json', 'content-encoding': 'gzip' }
        : { 'content-type': 'application/x-protobuf' }
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
    const result = await this.#endpoint.request({
      method: 'POST',
      path: PATH,
      headers: this.#headers,
      body: await this.#body(batch),
      signal,
    })
    if (!result.answered) return this.#endpoint.failure(result)
    const { status } = result
    // Other 2xx are no success: 260 says that ingestion is blocked, and nothing was stored.
    if (status === 204 || status === 200) return { ok: true }
    const failed = this.#endpoint.failure(result)
    if (status === 400) return partOf(result, batch, this.#format) ?? failed
    return status === 500 && TOO_LARGE.test(result.body.toString('latin1')) ? { ...failed, ...tooLarge } : failed
  }

  async #body(batch: Batch): Promise<Uint8Array> {
    const streams = streamsOf(batch)
    if (this.#format === 'json') return await gzip(jsonOf(batch.bytes, streams))
    // In this thread: it takes a third of a millisecond for a megabyte, and what is compressed elsewhere stays in native memory
    // until a collection, half a gigabyte of it.
    return this.#snappy!.compressSync(protobufOf(batch.bytes, streams), { copyOutputData: true })
  }
}

const unsent = { ok: false, retryable: true } as const

/** Loki's parts limit what they take from each other; then it answers 500, each time again. */
const TOO_LARGE = /received message larger than max|message length too large/
const tooLarge = { retryable: false, tooLarge: true, code: 'request_too_large' } as const

/** What became of the records when Loki refused some; undefined when the answer names none. */
function partOf(answer: UpstreamAnswer, batch: Batch, format: Options['format']): SendResult | undefined {
  const refused = refusalsIn(answer.body.toString('utf8'), batch, format)
  if (refused.length === 0) return undefined
  return { ok: 'partly', retry: [], refused, code: 'http_400', message: `the server answered 400: ${reasonIn(answer)}` }
}
