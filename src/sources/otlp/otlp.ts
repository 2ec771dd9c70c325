/**
 * `otlp` takes OpenTelemetry's protocol: logs, metrics and traces, over HTTP and gRPC (opentelemetry-proto:
 * docs/specification.md).
 */
import type { BodyLimits } from '#component/exchange.ts'
import { defineSource, type Source, type SourceContext } from '#component/source.ts'
import { bodyLimits } from '#listeners/options.ts'
import { signals } from '#telemetry/signal.ts'
import { config, type Options } from './options.ts'
import { GrpcDoor } from './over-grpc.ts'
import { HttpDoor } from './over-http.ts'
import { type Around, Receptionist } from './reception.ts'

export const otlp = defineSource({
  name: 'otlp',
  summary: 'Logs, metrics and traces by the OpenTelemetry protocol, over HTTP and gRPC.',
  config,
  signals,
  promising: true,
  create: (options, context) => new OtlpSource(options, context),
})

class OtlpSource implements Source {
  readonly #doors: readonly (HttpDoor | GrpcDoor)[]

  constructor(options: Options, context: SourceContext) {
    const reception = new Receptionist(context, options.durable_timeout_ms, options.api_keys)
    const limits: BodyLimits = bodyLimits({ ...options, decompressed_bytes_max: options.body_bytes_max })
    const connections = { http: 0, grpc: 0 }
    const around = (door: keyof typeof connections): Around => ({
      context,
      reception,
      limits,
      gauge: (value) => {
        connections[door] = value
        context.gauge('connections', connections.http + connections.grpc)
      },
    })
    const { http, grpc } = options
    this.#doors = [
      ...(http === false ? [] : [new HttpDoor(http, around('http'))]),
      ...(grpc === false ? [] : [new GrpcDoor(grpc, around('grpc'))]),
    ]
  }

  async start(): Promise<void> {
    try {
      for (const door of this.#doors) await door.start()
    } catch (error) {
      await this.stop()
      throw error
    }
  }

  async stop(): Promise<void> {
    await Promise.all(this.#doors.map((door) => door.stop()))
  }

  /** One for each door, with a space between them. */
  address(): string {
    return this.#doors.map((door) => door.address()).join(' ')
  }
}
