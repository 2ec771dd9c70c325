/**
 * `aggregate` makes one series of several, and one point of the many that come within an interval.
 *
 * What has been seen stands in memory that all engines share (`std/shared-map`), in two maps:
 *
 *   series   what came in last, by the labels it came with: needed where labels are taken away, so that each series counts once
 *   groups   what goes out, by the labels it goes out with
 *
 * A point is dropped at once and merged when its block is in the books; at the end of each interval the groups that have
 * something new are emitted. Cumulative series add up by what each has grown since it was seen last, so that one that begins
 * anew at 0, or goes away, does not make the sum fall.
 */
import { z } from 'zod'
import { metricFormat } from '#codecs/metric/format.ts'
import type { LabelCursor } from '#codecs/metric/labels.ts'
import { Kind, MetricReader, Temporality } from '#codecs/metric/record.ts'
import { MetricWriter } from '#codecs/metric/writer.ts'
import { defineProcessor, type Processor, type ProcessorContext } from '#component/processor.ts'
import { list, numeric } from '#component/schema.ts'
import { StreamgateError } from '#contract/error.ts'
import { type Bytes, fromText } from '#std/bytes.ts'
import { SharedMap, sharedMapBytes } from '#std/shared-map.ts'
import type { Block } from '#telemetry/block.ts'
import { BLOCK_BYTES_TARGET } from '#telemetry/decoder.ts'
import { cellsOf, type Merging, mergingOf, writeIdentity, writePoint } from './points.ts'

const MIB = 1024 * 1024
const LABELS_MAX = 64
const functions = ['last', 'sum', 'avg', 'min', 'max'] as const

const labelNames = list(z.array(z.string().min(1).max(1024)).min(1).max(LABELS_MAX).optional())

const config = z.strictObject({
  interval_ms: numeric(z.int().min(1000).max(3_600_000).default(10_000)).describe(
    'How long points are gathered before one goes out for all of them.',
  ),
  without: labelNames.describe('Labels to take away: series that differ in nothing else become one.'),
  by: labelNames.describe('The only labels that stay, beside the name; the other way to say it.'),
  gauges: z
    .enum(functions)
    .optional()
    .describe(
      'What becomes of gauges: by default the last point, and the sum over series where labels are taken away.',
    ),
  unknown: z
    .enum(['by_name', 'gauge', 'leave'])
    .default('by_name')
    .describe(
      'What points without a kind are: by_name takes _total, _count, _sum and _bucket for counters and leaves the rest.',
    ),
  max_series: numeric(z.int().min(16).max(4_000_000).default(100_000)).describe(
    'Series that are remembered; the points of others pass as they are.',
  ),
  max_bytes: numeric(
    z
      .int()
      .min(MIB)
      .max(4096 * MIB)
      .default(64 * MIB),
  ).describe('Memory for their labels and values.'),
})
type Options = z.output<typeof config>

export const aggregate = defineProcessor({
  name: 'aggregate',
  summary: 'Makes one series of several, and one point of many.',
  config,
  signals: ['metrics'],
  outcome: 'aggregated',
  mutates: true,
  stateBytes: (options) => groupsBytes(options) + (takesAway(options) ? seriesBytes(options) : 0),
  create: (options, context) => new Aggregate(options, context),
  report: (options, state) => report(options, state),
})

const groupsBytes = (options: Options) => sharedMapBytes(options.max_series, options.max_bytes)
const seriesBytes = groupsBytes
const takesAway = ({ without, by }: Options) => without !== undefined || by !== undefined

/** Words of the groups' map. */
const WINDOW = 0
const REFUSED = 1
const NO_ROOM = 2
const EMITTER = 3

/** Cells before those of `cellsOf`: points in this interval, when the group was first seen, intervals without points. */
const COUNT = 0
const SINCE = 1
const IDLE = 2
const OWN_CELLS = 3
/** A gauge's further cells: sum, least and greatest of its points; its own cell is the last. */
const SUM = 1
const MIN = 2
const MAX = 3
const GAUGE_CELLS = 4
/** A series that has not come for so many intervals is forgotten. */
const IDLE_INTERVALS_MAX = 30
const NAME = fromText('__name__')

/** A point that has been dropped and is not merged yet. */
interface Staged {
  merging: Merging
  /** The group's identity, in `#staged`; and where it stands, as of that generation. */
  group: { from: number; to: number; entry: number }
  /** Its own, where labels are taken away and it is not a delta. */
  series: { from: number; to: number; entry: number } | undefined
  cells: number[]
  startMs: number
}

class Aggregate implements Processor {
  readonly #options: Options
  readonly #groups: SharedMap
  readonly #series: SharedMap | undefined
  readonly #keeps: ((label: LabelCursor) => boolean) | undefined
  readonly #gauges: (typeof functions)[number]
  readonly #engine: number
  readonly #reader = new MetricReader()
  readonly #identity = new MetricReader()
  /** Identities of what is staged, one behind the other. */
  readonly #names = new MetricWriter()
  readonly #points = new MetricWriter()
  #staged: Staged[] = []
  #generations = [0, 0]
  /** What was emitted and is to be taken off when it is in the books: the entry, and its cells. */
  #emitted: { entry: number; cells: number[] }[] = []
  #cursor = -1
  #source = ''

  constructor(options: Options, { state, engine }: ProcessorContext) {
    if (options.without !== undefined && options.by !== undefined) {
      throw new StreamgateError('SG_CONFIG_INVALID', 'takes without or by, and not both', { path: 'by' })
    }
    const { max_series: entries, max_bytes: bytes } = options
    this.#options = options
    this.#engine = engine
    this.#groups = new SharedMap(state, 0, entries, bytes, engine)
    this.#series = takesAway(options) ? new SharedMap(state, groupsBytes(options), entries, bytes, engine) : undefined
    this.#keeps = keeperOf(options)
    this.#gauges = options.gauges ?? (this.#series === undefined ? 'last' : 'sum')
  }

  process(block: Block): void {
    const { arrivalMs, source } = block.context
    this.#source = source
    // What an engine that died had staged was never in the books.
    this.#staged = []
    this.#names.begin()
    this.#lock()
    if (this.#groups.word(WINDOW) === 0) this.#groups.setWord(WINDOW, this.#windowOf(arrivalMs))
    this.#generations = [this.#groups.generation, this.#series?.generation ?? 0]
    for (let i = 0; i < block.count; i++) {
      if (block.selection[i] === 1 && this.#stage(block, i, arrivalMs)) block.drop(i)
    }
    this.#unlock()
  }

  committed(): void {
    if (this.#staged.length === 0 && this.#emitted.length === 0) return
    this.#lock()
    for (const staged of this.#staged) this.#merge(staged)
    for (const { entry, cells } of this.#emitted) this.#takeOff(entry, cells)
    this.#unlock()
    this.#staged = []
    this.#emitted = []
  }

  due(): number {
    const window = this.#groups.word(WINDOW)
    return window === 0 || this.#groups.size === 0 ? Infinity : (window + 1) * this.#options.interval_ms
  }

  emit(now: number, final: boolean, block: Block): boolean {
    if (!final && now < this.due()) return false
    this.#lock()
    const emitter = this.#groups.word(EMITTER)
    const mine = emitter === 0 || emitter === this.#engine + 1
    const made = mine && this.#fill(Math.min(now, this.due()), block)
    if (mine && !made) this.#close(now)
    this.#unlock()
    return made
  }

  /** Fills the block with the next groups that have something new. False: there are no more. */
  #fill(timeMs: number, block: Block): boolean {
    if (this.#cursor === -1) this.#fold()
    this.#groups.setWord(EMITTER, this.#engine + 1)
    const context = { source: this.#source, arrivalMs: timeMs, truncated: false, format: metricFormat }
    this.#points.begin(block, context)
    let entry = this.#groups.next(this.#cursor)
    for (; entry !== -1 && this.#points.at < BLOCK_BYTES_TARGET; entry = this.#groups.next(entry)) {
      this.#cursor = entry
      this.#emitGroup(entry, timeMs)
    }
    return block.count > 0
  }

  /** The interval is over: the next begins, and what nobody has sent for long is forgotten. */
  #close(now: number): void {
    this.#cursor = -1
    this.#groups.setWord(EMITTER, 0)
    this.#groups.setWord(WINDOW, this.#windowOf(now))
    for (const map of [this.#groups, this.#series]) {
      if (map === undefined) continue
      let idle = 0
      for (let entry = map.next(-1); entry !== -1; entry = map.next(entry)) {
        const at = map.valueAt(entry) / 8
        const since = map.doubles[at + COUNT] === 0 ? map.doubles[at + IDLE]! + 1 : 0
        map.doubles[at + IDLE] = since
        if (map === this.#series) map.doubles[at + COUNT] = 0
        if (since > IDLE_INTERVALS_MAX) idle++
      }
      if (idle > 0) map.keepOnly((entry) => map.doubles[map.valueAt(entry) / 8 + IDLE]! <= IDLE_INTERVALS_MAX)
    }
  }

  #windowOf(ms: number): number {
    return Math.floor(ms / this.#options.interval_ms)
  }

  /** Puts a point aside to be merged, with room made for it. False: it stays as it is. */
  #stage(block: Block, i: number, arrivalMs: number): boolean {
    const reader = this.#reader
    if (!reader.read(block.bytes, block.starts[i]!, block.ends[i]!)) return false
    const merging = mergingOf(reader, this.#options)
    const cells = merging === 'refused' ? undefined : cellsOf(reader)
    if (cells === undefined || !cells.every(Number.isFinite)) {
      this.#groups.addToWord(REFUSED, 1)
      return false
    }
    const before = this.#names.at
    const group = this.#place(this.#groups, this.#keeps, merging === 'gauge' ? GAUGE_CELLS : cells.length)
    const series =
      this.#series === undefined || merging === 'delta' ? undefined : this.#place(this.#series, undefined, cells.length)
    if (group.entry === -1 || series?.entry === -1) {
      this.#names.at = before
      this.#groups.addToWord(NO_ROOM, 1)
      return false
    }
    this.#sinceAt(this.#groups, group.entry, arrivalMs)
    this.#staged.push({ merging, group, series, cells, startMs: reader.startMs })
    return true
  }

  /** Finds or makes the entry of the record at hand. */
  #place(map: SharedMap, keeps: ((label: LabelCursor) => boolean) | undefined, cells: number): Staged['group'] {
    const names = this.#names
    const from = names.at
    writeIdentity(this.#reader, names, keeps)
    const to = names.at
    const found = map.find(names.bytes, from, to)
    return { from, to, entry: found === -1 ? map.insert(names.bytes, from, to, 8 * (OWN_CELLS + cells)) : found }
  }

  #sinceAt(map: SharedMap, entry: number, ms: number): void {
    const at = map.valueAt(entry) / 8 + SINCE
    if (map.doubles[at] === 0) map.doubles[at] = ms
  }

  #merge({ merging, group, series, cells, startMs }: Staged): void {
    const entry = this.#entryOf(this.#groups, 0, group, merging === 'gauge' ? GAUGE_CELLS : cells.length)
    if (entry === -1) return
    const { doubles } = this.#groups
    const at = this.#groups.valueAt(entry) / 8
    const values = at + OWN_CELLS
    if (this.#series === undefined || series === undefined) {
      if (merging === 'gauge') this.#addGauge(doubles, at, cells[0]!)
      else if (merging === 'delta') for (let c = 0; c < cells.length; c++) doubles[values + c]! += cells[c]!
      else for (let c = 0; c < cells.length; c++) doubles[values + c] = cells[c]!
      doubles[at + COUNT]!++
      return
    }
    const own = this.#entryOf(this.#series, 1, series, cells.length)
    if (own === -1) return
    const last = this.#series.valueAt(own) / 8
    const lastValues = last + OWN_CELLS
    const memory = this.#series.doubles
    if (merging === 'cumulative') {
      // Count, or value, fell, or it says that it began anew: what it has now is what it has grown.
      const anew = cells[0]! < memory[lastValues]! || (startMs > 0 && startMs !== memory[last + SINCE])
      for (let c = 0; c < cells.length; c++) {
        doubles[values + c]! += cells[c]! - (anew ? 0 : memory[lastValues + c]!)
      }
      memory[last + SINCE] = startMs
      doubles[at + COUNT]!++
    }
    for (let c = 0; c < cells.length; c++) memory[lastValues + c] = cells[c]!
    memory[last + COUNT]!++
  }

  /** The map may have been tidied by another engine since. */
  #entryOf(map: SharedMap, which: 0 | 1, { from, to, entry }: Staged['group'], cells: number): number {
    if (map.generation === this.#generations[which]) return entry
    const found = map.find(this.#names.bytes, from, to)
    return found === -1 ? map.insert(this.#names.bytes, from, to, 8 * (OWN_CELLS + cells)) : found
  }

  #addGauge(doubles: Float64Array, at: number, value: number): void {
    const values = at + OWN_CELLS
    const first = doubles[at + COUNT] === 0
    doubles[values] = value
    doubles[values + SUM] = (first ? 0 : doubles[values + SUM]!) + value
    doubles[values + MIN] = first ? value : Math.min(doubles[values + MIN]!, value)
    doubles[values + MAX] = first ? value : Math.max(doubles[values + MAX]!, value)
  }

  /** Gauges of several series: each counts once an interval, with its last value. */
  #fold(): void {
    const map = this.#series
    if (map === undefined) return
    this.#names.begin()
    for (let entry = map.next(-1); entry !== -1; entry = map.next(entry)) {
      const at = map.valueAt(entry) / 8
      const key = map.keyAt(entry)
      if (map.doubles[at + COUNT] === 0) continue
      if (!this.#reader.read(map.bytes, key, key + map.keyLength(entry))) continue
      if (mergingOf(this.#reader, this.#options) !== 'gauge') continue
      const group = this.#place(this.#groups, this.#keeps, GAUGE_CELLS)
      this.#names.begin()
      if (group.entry === -1) continue
      const target = this.#groups.valueAt(group.entry) / 8
      this.#addGauge(this.#groups.doubles, target, map.doubles[at + OWN_CELLS]!)
      this.#groups.doubles[target + COUNT]!++
      map.doubles[at + COUNT] = 0
      map.doubles[at + IDLE] = -1
    }
  }

  #emitGroup(entry: number, timeMs: number): void {
    const map = this.#groups
    const at = map.valueAt(entry) / 8
    const count = map.doubles[at + COUNT]!
    if (count === 0) return
    const key = map.keyAt(entry)
    const reader = this.#identity
    reader.read(map.bytes, key, key + map.keyLength(entry))
    const merging = mergingOf(reader, this.#options)
    const values = at + OWN_CELLS
    const cells =
      merging === 'gauge'
        ? [this.#gauge(map.doubles, values, count)]
        : Array.from(map.doubles.subarray(values, (map.valueAt(entry) + map.valueLength(entry)) / 8))
    const { interval_ms: intervalMs } = this.#options
    const isDelta = reader.temporality === Temporality.DELTA
    const startMs = merging === 'gauge' ? 0 : isDelta ? timeMs - intervalMs : map.doubles[at + SINCE]!
    writePoint(this.#points, reader, cells, {
      ms: timeMs,
      startMs: reader.kind === Kind.unknown ? 0 : startMs,
      intervalMs,
    })
    map.doubles[at + IDLE] = -1
    this.#emitted.push({ entry, cells: isDelta ? [count, ...cells] : [count] })
  }

  #gauge(doubles: Float64Array, values: number, count: number): number {
    switch (this.#gauges) {
      case 'last':
        return doubles[values]!
      case 'sum':
        return doubles[values + SUM]!
      case 'avg':
        return doubles[values + SUM]! / count
      case 'min':
        return doubles[values + MIN]!
      case 'max':
        return doubles[values + MAX]!
      default:
        return this.#gauges satisfies never
    }
  }

  /** What came since it was written stays. */
  #takeOff(entry: number, [count, ...cells]: number[]): void {
    const at = this.#groups.valueAt(entry) / 8
    this.#groups.doubles[at + COUNT]! -= count!
    cells.forEach((cell, c) => {
      this.#groups.doubles[at + OWN_CELLS + c]! -= cell
    })
  }

  #lock(): void {
    this.#groups.lock()
  }

  #unlock(): void {
    this.#groups.unlock()
  }
}

/** Undefined: all labels stay. The name always does. */
function keeperOf({ without, by }: Options): ((label: LabelCursor) => boolean) | undefined {
  const names = (without ?? by)?.map((name): Bytes => fromText(name))
  if (names === undefined) return undefined
  const stays = by !== undefined
  return (label) => label.isNamed(NAME) || names.some((name) => label.isNamed(name)) === stays
}

function report(options: Options, state: SharedArrayBuffer): Record<string, number> {
  const groups = new SharedMap(state, 0, options.max_series, options.max_bytes, OBSERVER)
  return {
    series: groups.size,
    bytes: groups.used,
    refused: groups.word(REFUSED) >>> 0,
    without_room: groups.word(NO_ROOM) >>> 0,
  }
}

/** No engine has this number. */
const OBSERVER = 0x7fff_fffe
