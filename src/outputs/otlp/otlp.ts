/**
 * `otlp` sends logs, metrics or spans to whoever takes OpenTelemetry's protocol, over HTTP or gRPC (OTLP 1.x: a
 * collector, or most vendors).
 */
import { z } from 'zod'
import { RESOURCE_OPTIONS_BYTES_MAX } from '#codecs/otlp/otlp.ts'
import { type Batch, defineOutput, type Output, type OutputContext, type SendResult } from '#component/output.ts'
import { Secret } from '#component/secret.ts'
import { utf8Length } from '#std/bytes.ts'
import { type Signal, signals } from '#telemetry/signal.ts'
import { endpointOptions, endpointUrl } from '../endpoint.ts'
import { GROUP_BYTES_MAX, partialSuccessIn, requestOf, resultOf } from './export.ts'
import { GrpcTransport } from './over-grpc.ts'
import { HttpTransport } from './over-http.ts'
import type { Transport } from './transport.ts'

/** What a server takes by default over gRPC, and by the specification's advice a client sends at most. */
const REQUEST_BYTES_DEFAULT = 4 * 1024 * 1024
const ATTRIBUTES_MAX = 64

const ENCODERS: Record<Signal, string> = { logs: 'otlp', metrics: 'otlp_metrics', traces: 'otlp_spans' }

/** What the protocol itself writes. */
const OWN_HEADERS = new Set(['content-type', 'content-encoding', 'content-length', 'host', 'te', 'user-agent'])

const headerName = z
  .string()
  .regex(/^[0-9A-Za-z_.-]+$/, 'is not a header name')
  .refine((name) => !OWN_HEADERS.has(name.toLowerCase()), 'is a header that the protocol itself writes')
  .refine((name) => !/^grpc-|-bin$/i.test(name), 'is a header that gRPC keeps for itself')

const headerValue = z
  .string()
  .regex(/^[\x20-\x7e]*$/, { error: 'has a character that no header may have', abort: true })
  .transform((value) => new Secret(value))

const config = z.strictObject({
  url: endpointUrl
    .refine((url) => !URL.canParse(url) || new URL(url).username === '', 'must hold no user; use headers')
    .describe(
      'Where to send. Over HTTP /v1/logs, /v1/metrics or /v1/traces is added where it has no path; over gRPC ' +
        'only host and port count.',
    ),
  protocol: z.enum(['http', 'grpc']).default('http').describe('How the requests travel.'),
  headers: z
    .record(headerName, headerValue)
    .default({})
    .describe('Headers (gRPC: metadata) to add. Values are kept secret wherever they would be shown.'),
  resource_attributes: z
    .record(z.string().min(1), z.string())
    .default({})
    .refine((attributes) => Object.keys(attributes).length <= ATTRIBUTES_MAX, `has more than ${ATTRIBUTES_MAX} names`)
    .refine(
      (attributes) => utf8Length(Object.entries(attributes).flat().join('')) <= RESOURCE_OPTIONS_BYTES_MAX,
      `is above ${RESOURCE_OPTIONS_BYTES_MAX} bytes`,
    )
    .describe(
      'Attributes of each resource that has none of that name, such as service.name; not of what came as OTLP.',
    ),
  compression: z.enum(['none', 'gzip']).default('gzip').describe('How requests are compressed.'),
  request_bytes_max: z
    .int()
    .min(64 * 1024)
    .max(64 * 1024 * 1024)
    .default(REQUEST_BYTES_DEFAULT)
    .describe('The largest request before compression. More than 4 MiB needs a server that is set so.'),
  ...endpointOptions,
})

type Options = z.output<typeof config>

export const otlp = defineOutput({
  name: 'otlp',
  summary: 'Sends logs, metrics or spans by the OpenTelemetry protocol.',
  shape: 'request',
  signals,
  config,
  encoder: ({ resource_attributes }, signal) => ({ name: ENCODERS[signal], options: { resource_attributes } }),
  concurrency: ({ concurrency }) => concurrency,
  batch: { maxRecords: 8_192, maxBytes: 1_000_000, maxWaitMs: 1_000 },
  limits: ({ request_bytes_max: bytes }) => ({ bytes, recordBytes: bytes }),
  // As if each record were of a resource and a scope of its own: then no batch makes a request above the limit.
  weigh: (_, from, to) => to - from + GROUP_BYTES_MAX,
  create: (options, context) => new OtlpOutput(options, context),
})

class OtlpOutput implements Output {
  readonly #transport: Transport
  readonly #context: OutputContext
  /** The last warning that came with a success, so that it is logged once. */
  #warning = ''

  constructor(options: Options, context: OutputContext) {
    const headers = Object.fromEntries(
      Object.entries(options.headers).map(([name, value]) => [name.toLowerCase(), value.reveal()]),
    )
    const Way = options.protocol === 'grpc' ? GrpcTransport : HttpTransport
    this.#transport = new Way(options, options.compression === 'gzip', headers, context)
    this.#context = context
  }

  async start(): Promise<void> {
    await this.#transport.start()
  }

  async stop(): Promise<void> {
    await this.#transport.stop()
  }

  async send(batch: Batch, signal: AbortSignal): Promise<SendResult> {
    const result = await this.#transport.export(() => requestOf(batch), signal)
    if (!result.ok) return result
    const partial = partialSuccessIn(result.response)
    if (partial === undefined) return { ok: true }
    if (partial.rejected === 0) this.#warn(partial.message)
    return resultOf(batch.records, partial)
  }

  /** A server may take everything and say something all the same. */
  #warn(message: string): void {
    if (message === this.#warning) return
    this.#warning = message
    this.#context.log.warn({ output: this.#context.id }, `output ${this.#context.id}: the server says: ${message}`)
  }
}
