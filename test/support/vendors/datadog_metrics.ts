/**
 * Datadog's metrics intake, as documented for `POST /api/v2/series`, and as the Agent uses `/api/beta/sketches`. A
 * message is the tag `line`, or the metric's name where there is none. Payloads are read by protobufjs, from the
 * messages of DataDog/agent-payload.
 */
import protobuf from 'protobufjs'
import { datadogMetrics as definition } from '#outputs/datadog_metrics/datadog_metrics.ts'
import { lineBlock, metricBlock, type Point } from '../metrics.ts'
import { type Vendor, type VendorAnswer, VendorFake, type VendorRequest } from './vendor-fake.ts'

const SERIES_BYTES_MAX = 5_242_880
const SERIES_COMPRESSED_BYTES_MAX = 512_000

const { root } = protobuf.parse(`
  syntax = "proto3";
  message MetricPayload {
    enum MetricType { UNSPECIFIED = 0; COUNT = 1; RATE = 2; GAUGE = 3; }
    message MetricPoint { double value = 1; int64 timestamp = 2; }
    message Resource { string type = 1; string name = 2; }
    message MetricSeries {
      repeated Resource resources = 1; string metric = 2; repeated string tags = 3; repeated MetricPoint points = 4;
      int32 type = 5; string unit = 6; string source_type_name = 7; int64 interval = 8;
    }
    repeated MetricSeries series = 1;
  }
  message SketchPayload {
    message Sketch {
      message Dogsketch {
        int64 ts = 1; int64 cnt = 2; double min = 3; double max = 4; double avg = 5; double sum = 6;
        repeated sint32 k = 7; repeated uint32 n = 8;
      }
      string metric = 1; string host = 2; repeated string tags = 4; repeated Dogsketch dogsketches = 7;
    }
    repeated Sketch sketches = 1;
  }`)
const TYPES = ['unspecified', 'count', 'rate', 'gauge']

export interface DatadogSeries {
  metric: string
  type: string
  points: [value: number, seconds: number][]
  host?: string
  tags?: string[]
  unit?: string
  interval?: number
}

export interface DatadogSketch {
  metric: string
  host?: string
  tags?: string[]
  ts: number
  cnt: number
  min: number
  max: number
  sum: number
  bins: [key: number, count: number][]
}

export class DatadogMetricsFake extends VendorFake {
  readonly series: DatadogSeries[] = []
  readonly sketches: DatadogSketch[] = []
  apiKey = 'dd-test-key'

  protected override handle(request: VendorRequest): VendorAnswer {
    const { method, path, headers } = request
    if (headers['dd-api-key'] !== this.apiKey) return this.violation('api key', { status: 403 })
    if (headers['content-type'] !== 'application/x-protobuf') return this.violation('content type', { status: 415 })
    if (method === 'POST' && path === '/api/v2/series') return this.#takeSeries(request)
    if (method === 'POST' && path === '/api/beta/sketches') return this.#takeSketches(request)
    return this.violation(`${method} ${path}`, { status: 404 })
  }

  #takeSeries({ raw, body }: VendorRequest): VendorAnswer {
    if (raw.length > SERIES_COMPRESSED_BYTES_MAX) return this.violation('compressed body too large', { status: 413 })
    if (body.length > SERIES_BYTES_MAX) return this.violation('body too large', { status: 413 })
    const payload = decoded('MetricPayload', body)
    if (payload === undefined) return this.violation('no MetricPayload', { status: 400 })
    for (const series of payload['series'] ?? []) {
      const type = TYPES[series.type] ?? String(series.type)
      const interval = Number(series.interval)
      if (type !== 'gauge' && !(interval > 0)) this.violations.push('a count or rate without an interval')
      this.series.push({
        metric: series.metric,
        type,
        points: series.points.map((point: { value: number; timestamp: number }) => [
          point.value,
          Number(point.timestamp),
        ]),
        ...(series.resources.length > 0 ? { host: series.resources[0].name } : {}),
        ...(series.tags.length > 0 ? { tags: series.tags } : {}),
        ...(series.unit === '' ? {} : { unit: series.unit }),
        ...(interval > 0 ? { interval } : {}),
      })
      this.stored.push(lineOf(series.tags) ?? series.metric)
    }
    return { status: 202, headers: { 'content-type': 'application/json' }, body: '{"errors":[]}' }
  }

  #takeSketches({ body }: VendorRequest): VendorAnswer {
    const payload = decoded('SketchPayload', body)
    if (payload === undefined) return this.violation('no SketchPayload', { status: 400 })
    for (const { metric, host, tags, dogsketches } of payload['sketches'] ?? []) {
      for (const { ts, cnt, min, max, sum, k, n } of dogsketches) {
        if (k.length !== n.length) this.violations.push('a sketch with bins that do not match')
        this.sketches.push({
          metric,
          ...(host === '' ? {} : { host }),
          ...(tags.length > 0 ? { tags } : {}),
          ...{ ts: Number(ts), cnt: Number(cnt), min, max, sum },
          bins: k.map((key: number, i: number) => [key, n[i]]),
        })
      }
      this.stored.push(lineOf(tags) ?? metric)
    }
    return { status: 202, body: '' }
  }
}

function lineOf(tags: readonly string[]): string | undefined {
  return tags.find((tag) => tag.startsWith('line:'))?.slice('line:'.length)
}

export const datadogMetrics: Vendor = {
  definition,
  signal: 'metrics',
  block: lineBlock,
  start: () => new DatadogMetricsFake().listen(),
  options: (fake) => ({ url: fake.url, api_key: 'dd-test-key' }),
}

/** Each batch in two requests: every other record is a histogram, which goes as a sketch. */
export const datadogSketches: Vendor = {
  ...datadogMetrics,
  variant: 'sketches',
  block: (lines, nowMs) =>
    metricBlock(
      lines.map((line, i): Point => {
        const labels = { __name__: 'size', line }
        if (i % 2 === 0) return { labels, value: i, timeMs: nowMs }
        const histogram = { count: 3, sum: 4, counts: [1, 2], bounds: [1] }
        return { kind: 'histogram', temporality: 'delta', labels, histogram, timeMs: nowMs, intervalMs: 10_000 }
      }),
      nowMs,
    ),
}

// biome-ignore lint/suspicious/noExplicitAny: what protobufjs makes of a message that only this file knows
function decoded(name: string, body: Buffer): Record<string, any> | undefined {
  const type = root.lookupType(name)
  try {
    return type.toObject(type.decode(body), { longs: Number, defaults: true, arrays: true })
  } catch {
    return undefined
  }
}
