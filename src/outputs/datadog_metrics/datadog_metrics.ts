/**
 * `datadog_metrics` sends metrics to Datadog: series to `POST /api/v2/series`, sketches and histograms to
 * `POST /api/beta/sketches`, both as protobuf. Batches that come too large for the intake when compressed are divided.
 */
import { z } from 'zod'
import {
  POINT_BYTES_MAX,
  SeriesType,
  Shape,
  sketchField,
  writePoint,
  writeType,
} from '#codecs/datadog_metrics/encoder.ts'
import { readHistogram } from '#codecs/metric/distribution.ts'
import { Envelope, refusals, Task } from '#codecs/metric/envelope.ts'
import { sketchOf } from '#codecs/metric/weights.ts'
import { closeLength, LENGTH_BYTES_MAX, tagOf, WireType } from '#codecs/protobuf/wire.ts'
import {
  type Batch,
  defineOutput,
  type Failed,
  type Output,
  type OutputContext,
  type Refusal,
  type SendResult,
} from '#component/output.ts'
import { Secret } from '#component/secret.ts'
import { allocate, type Bytes, concat, copyBytes } from '#std/bytes.ts'
import { Endpoint, endpointOptions, endpointUrl, gzip } from '../endpoint.ts'
import { type PartOutcome, resultOf } from '../outcome.ts'
import { RunningHistograms } from '../running-histograms.ts'
import { RunningSums, seriesMaxOption } from '../running-sums.ts'
import { notRunning } from '../socket-writer.ts'

/** Documented for /api/v2/series: 512,000 bytes compressed and 5,242,880 without. Sketches may have more. */
const BODY_BYTES_MAX = 5_242_880
const COMPRESSED_BYTES_MAX = 512_000
/** Documented: no more than ten minutes in the future. */
const AHEAD_MS_MAX = 600_000

const SERIES_PATH = '/api/v2/series'
const SKETCHES_PATH = '/api/beta/sketches'

// What a sum has grown by hangs on what went before: one request after the other.
const { concurrency: _, ...endpoint } = endpointOptions

const config = z.strictObject({
  api_key: z
    .string()
    .regex(/^[\x21-\x7e]+$/, { error: 'has a character that no key has', abort: true })
    .transform((key) => new Secret(key))
    .describe('API key; best as a reference to the environment or a file.'),
  site: z
    .string()
    .regex(/^[a-z0-9.-]+$/, 'must be a site such as datadoghq.eu')
    .default('datadoghq.com')
    .describe('Datadog site that the intake belongs to.'),
  url: endpointUrl.optional().describe("Intake to send to instead of the site's own: a proxy, a test."),
  hostname: z.string().min(1).max(255).optional().describe('Host of points without a label `host`.'),
  tags: z
    .array(z.string().regex(/^[^,]+$/, 'must not hold a comma'))
    .max(100)
    .default([])
    .describe('Tags for all points, such as env:prod.'),
  counters_as: z
    .enum(['count', 'rate'])
    .default('count')
    .describe('What sums are: counts of an interval, or rates per second, as the Agent sends those of DogStatsD.'),
  max_age_ms: z
    .int()
    .min(1000)
    .default(3_600_000)
    .describe('Older points are refused here: Datadog would take them and drop them in silence.'),
  ...seriesMaxOption,
  ...endpoint,
})
type Options = z.output<typeof config>

export const datadogMetrics = defineOutput({
  name: 'datadog_metrics',
  summary: 'Sends metrics to Datadog.',
  shape: 'request',
  config,
  signals: ['metrics'],
  encoder: ({ tags, hostname }) => ({
    name: 'datadog_metrics',
    options: { tags, ...(hostname === undefined ? {} : { hostname }) },
  }),
  batch: { maxRecords: 10_000, maxBytes: 2_000_000, maxWaitMs: 2_000 },
  // An envelope takes more than what comes in its place.
  limits: () => ({ bytes: BODY_BYTES_MAX }),
  create: (options, context) => new DatadogMetricsOutput(options, context),
})

interface Part {
  path: string
  records: number[]
  bodies: Bytes[]
}

class DatadogMetricsOutput implements Output {
  readonly #options: Options
  readonly #context: OutputContext
  readonly #endpoint: Endpoint
  readonly #sums: RunningSums
  readonly #histograms: RunningHistograms
  readonly #headers: Record<string, string>

  constructor(options: Options, context: OutputContext) {
    const url = options.url ?? `https://api.${options.site}`
    this.#options = options
    this.#context = context
    this.#endpoint = new Endpoint({ ...options, url }, context)
    this.#sums = new RunningSums(options.series_max)
    this.#histograms = new RunningHistograms(options.series_max)
    this.#headers = {
      'content-type': 'application/x-protobuf',
      'content-encoding': 'gzip',
      'dd-api-key': options.api_key.reveal(),
    }
  }

  async start(): Promise<void> {
    this.#endpoint.start()
  }

  async stop(): Promise<void> {
    await this.#endpoint.stop()
  }

  async send(batch: Batch, signal: AbortSignal): Promise<SendResult> {
    if (!this.#endpoint.running) return notRunning
    const refused: Refusal[] = []
    const parts = this.#partsOf(batch, refused)
    const outcomes: PartOutcome[] = []
    for (const part of parts) {
      if (part.records.length > 0) outcomes.push({ records: part.records, failure: await this.#sendPart(part, signal) })
    }
    const result = resultOf(outcomes)
    if (result.ok !== false) return this.#settled(batch, result, refused)
    // The whole is sent again or divided, what is refused with it.
    if (result.retryable || result.tooLarge || result.oneMaySpoil) return result
    return refused.length === 0 ? result : { ...result, oneMaySpoil: true }
  }

  async #sendPart({ path, bodies }: Part, signal: AbortSignal): Promise<Failed | undefined> {
    const body = await gzip(concat(bodies))
    if (path === SERIES_PATH && body.length > COMPRESSED_BYTES_MAX) {
      const message = `${body.length} bytes compressed are more than the ${COMPRESSED_BYTES_MAX} that the intake takes`
      return { ok: false, retryable: false, tooLarge: true, code: 'too_large', message }
    }
    const result = await this.#endpoint.send({ method: 'POST', path, headers: this.#headers, body, signal })
    return result.ok === false ? result : undefined
  }

  #partsOf(batch: Batch, refused: Refusal[]): Part[] {
    const series: Part = { path: SERIES_PATH, records: [], bodies: [] }
    const sketches: Part = { path: SKETCHES_PATH, records: [], bodies: [] }
    const point = new Envelope()
    const now = this.#context.clock.wall()
    for (let record = 0; record < batch.records; record++) {
      if (!point.read(batch.bytes, record === 0 ? 0 : batch.ends[record - 1]!, batch.ends[record]!)) {
        refused.push({ record, code: 'malformed', message: 'the record is no point' })
        continue
      }
      if (point.task === Task.NOTHING) continue
      const refusal = this.#refusalOf(point, now)
      if (refusal !== undefined) {
        refused.push({ record, ...refusal })
        continue
      }
      const part = point.detail >= Shape.SKETCH ? sketches : series
      const body = this.#bodyOf(point)
      if (body instanceof Uint8Array) {
        part.records.push(record)
        part.bodies.push(body)
      } else if (body !== undefined) refused.push({ record, ...body })
    }
    return [series, sketches]
  }

  #refusalOf({ task, detail, timeMs }: Envelope, now: number): Omit<Refusal, 'record'> | undefined {
    if (task === Task.REFUSE) return refusals[detail] ?? refusals[0]
    if (timeMs < now - this.#options.max_age_ms) {
      return { code: 'too_old', message: 'the point is older than max_age_ms' }
    }
    if (timeMs <= now + AHEAD_MS_MAX) return undefined
    return { code: 'too_new', message: 'the point is more than ten minutes in the future' }
  }

  /** A field of a payload; why there is none; or undefined when there is nothing to be sent. */
  #bodyOf(point: Envelope): Bytes | Omit<Refusal, 'record'> | undefined {
    const { bytes, bodyFrom, bodyTo, detail, timeMs, task } = point
    if (detail === Shape.SERIES) return bytes.subarray(bodyFrom, bodyTo)
    if (detail === Shape.SKETCH) return fieldOf(point, -1, 0, 0)
    if (detail === Shape.HISTOGRAM) return this.#grown(point)
    let { value, intervalMs } = point
    if (task === Task.TO_DELTA) {
      const told = this.#sums.deltaOf(point)
      if (told.kind === 'first') return undefined
      if (told.kind === 'refused') return { code: told.code, message: told.message }
      value = told.value
      intervalMs = timeMs - told.startMs
    }
    if (detail === Shape.GAUGE) return fieldOf(point, SeriesType.GAUGE, value, 0)
    const seconds = Math.max(1, Math.round(intervalMs / 1000))
    return this.#options.counters_as === 'rate'
      ? fieldOf(point, SeriesType.RATE, value / seconds, seconds)
      : fieldOf(point, SeriesType.COUNT, value, seconds)
  }

  /** What a cumulative histogram has grown by, as a sketch. */
  #grown(point: Envelope): Bytes | Omit<Refusal, 'record'> | undefined {
    const told = this.#histograms.deltaOf(point, readHistogram(point.bytes, point.bodyFrom, point.bodyTo))
    if (told.kind === 'refused') return { code: told.code, message: told.message }
    if (told.kind === 'first') return undefined
    const sketch = sketchOf(told.histogram)
    return sketch.count === 0 ? undefined : sketchField(point, sketch)
  }

  #settled(batch: Batch, result: SendResult, refused: Refusal[]): SendResult {
    const retry = result.ok === 'partly' ? result.retry : []
    const again = new Set(retry)
    const point = new Envelope()
    for (let record = 0; record < batch.records; record++) {
      if (again.has(record)) continue
      if (point.read(batch.bytes, record === 0 ? 0 : batch.ends[record - 1]!, batch.ends[record]!)) {
        this.#sums.settle(point)
        this.#histograms.settle(point)
      }
    }
    if (result.ok === 'partly') {
      const all = [...result.refused, ...refused].sort((a, b) => a.record - b.record)
      return { ...result, refused: all }
    }
    const first = refused[0]
    return first === undefined ? result : { ok: 'partly', retry, refused, code: first.code, message: first.message }
  }
}

/** The body as a field 1, with a point of this type behind it; -1: as it is. */
function fieldOf(point: Envelope, type: number, value: number, intervalSeconds: number): Bytes {
  const { bytes, bodyFrom, bodyTo, timeMs } = point
  const field = allocate(1 + LENGTH_BYTES_MAX + bodyTo - bodyFrom + POINT_BYTES_MAX)
  field[0] = tagOf(1, WireType.bytes)
  copyBytes(bytes, bodyFrom, bodyTo, field, 2)
  let write = 2 + bodyTo - bodyFrom
  if (type !== -1) {
    write = writePoint(value, Math.floor(timeMs / 1000), field, write)
    write = writeType(type, intervalSeconds, field, write)
  }
  return field.subarray(0, closeLength(field, 2, write))
}
