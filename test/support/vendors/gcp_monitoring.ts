/**
 * Google Cloud Monitoring, as documented for `projects.timeSeries.create`, with Google's token endpoint beside it. A
 * message is the label `line`, or the metric's type where there is none.
 */
import { isDeepStrictEqual } from 'node:util'
import { gcpMonitoring as definition } from '#outputs/gcp_monitoring/gcp_monitoring.ts'
import { lineBlock } from '../metrics.ts'
import { rpcError, TokenFake } from './gcp_logging.ts'
import { type Vendor, type VendorAnswer, VendorFake, type VendorRequest } from './vendor-fake.ts'

const SERIES_MAX = 200
const BETWEEN_POINTS_MS = 5_000
const TYPE = /^custom\.googleapis\.com\/[A-Za-z0-9_./]+$/
const KEY = /^[A-Za-z][A-Za-z0-9_]{0,99}$/

export interface TimeSeries {
  metric: { type: string; labels: Record<string, string> }
  resource: { type: string; labels: Record<string, string> }
  metricKind: 'GAUGE' | 'CUMULATIVE'
  valueType: 'DOUBLE' | 'DISTRIBUTION'
  points: { interval: { startTime?: string; endTime: string }; value: Value }[]
}

interface Value {
  doubleValue?: number
  distributionValue?: {
    count: string
    mean: number
    bucketOptions: { explicitBuckets: { bounds: number[] } }
    bucketCounts: string[]
  }
}

export class GcpMonitoringFake extends VendorFake {
  readonly series: TimeSeries[] = []
  readonly tokens = new TokenFake()
  /** Points that came a second time. They are refused, which breaks no rule where the first answer was lost. */
  repeats = 0
  readonly #last = new Map<string, TimeSeries>()

  constructor() {
    super()
    this.tokens.scope = 'https://www.googleapis.com/auth/monitoring.write'
  }

  override async listen(): Promise<this> {
    await this.tokens.listen()
    return await super.listen()
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    await this.tokens[Symbol.asyncDispose]()
    await super[Symbol.asyncDispose]()
  }

  protected override handle({ method, path, headers, body }: VendorRequest): VendorAnswer {
    const token = /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1] ?? ''
    if (!this.tokens.tokens.has(token)) return rpcError(401, 'UNAUTHENTICATED', 'Request had invalid credentials.')
    if (method !== 'POST' || path !== '/v3/projects/my-project/timeSeries') {
      return this.violation(`${method} ${path}`, { status: 404 })
    }
    const { timeSeries } = JSON.parse(body.toString()) as { timeSeries: TimeSeries[] }
    if (timeSeries.length > SERIES_MAX) return this.#invalid('too many series')
    const keys = timeSeries.map(keyOf)
    if (new Set(keys).size < keys.length) return this.#invalid('a series twice')
    const problems = timeSeries.map((series) => problemOf(series) ?? this.#orderProblem(series))
    for (const [i, series] of timeSeries.entries()) {
      if (problems[i] !== undefined) continue
      this.#last.set(keys[i]!, series)
      this.series.push(series)
      this.stored.push(series.metric.labels['line'] ?? series.metric.type)
    }
    const told = problems.flatMap((problem, i) => (problem === undefined ? [] : `${problem}: timeSeries[${i}]`))
    if (told.length === 0) return { status: 200, body: '{}' }
    for (const [i, problem] of problems.entries()) {
      if (problem === undefined) continue
      if (isDeepStrictEqual(this.#last.get(keys[i]!), timeSeries[i])) this.repeats++
      else this.violations.push(`${problem}: timeSeries[${i}]`)
    }
    return rpcError(400, 'INVALID_ARGUMENT', `One or more TimeSeries could not be written: ${told.join('; ')}`)
  }

  #orderProblem(series: TimeSeries): string | undefined {
    const last = this.#last.get(keyOf(series))
    if (last === undefined) return undefined
    const end = endOf(series)
    if (end <= endOf(last)) return 'Points must be written in order'
    return end - endOf(last) < BETWEEN_POINTS_MS ? 'Points are written more frequently than the maximum' : undefined
  }

  #invalid(what: string): VendorAnswer {
    return this.violation(what, rpcError(400, 'INVALID_ARGUMENT', what))
  }
}

function endOf({ points }: TimeSeries): number {
  return Date.parse(points[0]!.interval.endTime)
}

function keyOf({ metric, resource }: TimeSeries): string {
  return JSON.stringify([metric, resource])
}

function problemOf({ metric, metricKind, valueType, points }: TimeSeries): string | undefined {
  const { interval, value } = points[0]!
  if (points.length !== 1) return 'not one point'
  if (!TYPE.test(metric.type) || metric.type.length > 200) return `type ${metric.type}`
  if (Object.keys(metric.labels).some((key) => !KEY.test(key))) return 'a label that is none'
  const starts = interval.startTime === undefined ? Number.NaN : Date.parse(interval.startTime)
  if (metricKind === 'CUMULATIVE' && !(starts < Date.parse(interval.endTime))) return 'no interval'
  if (metricKind === 'GAUGE' && interval.startTime !== undefined) return 'a gauge of an interval'
  const { doubleValue, distributionValue } = value
  if (valueType === 'DOUBLE') return typeof doubleValue === 'number' ? undefined : 'no number'
  if (distributionValue === undefined) return 'no distribution'
  const { count, bucketCounts, bucketOptions } = distributionValue
  const { bounds } = bucketOptions.explicitBuckets
  const sum = bucketCounts.reduce((all, each) => all + Number(each), 0)
  if (sum !== Number(count)) return 'buckets that do not add up'
  if (bucketCounts.length !== bounds.length + 1 || bounds.length === 0) return 'buckets that do not match'
  return bounds.every((bound, i) => i === 0 || bound > bounds[i - 1]!) ? undefined : 'bounds that do not ascend'
}

export const gcpMonitoring: Vendor = {
  definition,
  signal: 'metrics',
  block: lineBlock,
  start: () => new GcpMonitoringFake().listen(),
  options: (fake) => ({
    url: fake.url,
    project: 'my-project',
    credentials: (fake as GcpMonitoringFake).tokens.account(),
  }),
}
