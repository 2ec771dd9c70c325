/**
 * Adds up what StatsD clients send, by series, and makes one point of it for each flush.
 *
 *   line ─▶ aliases ─▶ series number ─▶ value │ sketch │ buckets │ distinct values ─▶ fill ─▶ metric records
 *             └─ not found: its labels are made ─▶ series
 *
 * `aliases` knows series by name and tags as they are sent, in whatever order; it is a cache of `series`, which knows
 * them by their labels, and is cleared when it grows too large. A series is a number, under which its state stands in
 * several arrays: about 180 bytes beside its name and tags, which are kept twice, and what its values take.
 *
 * A flush goes through the series in steps, so that nobody waits long; what comes meanwhile goes into this flush or the
 * next, never into both.
 */
import { sketchBytes } from '#codecs/ddsketch/bytes.ts'
import { Sketch } from '#codecs/ddsketch/sketch.ts'
import { summaryBytes } from '#codecs/metric/distribution.ts'
import { LabelCursor } from '#codecs/metric/labels.ts'
import { Flag, Kind, MetricField, Temporality } from '#codecs/metric/record.ts'
import { type MetricWriter, NAME_LABEL } from '#codecs/metric/writer.ts'
import { MetricType, type StatsdLine } from '#codecs/statsd/line.ts'
import { type Bytes, concat, fromText } from '#std/bytes.ts'
import { Buckets } from './buckets.ts'
import { Distinct } from './distinct.ts'
import { KeyTable, offsetOf } from './key-table.ts'
import { LabelsOf } from './labels.ts'
import type { Points } from './points.ts'

export const timerShapes = ['sketch', 'histogram', 'summary'] as const

export interface AggregatorOptions {
  signed_gauges: 'change' | 'value'
  timers_as: (typeof timerShapes)[number]
  /** Ascending; of histograms. */
  histogram_bounds: readonly number[]
  /** From 0 to 1. */
  percentiles: readonly number[]
  set_values_max: number
  series_max: number
  memory_bytes_max: number
  /** Flushes that a gauge is sent without having come; see `GONE_AFTER_FLUSHES` for others. */
  gaugeFlushes: number
}

export interface Interval {
  startMs: number
  timeMs: number
}

type State = Sketch | Buckets | Distinct | undefined

/**
 * A flush without values of a series frees what they took; after so many it is forgotten, and comes again as a new one.
 */
const GONE_AFTER_FLUSHES = 30
const SERIES_MIN = 256
/** In `aliases`, for each series at most. */
const ALIASES_PER_SERIES = 2
const ALIASES_MIN = 1024
const WEIGHT_MAX = 2 ** 32
const STATE_BYTES = 200
const SERIES_BYTES = 8 + 1 + 1 + 1 + 2 + 4 + 4 + 8

const DIRTY = 1
/** It has gone down. */
const FALLS = 2
/** Nobody has sent it for long: it is no longer there, unless it comes before its number is given to another. */
const GONE = 4

const MILLISECONDS = fromText('ms')
const SUMMARY_QUANTILES = [0.5, 0.9, 0.95, 0.99]
const NO_TAGS = fromText('')

export class Aggregator {
  readonly #options: AggregatorOptions
  readonly #quantiles: readonly { quantile: number; suffix: Bytes }[]
  readonly #aliases = new KeyTable()
  readonly #series = new KeyTable()
  readonly #labels = new LabelsOf()
  readonly #cursor = new LabelCursor()
  #types = new Uint8Array(SERIES_MIN)
  #flags = new Uint8Array(SERIES_MIN)
  /** Flushes since it came. */
  #idle = new Uint16Array(SERIES_MIN)
  /** Counters and gauges: the value. Timers: what is left of weights that are no whole numbers. */
  #values = new Float64Array(SERIES_MIN)
  #positions = new Int32Array(SERIES_MIN)
  #lengths = new Int32Array(SERIES_MIN)
  #states: State[] = []
  #stateBytes = 0
  #free: number[] = []
  #count = 0
  #gone = 0
  /** The next series of the flush that is under way. */
  #at = 0
  #isLast = false

  constructor(options: AggregatorOptions) {
    this.#options = options
    this.#quantiles = options.percentiles.map((quantile) => ({ quantile, suffix: fromText(suffixOf(quantile)) }))
  }

  /** Series that are known. */
  get size(): number {
    return this.#count - this.#free.length - this.#gone
  }

  /** Memory that they take, about. */
  get bytes(): number {
    return this.#aliases.bytes + this.#series.bytes + this.#types.length * SERIES_BYTES + this.#stateBytes
  }

  /**
   * Takes a metric without a time. `tags`: where its tags stand, in [tagsFrom, tagsTo). False: there is no room for its
   * series.
   */
  add(line: StatsdLine, tags: Bytes, tagsFrom: number, tagsTo: number): boolean {
    const series = this.#seriesOf(line, tags, tagsFrom, tagsTo)
    if (series === -1 || !this.#take(series, line)) return false
    this.#flags[series] = (this.#flags[series]! | DIRTY) & ~GONE
    this.#idle[series] = 0
    return true
  }

  #take(series: number, line: StatsdLine): boolean {
    const { values, count } = line
    switch (line.type) {
      case MetricType.COUNTER:
        for (let i = 0; i < count; i++) {
          this.#values[series] = this.#values[series]! + values[i]! / line.rate
          if (values[i]! < 0) this.#flags[series] = this.#flags[series]! | FALLS
        }
        return true
      case MetricType.GAUGE:
        for (let i = 0; i < count; i++) {
          const isChange = line.deltas[i] === 1 && this.#options.signed_gauges === 'change'
          this.#values[series] = isChange ? this.#values[series]! + values[i]! : values[i]!
        }
        return true
      default:
        return this.#observe(series, line)
    }
  }

  #observe(series: number, line: StatsdLine): boolean {
    const state = this.#states[series] ?? this.#newState(series, line.type)
    if (state === undefined) return false
    const before = state.bytes
    if (state instanceof Distinct) state.add(line.bytes, line.valueFrom, line.valueTo)
    else {
      for (let i = 0; i < line.count; i++) {
        const weight = line.rate === 1 ? 1 : this.#weight(series, line.rate)
        if (weight > 0) state.add(line.values[i]!, weight)
      }
    }
    this.#stateBytes += state.bytes - before
    return true
  }

  /** Whole numbers that are 1 / rate on the average. */
  #weight(series: number, rate: number): number {
    const exact = Math.min(WEIGHT_MAX, 1 / rate) + this.#values[series]!
    const weight = Math.floor(exact)
    this.#values[series] = exact - weight
    return weight
  }

  #newState(series: number, type: number): State {
    if (this.bytes + STATE_BYTES > this.#options.memory_bytes_max) return undefined
    const { timers_as, histogram_bounds, set_values_max } = this.#options
    let state: Sketch | Buckets | Distinct
    if (type === MetricType.SET) state = new Distinct(set_values_max)
    else if (timers_as === 'histogram') state = new Buckets(histogram_bounds)
    else state = new Sketch()
    this.#states[series] = state
    this.#stateBytes += STATE_BYTES + state.bytes
    return state
  }

  /** -1: it is new and there is no room. */
  #seriesOf(line: StatsdLine, tags: Bytes, tagsFrom: number, tagsTo: number): number {
    const { bytes, nameFrom, nameTo, type } = line
    const known = this.#aliases.find(type, bytes, nameFrom, nameTo, tags, tagsFrom, tagsTo)
    if (known !== -1) {
      if ((this.#flags[known]! & GONE) !== 0) this.#revive(known)
      return known
    }
    this.#labels.make(bytes, nameFrom, nameTo, tags, tagsFrom, tagsTo)
    const { bytes: labels, from, to } = this.#labels
    let series = this.#series.find(type, labels, from, to, NO_TAGS, 0, 0)
    if (series === -1) {
      if (!this.#hasRoom()) return -1
      // What was forgotten may have been thrown out: the place that `find` has noted is of no use then.
      this.#series.find(type, labels, from, to, NO_TAGS, 0, 0)
      series = this.#free.pop() ?? this.#count++
      if (series === this.#types.length) this.#grow()
      this.#positions[series] = this.#series.add(type, labels, from, to, NO_TAGS, 0, 0, series)
      this.#lengths[series] = to - from
      this.#types[series] = type
      this.#flags[series] = 0
      this.#values[series] = 0
    } else if ((this.#flags[series]! & GONE) !== 0) this.#revive(series)
    const aliasesMax = Math.max(ALIASES_MIN, ALIASES_PER_SERIES * this.#count)
    if (this.#aliases.size >= aliasesMax) this.#aliases.clear()
    this.#aliases.find(type, bytes, nameFrom, nameTo, tags, tagsFrom, tagsTo)
    this.#aliases.add(type, bytes, nameFrom, nameTo, tags, tagsFrom, tagsTo, series)
    return series
  }

  #revive(series: number): void {
    this.#flags[series] = 0
    this.#values[series] = 0
    this.#gone--
  }

  #hasRoom(): boolean {
    const { series_max, memory_bytes_max } = this.#options
    const full = () => this.#count - this.#free.length >= series_max || this.bytes > memory_bytes_max
    if (full() && this.#gone > 0) this.#rebuild()
    if (!full()) return true
    // They are a cache; but without them all is slow, so they are thrown away only where that makes much room.
    if (this.#aliases.bytes < memory_bytes_max / 2) return false
    this.#aliases.clear()
    return !full()
  }

  /** Gives the numbers of those that are gone free. All others stay as they are. */
  #rebuild(): void {
    const kept: { series: number; labels: Bytes }[] = []
    for (let series = 0; series < this.#count; series++) {
      if (this.#lengths[series] === 0) continue
      if ((this.#flags[series]! & GONE) !== 0) {
        this.#lengths[series] = 0
        this.#free.push(series)
        continue
      }
      const position = this.#positions[series]!
      const at = offsetOf(position)
      kept.push({ series, labels: this.#series.chunkOf(position).subarray(at, at + this.#lengths[series]!) })
    }
    this.#gone = 0
    this.#aliases.clear()
    this.#series.clear()
    for (const { series, labels } of kept) {
      const type = this.#types[series]!
      this.#series.find(type, labels, 0, labels.length, NO_TAGS, 0, 0)
      this.#positions[series] = this.#series.add(type, labels, 0, labels.length, NO_TAGS, 0, 0, series)
    }
  }

  /**
   * Goes on with a flush: through `seriesMax` series at most, and no further when `points` is full. See `isFlushed`.
   */
  fill(points: Points, interval: Interval, seriesMax: number): void {
    const end = Math.min(this.#count, this.#at + seriesMax)
    while (this.#at < end && !points.isFull) {
      const series = this.#at++
      if (this.#lengths[series] !== 0 && (this.#flags[series]! & GONE) === 0) this.#flush(series, points, interval)
    }
  }

  /** The flush has seen all series. The next `fill` begins another. */
  get isFlushed(): boolean {
    return this.#at >= this.#count
  }

  /** `isLast`: gauges that are not new are left out. */
  beginFlush(isLast: boolean): void {
    this.#at = 0
    this.#isLast = isLast
    if (this.#gone > Math.max(SERIES_MIN, this.#count / 4)) this.#rebuild()
  }

  #flush(series: number, points: Points, interval: Interval): void {
    const type = this.#types[series]!
    const isDirty = (this.#flags[series]! & DIRTY) !== 0
    this.#flags[series] = this.#flags[series]! & ~DIRTY
    if (!isDirty) {
      if (this.#isLast) return
      this.#idle[series] = Math.min(0xffff, this.#idle[series]! + 1)
      const goneAfter = type === MetricType.GAUGE ? this.#options.gaugeFlushes : GONE_AFTER_FLUSHES
      if (this.#states[series] !== undefined) this.#dropState(series)
      if (this.#idle[series]! >= goneAfter) this.#forget(series)
      else if (type === MetricType.GAUGE) this.#point(series, points, Kind.gauge, this.#values[series]!, interval)
      return
    }
    const state = this.#states[series]
    if (state === undefined) {
      const isGauge = type === MetricType.GAUGE
      this.#point(series, points, isGauge ? Kind.gauge : Kind.sum, this.#values[series]!, interval)
      if (!isGauge) this.#values[series] = 0
    } else if (state instanceof Distinct) {
      this.#point(series, points, Kind.gauge, state.count(), interval)
      this.#dropState(series)
    } else {
      this.#distribution(series, points, state, interval)
      state.clear()
    }
  }

  #point(series: number, points: Points, kind: number, value: number, { startMs, timeMs }: Interval): void {
    const writer = points.begin()
    const isSum = kind === Kind.sum
    const isMonotonic = isSum && (this.#flags[series]! & FALLS) === 0
    writer.start(kind, isSum ? Temporality.DELTA : Temporality.NONE, isMonotonic ? Flag.MONOTONIC : 0)
    this.#writeLabels(series, writer)
    writer.value(value)
    writer.time(timeMs)
    if (isSum) {
      writer.startTime(startMs)
      writer.interval(timeMs - startMs)
    }
    writer.end()
    points.end()
  }

  #distribution(series: number, points: Points, state: Sketch | Buckets, interval: Interval): void {
    const isSketch = state instanceof Sketch
    // Sampled so rarely that none weighs anything.
    if (isSketch && state.count === 0) return
    const writer = points.begin()
    const asSummary = isSketch && this.#options.timers_as === 'summary'
    const kind = !isSketch ? Kind.histogram : asSummary ? Kind.summary : Kind.sketch
    writer.start(kind, Temporality.DELTA, 0)
    this.#writeLabels(series, writer)
    writer.time(interval.timeMs)
    writer.startTime(interval.startMs)
    writer.interval(interval.timeMs - interval.startMs)
    if (this.#types[series] === MetricType.TIMER) writer.field(MetricField.UNIT, MILLISECONDS)
    const bytes = !isSketch ? state.toBytes() : asSummary ? this.#summary(state) : sketchBytes(state)
    writer.field(MetricField.DISTRIBUTION, bytes)
    writer.end()
    points.end()
    if (!isSketch || asSummary) return
    for (const { quantile, suffix } of this.#quantiles) {
      this.#quantile(series, points, state.quantile(quantile), suffix, interval.timeMs)
    }
  }

  #summary(sketch: Sketch): Bytes {
    const { percentiles } = this.#options
    const wanted = percentiles.length === 0 ? SUMMARY_QUANTILES : percentiles
    const quantiles = wanted.map((quantile) => ({ quantile, value: sketch.quantile(quantile) }))
    return summaryBytes({ count: sketch.count, sum: sketch.sum, quantiles })
  }

  /** A gauge beside the sketch, whose name has `.p99` or the like behind it. */
  #quantile(series: number, points: Points, value: number, suffix: Bytes, timeMs: number): void {
    const writer = points.begin()
    writer.start(Kind.gauge, Temporality.NONE, 0)
    const cursor = this.#cursor
    const position = this.#positions[series]!
    const at = offsetOf(position)
    cursor.begin(this.#series.chunkOf(position), at, at + this.#lengths[series]!)
    while (cursor.next()) {
      if (!cursor.isNamed(NAME_LABEL)) writer.labelCopy(cursor)
      else writer.name(concat([cursor.bytes.subarray(cursor.valueFrom, cursor.valueTo), suffix]))
    }
    writer.value(value)
    writer.time(timeMs)
    writer.end()
    points.end()
  }

  #writeLabels(series: number, writer: MetricWriter): void {
    const position = this.#positions[series]!
    const at = offsetOf(position)
    writer.labelsCopy(this.#series.chunkOf(position), at, at + this.#lengths[series]!)
  }

  #dropState(series: number): void {
    this.#stateBytes -= STATE_BYTES + this.#states[series]!.bytes
    this.#states[series] = undefined
  }

  #forget(series: number): void {
    this.#flags[series] = GONE
    this.#gone++
  }

  #grow(): void {
    const room = 2 * this.#types.length
    this.#types = grown(Uint8Array, this.#types, room)
    this.#flags = grown(Uint8Array, this.#flags, room)
    this.#idle = grown(Uint16Array, this.#idle, room)
    this.#values = grown(Float64Array, this.#values, room)
    this.#positions = grown(Int32Array, this.#positions, room)
    this.#lengths = grown(Int32Array, this.#lengths, room)
  }
}

function grown<T extends { set(values: T): void }>(Kind: new (room: number) => T, values: T, room: number): T {
  const more = new Kind(room)
  more.set(values)
  return more
}

/** 0.5 is `.p50`, 0.999 is `.p999`. */
function suffixOf(quantile: number): string {
  return `.p${String(Math.round(quantile * 1e6) / 1e4).replace('.', '')}`
}
