/**
 * `prometheus_remote_write` takes what Prometheus, vmagent, Grafana Alloy and others send by remote write 1.0 and 2.0.
 * https://prometheus.io/docs/specs/prw/
 *
 * A request is taken whole or not at all. It is walked over before it is taken, so that one that is no request gets
 * 400, and so that
 * the answer tells how many points came; what a point holds is read by the engines.
 */
import { z } from 'zod'
import { HeadFlag } from '#codecs/remote_write/decoder.ts'
import { type Survey, survey, type Version } from '#codecs/remote_write/survey.ts'
import type { Exchange } from '#component/exchange.ts'
import { defineSource, type Source, type SourceContext } from '#component/source.ts'
import { HttpIntake, httpIntakeOptions } from '#listeners/http-intake.ts'
import { isCuttable, piecesOf } from './pieces.ts'
import { shownCredential } from './shown-credential.ts'

const PROTOS: Readonly<Record<string, Version>> = {
  'prometheus.writerequest': 1,
  'io.prometheus.write.v2.request': 2,
}
const MEDIA_TYPE = 'application/x-protobuf'

const config = z.strictObject({
  ...httpIntakeOptions('0.0.0.0:9201'),
  path: z
    .string()
    .regex(/^\/[^?#\s]*$/, 'must begin with a slash and have no query')
    .default('/api/v1/write')
    .describe('Path that requests are taken on.'),
})
type Options = z.output<typeof config>

export const prometheusRemoteWrite = defineSource({
  name: 'prometheus_remote_write',
  summary: 'Metrics that Prometheus and its like send by remote write 1.0 and 2.0.',
  config,
  signals: ['metrics'],
  promising: true,
  create: (options, context) => new RemoteWriteSource(options, context),
})

class RemoteWriteSource implements Source {
  readonly #options: Options
  readonly #context: SourceContext
  readonly #intake: HttpIntake

  constructor(options: Options, context: SourceContext) {
    this.#options = options
    this.#context = context
    this.#intake = new HttpIntake(context, options)
  }

  start(): Promise<void> {
    const handle = (exchange: Exchange) => this.#take(exchange)
    return this.#intake.start([{ method: 'POST', path: this.#options.path, handle }])
  }

  stop(): Promise<void> {
    return this.#intake.stop()
  }

  address(): string {
    return this.#intake.address()
  }

  async #take(exchange: Exchange): Promise<void> {
    const key = this.#intake.admit(exchange, shownCredential(exchange.headers))
    if (key === undefined) return
    const version = versionOf(exchange.headers['content-type'])
    if (version === undefined) {
      const protos = 'proto=prometheus.WriteRequest or proto=io.prometheus.write.v2.Request'
      const detail = `Content types that are taken: ${MEDIA_TYPE}, with ${protos}.`
      const refusal = { status: 415, reason: 'unsupported_media_type', detail } as const
      this.#intake.refuse(exchange, exchange.declaredBytes, refusal)
      return
    }
    // Both versions ask for Snappy, and some senders of 1.0 do not name it.
    const received = await this.#intake.body(exchange, { snappy: 'assumed' })
    if (received === undefined) return
    const { bytes: body, length } = received
    const found = survey(body, version)
    if (typeof found === 'string') {
      received.release()
      this.#intake.refuse(exchange, length, { status: 400, reason: 'malformed', detail: found })
      return
    }
    if (!this.#isModest(found, length)) {
      received.release()
      const detail = 'A series, or the symbols, or what the symbols stand for, is larger than the intake allows.'
      this.#intake.refuse(exchange, length, { status: 413, reason: 'body_too_large', detail })
      return
    }
    const held = { records: found.samples + found.histograms, bytes: length, release: () => received.release() }
    const flags = (found.exemplars > 0 ? HeadFlag.EXEMPLARS : 0) | (found.isPlain ? HeadFlag.PLAIN : 0)
    const whole = { origin: exchange.origin, version, flags, body, survey: found }
    const put = () =>
      length === 0 ? ('taken' as const) : this.#intake.put(piecesOf(whole, this.#context.intake.entryBytesMax))
    if (await this.#intake.hand(exchange, key, held, put)) exchange.answer(204, writtenHeaders(found))
  }

  /** Few bytes may stand for many: each point has labels of its own when it is a record. */
  #isModest(found: Survey, length: number): boolean {
    const { entryBytesMax } = this.#context.intake
    if (found.labelBytes > this.#options.decompressed_bytes_max) return false
    return length < entryBytesMax || isCuttable(found, entryBytesMax)
  }
}

/** Undefined: neither version. Without a `proto` it is 1.0, whatever other parameters say. */
function versionOf(contentType = MEDIA_TYPE): Version | undefined {
  const [media, ...parameters] = contentType.toLowerCase().split(';')
  if (media!.trim() !== MEDIA_TYPE) return undefined
  for (const parameter of parameters) {
    const [name, value = ''] = parameter.split('=')
    if (name!.trim() === 'proto') return PROTOS[value.trim().replace(/^"(.*)"$/, '$1')]
  }
  return 1
}

/** A sender of 2.0 that finds none of them takes us for one of 1.0 that understood nothing. */
function writtenHeaders({ samples, histograms, exemplars }: Survey): Record<string, string> {
  return {
    'x-prometheus-remote-write-samples-written': String(samples),
    'x-prometheus-remote-write-histograms-written': String(histograms),
    'x-prometheus-remote-write-exemplars-written': String(exemplars),
  }
}
