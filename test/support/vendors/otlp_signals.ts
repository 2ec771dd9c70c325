/**
 * A server of OTLP's metrics and spans over HTTP, by the specification (opentelemetry-proto: docs/specification.md). A
 * message is a data point's attribute `line`, or a span's name.
 */
import { createHash } from 'node:crypto'
import { otlp as definition } from '#outputs/otlp/otlp.ts'
import { lineBlock } from '../metrics.ts'
import { recordsBlock } from '../otlp-blocks.ts'
import { decodeMessage, requestName } from '../otlp-messages.ts'
import { statusOf } from './otlp.ts'
import { type Vendor, type VendorAnswer, VendorFake, type VendorRequest } from './vendor-fake.ts'

type OwnSignal = 'metrics' | 'traces'

const BODY_BYTES_MAX = 20 * 1024 * 1024
const DELTA = 1
const ANCESTORS: Record<OwnSignal, readonly string[]> = {
  metrics: ['resource_metrics', 'scope_metrics', 'metrics'],
  traces: ['resource_spans', 'scope_spans', 'spans'],
}

// biome-ignore lint/suspicious/noExplicitAny: what protobufjs makes of messages that have no types here
type Message = any

export class OtlpSignalFake extends VendorFake {
  readonly #signal: OwnSignal

  constructor(signal: OwnSignal) {
    super()
    this.#signal = signal
  }

  protected override handle({ method, path, headers, body }: VendorRequest): VendorAnswer {
    const answer = (status: number, text: string) => this.violation(text, { status, body: statusOf(text) })
    if (method !== 'POST' || path !== `/v1/${this.#signal}`) return answer(404, `${method} ${path}`)
    if (headers['content-type'] !== 'application/x-protobuf') return answer(415, 'content type')
    if (body.length > BODY_BYTES_MAX) return answer(413, 'body above 20 MiB')
    let records: Message[]
    try {
      records = [decodeMessage(requestName(this.#signal), body)]
    } catch (error) {
      return answer(400, String(error))
    }
    for (const name of ANCESTORS[this.#signal]) records = records.flatMap((record) => record[name] ?? [])
    if (records.length === 0) this.violations.push('an empty request')
    for (const record of records) {
      if (this.#signal === 'metrics') this.#takeMetric(record)
      else this.#takeSpan(record)
    }
    return { status: 200, headers: { 'content-type': 'application/x-protobuf' }, body: '' }
  }

  #takeMetric({ name, gauge, sum }: Message): void {
    if (!name) this.violations.push('a metric without a name')
    const data = gauge ?? sum
    if (data === undefined) return void this.violations.push(`metric ${name} has no data`)
    if (sum !== undefined && !(sum.aggregation_temporality > 0)) this.violations.push('a sum without a temporality')
    for (const point of data.data_points ?? []) {
      const { attributes = [], time_unix_nano: time, start_time_unix_nano: start } = point
      if (!(Number(time) > 0)) this.violations.push('a point without a time')
      if (sum?.aggregation_temporality === DELTA && !(Number(start) < Number(time))) {
        this.violations.push('a delta without an interval')
      }
      const keys = attributes.map(({ key }: Message) => key)
      if (new Set(keys).size < keys.length) this.violations.push('an attribute twice')
      this.stored.push(attributes.find(({ key }: Message) => key === 'line')?.value.string_value ?? name)
    }
  }

  #takeSpan({ name, trace_id: trace, span_id: span, start_time_unix_nano: start, end_time_unix_nano: end }: Message) {
    if (!isId(trace, 32)) this.violations.push(`trace id ${trace}`)
    if (!isId(span, 16)) this.violations.push(`span id ${span}`)
    if (!(BigInt(start) <= BigInt(end))) this.violations.push('a span that ends before it starts')
    this.stored.push(name)
  }
}

function isId(id: string | undefined, digits: number): boolean {
  return id?.length === digits && !/^0+$/.test(id)
}

export const otlpMetrics: Vendor = {
  definition,
  variant: 'metrics',
  signal: 'metrics',
  block: lineBlock,
  start: () => new OtlpSignalFake('metrics').listen(),
  options: (fake) => ({ url: fake.url }),
}

export const otlpSpans: Vendor = {
  definition,
  variant: 'traces',
  signal: 'traces',
  block: (lines, nowMs) =>
    recordsBlock(
      'traces',
      lines.map((name) => spanOf(name, nowMs)),
    ),
  start: () => new OtlpSignalFake('traces').listen(),
  options: (fake) => ({ url: fake.url }),
}

function spanOf(name: string, nowMs: number): object {
  const id = createHash('sha256').update(name).digest()
  return {
    ...{ name, kind: 2, trace_id: id.subarray(0, 16), span_id: id.subarray(16, 24) },
    start_time_unix_nano: `${nowMs - 5}000000`,
    end_time_unix_nano: `${nowMs}000000`,
  }
}
