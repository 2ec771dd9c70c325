/** Takes OTLP over HTTP and gRPC and keeps what it was sent, read by an implementation that is not ours. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { promisify } from 'node:util'
import { gunzipSync } from 'node:zlib'
import { Server, ServerCredentials } from '@grpc/grpc-js'
import { type Signal, signals } from '#telemetry/signal.ts'
import { decodeMessage, methodOf, requestName } from './otlp-messages.ts'

/** A record with what it stands under, as plain values. */
export interface Arrived {
  resource: unknown
  resourceSchema: unknown
  scope: unknown
  scopeSchema: unknown
  record: Record<string, unknown>
}

const MEMBERS = {
  logs: ['resource_logs', 'scope_logs', 'log_records'],
  metrics: ['resource_metrics', 'scope_metrics', 'metrics'],
  traces: ['resource_spans', 'scope_spans', 'spans'],
} as const

export class OtlpSink implements AsyncDisposable {
  readonly arrived: Record<Signal, Arrived[]> = { logs: [], metrics: [], traces: [] }
  requests = 0
  readonly #http = createServer((request, response) => this.#onRequest(request, response))
  readonly #grpc = new Server()
  #grpcPort = 0

  static async start(): Promise<OtlpSink> {
    const sink = new OtlpSink()
    sink.#http.listen(0, '127.0.0.1')
    await once(sink.#http, 'listening')
    for (const signal of signals) sink.#register(signal)
    sink.#grpcPort = await promisify(sink.#grpc.bindAsync.bind(sink.#grpc))(
      '127.0.0.1:0',
      ServerCredentials.createInsecure(),
    )
    return sink
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#http.address() as AddressInfo).port}`
  }

  get grpcUrl(): string {
    return `http://127.0.0.1:${this.#grpcPort}`
  }

  /** Forgets what has arrived. */
  clear(): void {
    for (const signal of signals) this.arrived[signal].length = 0
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#grpc.forceShutdown()
    this.#http.closeAllConnections()
    this.#http.close()
    await once(this.#http, 'close')
  }

  #register(signal: Signal): void {
    const path = methodOf(signal)
    const same = (bytes: Buffer) => bytes
    const unary = { path, requestStream: false, responseStream: false } as const
    const bytes = {
      requestSerialize: same,
      requestDeserialize: same,
      responseSerialize: same,
      responseDeserialize: same,
    }
    this.#grpc.addService(
      { export: { ...unary, ...bytes } },
      {
        export: (call: { request: Buffer }, done: (error: null, response: Buffer) => void) => {
          this.#take(signal, call.request)
          done(null, Buffer.alloc(0))
        },
      },
    )
  }

  async #onRequest(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const sent = Buffer.concat(chunks)
    const body = request.headers['content-encoding'] === 'gzip' ? gunzipSync(sent) : sent
    const signal = signals.find((each) => request.url === `/v1/${each}`)
    if (signal === undefined) response.statusCode = 404
    else this.#take(signal, body)
    response.setHeader('content-type', 'application/x-protobuf').end()
  }

  #take(signal: Signal, request: Buffer): void {
    this.requests++
    this.arrived[signal].push(...recordsOf(signal, request))
  }
}

function recordsOf(signal: Signal, request: Uint8Array): Arrived[] {
  const [resources, scopes, records] = MEMBERS[signal]
  const groups = decodeMessage(requestName(signal), request)[resources] ?? []
  return groups.flatMap((group: Message) =>
    (group[scopes] ?? []).flatMap((scope: Message) =>
      (scope[records] ?? []).map((record: Message) => ({
        resource: group['resource'],
        resourceSchema: group['schema_url'],
        scope: scope['scope'],
        scopeSchema: scope['schema_url'],
        record,
      })),
    ),
  )
}

// biome-ignore lint/suspicious/noExplicitAny: messages as protobufjs gives them
type Message = Record<string, any>
