/**
 * One metric record as the series that Prometheus makes of it: a number as one; a histogram as `_bucket` for each
 * bound, `_sum` and `_count`;
 * a summary as one for each quantile, `_sum` and `_count`. Text here has one character per byte.
 */
import {
  type ExponentialHistogram,
  type Histogram,
  readExponentialHistogram,
  readHistogram,
  readSummary,
  type Summary,
} from '#codecs/metric/distribution.ts'
import { Flag, Kind, LabelType, MetricField, type MetricReader, Temporality } from '#codecs/metric/record.ts'
import { fromText, latin1, utf8Length } from '#std/bytes.ts'
import { type PromExemplar, readExemplar } from './exemplar.ts'
import { FieldCursor } from './fields.ts'
import { type FamilyType, familyTypes, TYPE_KEY } from './meaning.ts'
import { labelName, metricName, suffixedName } from './naming.ts'
import { resourceLabels } from './resource.ts'

export interface ExpandOptions {
  /** Unit and `_total` behind the names of metrics that do not come from Prometheus. */
  add_suffixes: boolean
  /** Names are left as they are. */
  utf8_names: boolean
  external_labels: Readonly<Record<string, string>>
  /** Attributes of the resource that become labels, beside job and instance. */
  resource_labels: readonly string[]
  /**
   * What exponential histograms become: `native` ones, or classic ones with a bucket for each boundary that is there.
   */
  exponential: 'native' | 'classic'
  /** What explicit ones become. */
  histograms: 'classic' | 'native'
  /** `1`, or `1.0` as OpenMetrics has it. */
  bounds: 'short' | 'canonical'
}

export interface Expanded {
  family: string
  type: FamilyType
  unit: string
  help: string
  /** Sorted by name, without the metric's own. */
  labels: readonly (readonly [name: string, value: string])[]
  points: Point[]
  native: { exponential?: ExponentialHistogram; explicit?: Histogram; isGauge: boolean } | undefined
  /** Values are what came since the point before. */
  isDelta: boolean
  isStale: boolean
  /** 0: unknown. */
  timeMs: number
  startMs: number
}

export interface Point {
  name: string
  label: readonly [name: string, value: string] | undefined
  value: number
  exemplars: PromExemplar[]
}

export const refusals = [
  ['delta_exponential_histogram', 'An exponential histogram of deltas has buckets that cannot be summed up.'],
  ['delta_summary', 'A summary of deltas cannot be summed up.'],
  ['unsupported_kind', 'A metric of this kind has no form in Prometheus.'],
  ['scale', 'An exponential histogram has wider buckets than Prometheus knows.'],
  ['too_large', 'A histogram has more buckets and labels than one record may become.'],
  ['no_name', 'A metric has no name.'],
] as const
export type RefusalCode = (typeof refusals)[number][0]

const NAMES_MAX = 20_000

export class Expander {
  readonly #options: ExpandOptions
  readonly #fields = new FieldCursor()
  readonly #external: readonly (readonly [string, string])[]
  /** By kind, unit and name. */
  readonly #names = new Map<string, string>()
  readonly #labelNames = new Map<string, string>()

  constructor(options: ExpandOptions) {
    this.#options = options
    this.#external = Object.entries(options.external_labels).map(([name, value]) => [toLatin1(name), toLatin1(value)])
  }

  /** `reader` stands at a record. */
  expand(reader: MetricReader): Expanded | RefusalCode {
    const { kind, bytes } = reader
    if (kind === Kind.sketch) return 'unsupported_kind'
    const found: Expanded = {
      family: '',
      type: 'unknown',
      unit: '',
      help: '',
      labels: [],
      points: [],
      native: undefined,
      isDelta: reader.temporality === Temporality.DELTA,
      isStale: reader.isStale,
      timeMs: reader.timeMs,
      startMs: reader.startMs,
    }
    let declared: FamilyType | undefined
    let [resourceFrom, resourceTo, distributionFrom, distributionTo] = [0, 0, 0, 0]
    const exemplars: PromExemplar[] = []
    const fields = this.#fields
    fields.begin(bytes, reader.labelsTo, reader.to)
    while (fields.next()) {
      const { from, to } = fields
      const field = fields.tag >> 3
      if (field === MetricField.UNIT) found.unit = latin1(bytes, from, to)
      else if (field === MetricField.DESCRIPTION) found.help = latin1(bytes, from, to)
      else if (field === MetricField.METADATA) declared ??= typeIn(latin1(bytes, from, to))
      else if (field === MetricField.EXEMPLAR) exemplars.push(...readExemplar(bytes, from, to))
      else if (field === MetricField.RESOURCE) [resourceFrom, resourceTo] = [from, to]
      else if (field === MetricField.DISTRIBUTION) [distributionFrom, distributionTo] = [from, to]
    }
    found.type = declared ?? typeOf(reader)
    const name = this.#readLabels(reader, found, resourceFrom, resourceTo)
    if (name === '') return 'no_name'
    const isOwn = declared !== undefined || (reader.flags & Flag.PROMETHEUS) !== 0
    const full = isOwn ? metricName(name, this.#options.utf8_names) : this.#nameOf(name, found)
    found.family = declared === undefined ? full : familyOf(full, declared)
    const distribution = [distributionFrom, distributionTo] as const
    if (kind === Kind.histogram) return this.#histogram(found, readHistogram(bytes, ...distribution), exemplars, reader)
    if (kind === Kind.exponential_histogram) {
      return this.#exponential(found, readExponentialHistogram(bytes, ...distribution), exemplars, reader)
    }
    if (kind === Kind.summary) return this.#summary(found, readSummary(bytes, ...distribution))
    found.points.push({ name: full, label: undefined, value: reader.value, exemplars })
    return found
  }

  /** Returns the metric's name. */
  #readLabels(reader: MetricReader, found: Expanded, resourceFrom: number, resourceTo: number): string {
    const { bytes } = reader
    const cursor = reader.beginLabels()
    const labels = new Map<string, string>()
    let name = ''
    while (cursor.next()) {
      const own = latin1(bytes, cursor.nameFrom, cursor.nameTo)
      const value = latin1(bytes, cursor.valueFrom, cursor.valueTo)
      if (own === '__name__') name = value
      else if (value !== '' && cursor.type !== LabelType.BYTES) this.#add(labels, own, value)
    }
    if (resourceTo > resourceFrom) {
      const attributes = resourceLabels(bytes, resourceFrom, resourceTo, this.#options.resource_labels)
      for (const [own, value] of attributes) if (!labels.has(own)) this.#add(labels, own, value)
    }
    for (const [own, value] of this.#external) if (!labels.has(own)) labels.set(own, value)
    found.labels = [...labels].sort(([a], [b]) => (a < b ? -1 : 1))
    return name
  }

  /** Names that become the same share one label, whose values stand one behind the other. */
  #add(labels: Map<string, string>, name: string, value: string): void {
    let plain = this.#labelNames.get(name)
    if (plain === undefined) {
      plain = labelName(name, this.#options.utf8_names)
      if (this.#labelNames.size === NAMES_MAX) this.#labelNames.clear()
      this.#labelNames.set(name, plain)
    }
    const before = labels.get(plain)
    labels.set(plain, before === undefined ? value : `${before};${value}`)
  }

  #nameOf(name: string, { unit, type }: Expanded): string {
    const key = `${type} ${unit} ${name}`
    const known = this.#names.get(key)
    if (known !== undefined) return known
    const { add_suffixes: suffixes, utf8_names: utf8 } = this.#options
    const role = type === 'counter' || type === 'gauge' ? type : 'other'
    const made = suffixes ? suffixedName(metricName(name, utf8), unit, role) : metricName(name, utf8)
    if (this.#names.size === NAMES_MAX) this.#names.clear()
    this.#names.set(key, made)
    return made
  }

  #histogram(found: Expanded, histogram: Histogram, exemplars: PromExemplar[], reader: MetricReader): Expanded {
    const { counts, bounds } = histogram
    if (this.#options.histograms === 'native' && !found.isDelta) {
      found.native = { explicit: histogram, isGauge: reader.temporality === Temporality.NONE }
      found.points.push({ name: found.family, label: undefined, value: 0, exemplars })
      return found
    }
    let count = 0
    for (let i = 0; i < bounds.length; i++) {
      count += counts[i] ?? 0
      this.#bucket(found, bounds[i]!, count)
    }
    return this.#endBuckets(found, histogram, exemplars)
  }

  #exponential(
    found: Expanded,
    histogram: ExponentialHistogram,
    exemplars: PromExemplar[],
    reader: MetricReader,
  ): Expanded | RefusalCode {
    if (found.isDelta) return 'delta_exponential_histogram'
    if (this.#options.exponential === 'native') {
      if (histogram.scale < -4) return 'scale'
      found.native = { exponential: histogram, isGauge: reader.temporality === Temporality.NONE }
      found.points.push({ name: found.family, label: undefined, value: 0, exemplars })
      return found
    }
    const { positive, negative, scale, zeroCount, zeroThreshold } = histogram
    const bound = (index: number) => 2 ** (index * 2 ** -scale)
    let count = 0
    for (let i = negative.counts.length - 1; i >= 0; i--) {
      count += negative.counts[i]!
      if (negative.counts[i] !== 0) this.#bucket(found, -bound(negative.offset + i), count)
    }
    count += zeroCount
    if (zeroCount > 0) this.#bucket(found, zeroThreshold, count)
    for (const [i, each] of positive.counts.entries()) {
      count += each
      const end = bound(positive.offset + i + 1)
      if (each !== 0 && Number.isFinite(end)) this.#bucket(found, end, count)
    }
    return this.#endBuckets(found, histogram, exemplars)
  }

  #endBuckets(
    found: Expanded,
    { count, sum }: { count: number; sum: number | undefined },
    exemplars: PromExemplar[],
  ): Expanded {
    const { family, points } = found
    points.push({ name: `${family}_bucket`, label: ['le', '+Inf'], value: count, exemplars: [] })
    for (const exemplar of exemplars) bucketOf(points, exemplar.value).exemplars.push(exemplar)
    if (sum !== undefined) points.push({ name: `${family}_sum`, label: undefined, value: sum, exemplars: [] })
    points.push({ name: `${family}_count`, label: undefined, value: count, exemplars: [] })
    return found
  }

  #bucket({ family, points }: Expanded, bound: number, value: number): void {
    if (bound === Number.POSITIVE_INFINITY) return
    const text = this.#number(bound)
    const last = points.at(-1)
    // Bounds too near to each other are one.
    if (last?.label?.[1] === text) last.value = value
    else points.push({ name: `${family}_bucket`, label: ['le', text], value, exemplars: [] })
  }

  #summary(found: Expanded, { count, sum, quantiles }: Summary): Expanded | RefusalCode {
    if (found.isDelta) return 'delta_summary'
    const { family, points } = found
    for (const { quantile, value } of quantiles) {
      points.push({ name: family, label: ['quantile', this.#number(quantile)], value, exemplars: [] })
    }
    points.push({ name: `${family}_sum`, label: undefined, value: sum, exemplars: [] })
    points.push({ name: `${family}_count`, label: undefined, value: count, exemplars: [] })
    return found
  }

  #number(value: number): string {
    const text = numberText(value)
    return this.#options.bounds === 'canonical' && /^-?\d+$/.test(text) ? `${text}.0` : text
  }
}

/** As Prometheus reads numbers. */
export function numberText(value: number): string {
  if (Number.isFinite(value)) return Object.is(value, -0) ? '-0' : String(value)
  return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf'
}

/** The first bucket that holds the value. Buckets alone stand there yet. */
function bucketOf(points: readonly Point[], value: number): Point {
  return points.find(({ label }) => label![1] === '+Inf' || Number(label![1]) >= value) ?? points.at(-1)!
}

function typeOf(reader: MetricReader): FamilyType {
  if (reader.kind === Kind.sum) return reader.isMonotonic ? 'counter' : 'gauge'
  if (reader.kind === Kind.gauge) return 'gauge'
  if (reader.kind === Kind.summary) return 'summary'
  if (reader.kind === Kind.unknown) return 'unknown'
  return reader.temporality === Temporality.NONE ? 'gaugehistogram' : 'histogram'
}

/** In a KeyValue whose key is `prometheus.type`. */
function typeIn(metadata: string): FamilyType | undefined {
  if (metadata.slice(2, 2 + TYPE_KEY.length) !== TYPE_KEY) return undefined
  return familyTypes.find((type) => metadata.endsWith(`${String.fromCharCode(type.length)}${type}`))
}

const SUFFIXES: Readonly<Partial<Record<FamilyType, readonly string[]>>> = {
  counter: ['_total', '_created'],
  histogram: ['_bucket', '_sum', '_count', '_created'],
  gaugehistogram: ['_bucket', '_gsum', '_gcount'],
  summary: ['_sum', '_count', '_created'],
}

/**
 * The family of a series that came from Prometheus. Families of counters have names with `_total` there, except in
 * OpenMetrics.
 */
function familyOf(name: string, type: FamilyType): string {
  if (type === 'counter') return name
  const suffix = SUFFIXES[type]?.find((each) => name.endsWith(each))
  return suffix === undefined ? name : name.slice(0, -suffix.length)
}

function toLatin1(text: string): string {
  return latin1(fromText(text), 0, utf8Length(text))
}
