/** OTLP/gRPC: unary calls of `…Service/Export`, whose messages are bytes here. */
import type { ChannelCredentials, Client, Metadata, ServiceError } from '@grpc/grpc-js'
import type { Failed, OutputContext } from '#component/output.ts'
import { type Bytes, viewOf } from '#std/bytes.ts'
import type { Signal } from '#telemetry/signal.ts'
import type { TlsPlan } from '#upstreams/plan.ts'
import type { Upstream } from '#upstreams/upstream.ts'
import type { EndpointSettings } from '../endpoint.ts'
import { statusIn } from './export.ts'
import { aborted, type ExportResult, notRunning, type Transport } from './transport.ts'

const METHODS: Record<Signal, string> = {
  logs: '/opentelemetry.proto.collector.logs.v1.LogsService/Export',
  metrics: '/opentelemetry.proto.collector.metrics.v1.MetricsService/Export',
  traces: '/opentelemetry.proto.collector.trace.v1.TraceService/Export',
}
/** What the specification lets a server answer with at most. */
const ANSWER_BYTES_MAX = 4 * 1024 * 1024
/** A server that was away is looked for again after this long at most; between tries calls fail at once. */
const RECONNECT_MS_MAX = 5_000
const GZIP = 2
/** How much of a refusal is told. */
const REASON_CHARACTERS_MAX = 200

/** The library, which is large: it is loaded at the start. */
type Grpc = typeof import('@grpc/grpc-js')

/** Names of the codes that gRPC numbers, in order. */
const CODES = [
  'ok',
  'cancelled',
  'unknown',
  'invalid_argument',
  'deadline_exceeded',
  'not_found',
  'already_exists',
  'permission_denied',
  'resource_exhausted',
  'failed_precondition',
  'aborted',
  'out_of_range',
  'unimplemented',
  'internal',
  'unavailable',
  'data_loss',
  'unauthenticated',
] as const

/** By the specification's table; `resource_exhausted` only with a `RetryInfo`. */
const RETRYABLE = new Set(['cancelled', 'deadline_exceeded', 'aborted', 'out_of_range', 'unavailable', 'data_loss'])
/** What servers of common libraries say to a message above their limit. */
const TOO_LARGE = /larger than|too large|exceeds maximum/i

export class GrpcTransport implements Transport {
  readonly #settings: EndpointSettings
  readonly #compressed: boolean
  readonly #headers: Record<string, string>
  readonly #context: OutputContext
  #connection: { grpc: Grpc; clients: Client[]; metadata: Metadata; release(): Promise<void> } | undefined
  #turn = 0

  constructor(
    settings: EndpointSettings,
    compressed: boolean,
    headers: Record<string, string>,
    context: OutputContext,
  ) {
    this.#settings = settings
    this.#compressed = compressed
    this.#headers = headers
    this.#context = context
  }

  async start(): Promise<void> {
    const { url, upstream: named, tls } = this.#settings
    const { upstream, release } = this.#context.upstreams.connect(this.#context.id, { url, upstream: named, tls })
    const grpc = await import('@grpc/grpc-js')
    const metadata = new grpc.Metadata()
    for (const [name, value] of Object.entries(this.#headers)) metadata.set(name, value)
    this.#connection = { grpc, clients: this.#clientsOf(upstream, grpc), metadata, release }
  }

  async stop(): Promise<void> {
    const connection = this.#connection
    this.#connection = undefined
    for (const client of connection?.clients ?? []) client.close()
    await connection?.release()
  }

  async export(request: () => Bytes, signal: AbortSignal): Promise<ExportResult> {
    const connection = this.#connection
    if (connection === undefined) return notRunning
    if (signal.aborted) return aborted
    const { clients, metadata } = connection
    const client = clients[this.#turn++ % clients.length]!
    const body = request()
    const method = METHODS[this.#context.signal]
    const options = { deadline: Date.now() + this.#settings.timeout_ms }
    return await new Promise((resolve) => {
      const onAbort = () => call.cancel()
      const call = client.makeUnaryRequest(method, same, same, body, metadata.clone(), options, (error, response) => {
        signal.removeEventListener('abort', onAbort)
        if (error === null) resolve({ ok: true, response: viewOf(response!) })
        else resolve(signal.aborted ? aborted : this.#failure(error))
      })
      signal.addEventListener('abort', onAbort, { once: true })
    })
  }

  /** One for each target; calls take turns. */
  #clientsOf({ plan }: Upstream, grpc: Grpc): Client[] {
    const options = {
      'grpc.default_compression_algorithm': this.#compressed ? GZIP : 0,
      'grpc.max_receive_message_length': ANSWER_BYTES_MAX,
      'grpc.max_reconnect_backoff_ms': RECONNECT_MS_MAX,
      // Retries, and what goes through a proxy, are the engine's and the configuration's to say.
      'grpc.enable_retries': 0,
      'grpc.enable_http_proxy': 0,
      ...(plan.tls?.serverName === undefined ? {} : { 'grpc.ssl_target_name_override': plan.tls.serverName }),
    }
    return plan.targets.map(({ url }) => {
      const { protocol, hostname, port } = new URL(url)
      const isSecure = protocol === 'https:'
      const credentials = isSecure ? secureCredentials(grpc, plan.tls) : grpc.credentials.createInsecure()
      const scheme = hostname.startsWith('[') ? 'ipv6' : 'dns'
      return new grpc.Client(`${scheme}:${hostname}:${port || (isSecure ? 443 : 80)}`, credentials, options)
    })
  }

  #failure({ code: number, details, metadata }: ServiceError): Failed {
    const code = CODES[number] ?? 'unknown'
    const [binary] = metadata?.get('grpc-status-details-bin') ?? []
    const status = binary instanceof Uint8Array ? statusIn(viewOf(binary)) : undefined
    const said = details.slice(0, REASON_CHARACTERS_MAX).replace(/\s+/g, ' ').trim()
    const failed: Failed = {
      ok: false,
      retryable: RETRYABLE.has(code),
      code: `grpc_${code}`,
      message: `the server answered ${code}: ${said}`,
    }
    if (code === 'resource_exhausted') {
      failed.retryable = status?.retryMs !== undefined
      if (!failed.retryable && TOO_LARGE.test(details)) failed.tooLarge = true
    }
    if (failed.retryable && status?.retryMs !== undefined)
      failed.retryAfterMs = Math.min(status.retryMs, this.#settings.retry_after_max_ms)
    return failed
  }
}

function same(bytes: Buffer): Buffer {
  return bytes
}

function secureCredentials(grpc: Grpc, tls: TlsPlan | undefined): ChannelCredentials {
  const pem = (text: string | undefined) => (text === undefined ? null : Buffer.from(text))
  return grpc.credentials.createSsl(pem(tls?.ca), pem(tls?.key?.reveal()), pem(tls?.cert), {
    rejectUnauthorized: tls?.verify ?? true,
  })
}
