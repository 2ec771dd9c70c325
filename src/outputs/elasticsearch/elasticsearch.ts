/**
 * `elasticsearch` writes documents with bulk requests (`POST /_bulk`) to Elasticsearch or OpenSearch: into a data
 * stream, or into
 * an index whose name may carry a date.
 *
 * Every record carries its id (see `codecs/elasticsearch_bulk`), so a request whose answer was lost is sent again
 * and leaves
 * nothing twice.
 */
import { z } from 'zod'
import { type Batch, defineOutput, type Output, type OutputContext, type SendResult } from '#component/output.ts'
import { Secret } from '#component/secret.ts'
import { Endpoint, endpointOptions, gzip, plainUrl } from '../endpoint.ts'
import { basicLogin } from '../login.ts'
import { judge } from './bulk-answer.ts'

/** `http.max_content_length` unless configured, which is also the most that a cloud takes. */
const BODY_BYTES_MAX = 100 * 1024 * 1024
/** With more, an answer that has something to say of each would not fit into what is read of it. */
const DOCUMENTS_MAX = 10_000
const DEFAULT_DATA_STREAM = 'logs-generic-default'

/** What must be known of each document: an answer has hundreds of bytes for each otherwise. */
const ANSWER_FILTER = 'errors,items.*.status,items.*.error.type,items.*.error.reason'

/** Rules for names of indices; what a URL or JSON would read as something else is not among them. */
const NAME = /^(?!\.{1,2}$)[a-z0-9.][a-z0-9._-]*$/
const DATED_NAME = /^(?!\.{1,2}$)(?:[a-z0-9.]|%[YmdH])(?:[a-z0-9._-]|%[YmdH])*$/

const secret = (meaning: string) =>
  z
    .string()
    .min(1)
    .max(4096)
    .transform((value) => new Secret(value))
    .optional()
    .describe(meaning)

const config = z
  .strictObject({
    url: plainUrl.optional().describe('Address of the cluster, such as https://elastic.internal:9200.'),
    data_stream: z
      .string()
      .max(200)
      .regex(NAME, 'must be a name such as logs-nginx-prod, in lower case')
      .optional()
      .describe(`Data stream to write to; ${DEFAULT_DATA_STREAM} unless it or index is given.`),
    index: z
      .string()
      .max(200)
      .regex(DATED_NAME, 'must be a name such as logs-%Y.%m.%d, in lower case, with no field but %Y, %m, %d and %H')
      .optional()
      .describe('Index to write to; %Y, %m, %d and %H become the time of each record, in UTC.'),
    pipeline: z
      .string()
      .min(1)
      .max(200)
      .optional()
      .describe('Ingest pipeline that documents go through, instead of the default one of their index.'),
    username: z
      .string()
      .min(1)
      .max(256)
      .regex(/^[^:]+$/, 'must not hold a colon')
      .optional()
      .describe('User for basic authentication.'),
    password: secret('Password for basic authentication; best as a reference to the environment or a file.'),
    api_key: secret('API key, as it is shown encoded when it is made; instead of user and password.').refine(
      (key) => key === undefined || /^[\x21-\x7e]+$/.test(key.reveal()),
      'has a character that no key has',
    ),
    compression: z.enum(['none', 'gzip']).default('gzip').describe('How the body is compressed.'),
    ...endpointOptions,
  })
  .refine(({ url, upstream }) => url !== undefined || upstream !== undefined, {
    error: 'is required unless upstream is given',
    path: ['url'],
  })
  .refine((options) => options.data_stream === undefined || options.index === undefined, {
    error: 'goes instead of data_stream, not beside it',
    path: ['index'],
  })
  .refine(({ username, password }) => (username === undefined) === (password === undefined), {
    error: 'goes together with password',
    path: ['username'],
  })
  .refine(({ username, api_key }) => username === undefined || api_key === undefined, {
    error: 'goes instead of username and password, not beside them',
    path: ['api_key'],
  })

type Options = z.output<typeof config>

export const elasticsearch = defineOutput({
  name: 'elasticsearch',
  summary: 'Writes documents to Elasticsearch or OpenSearch.',
  shape: 'request',
  config,
  encoder: ({ index }) => ({
    name: 'elasticsearch_bulk',
    options: {
      // A data stream takes nothing but `create`.
      action: index === undefined ? 'create' : 'index',
      ...(index?.includes('%') ? { index } : {}),
    },
  }),
  concurrency: ({ concurrency }) => concurrency,
  batch: { maxRecords: 2_000, maxBytes: 5_000_000, maxWaitMs: 1_000 },
  limits: () => ({ records: DOCUMENTS_MAX, bytes: BODY_BYTES_MAX }),
  create: (options, context) => new ElasticsearchOutput(options, context),
})

class ElasticsearchOutput implements Output {
  readonly #endpoint: Endpoint
  readonly #path: string
  readonly #headers: Record<string, string>
  readonly #compressed: boolean

  constructor(options: Options, context: OutputContext) {
    this.#endpoint = new Endpoint(options, context)
    this.#path = pathOf(options)
    this.#compressed = options.compression === 'gzip'
    this.#headers = { 'content-type': 'application/x-ndjson', ...credentialsOf(options) }
    if (this.#compressed) this.#headers['content-encoding'] = 'gzip'
  }

  async start(): Promise<void> {
    this.#endpoint.start()
  }

  async stop(): Promise<void> {
    await this.#endpoint.stop()
  }

  async send(batch: Batch, signal: AbortSignal): Promise<SendResult> {
    const body = this.#compressed ? await gzip(batch.bytes) : batch.bytes
    const request = { method: 'POST' as const, path: this.#path, headers: this.#headers, body, signal }
    const answer = await this.#endpoint.request(request)
    // The request as a whole is answered with 200, whatever became of the documents. Otherwise none was written; or if
    // one was, from a body that could not be read to its end, it is there under its id and is not written twice.
    return answer.answered && answer.status === 200
      ? judge(answer.body, batch.records)
      : this.#endpoint.failureOfAll(answer)
  }
}

function pathOf({ index, data_stream, pipeline }: Options): string {
  const target = index ?? data_stream ?? DEFAULT_DATA_STREAM
  const query = new URLSearchParams({ filter_path: ANSWER_FILTER })
  if (pipeline !== undefined) query.set('pipeline', pipeline)
  return `${target.includes('%') ? '' : `/${target}`}/_bulk?${query}`
}

function credentialsOf({ username, password, api_key }: Options): Record<string, string> {
  if (api_key !== undefined) return { authorization: `ApiKey ${api_key.reveal()}` }
  if (username === undefined || password === undefined) return {}
  return basicLogin(username, password)
}
