/**
 * What becomes of each line: it is added up, or goes on as a point of its own, or as a log record, or is refused and
 * counted. And when: flushes.
 *
 * Takes the place of an intake before listeners that give lines, and never has no room: what is added up takes none.
 * When the real intake has none, a flush waits, and what comes meanwhile is added up with what has not gone out.
 */
import { JsonLinesWriter } from '#codecs/json/lines-writer.ts'
import { Flag, Kind, Temporality } from '#codecs/metric/record.ts'
import { writeCheck, writeEvent } from '#codecs/statsd/event.ts'
import { LineKind, MetricType, StatsdLine } from '#codecs/statsd/line.ts'
import { textFormat } from '#codecs/text/format.ts'
import type { Intake, IntakeEntry, RejectReason, SourceContext } from '#component/source.ts'
import { allocate, type Bytes, CARRIAGE_RETURN, copyBytes, fromText, indexOfByte, latin1, NEWLINE } from '#std/bytes.ts'
import type { Timer } from '#std/clock.ts'
import { Block } from '#telemetry/block.ts'
import { Aggregator, type AggregatorOptions } from './aggregator.ts'
import { LabelsOf } from './labels.ts'
import { Points } from './points.ts'

export interface LinesOptions extends Omit<AggregatorOptions, 'gaugeFlushes'> {
  flush_interval_ms: number
  gauge_expiry_ms: number
  origin_labels: boolean
}

/** Series that a flush goes through before others get their turn: about a millisecond. */
const SERIES_PER_TURN = 4096
const LOG_EVERY_MS = 1000
const SHOWN_BYTES_MAX = 200
/** Events and checks in one entry. */
const LOGS_PER_ENTRY = 256
const LOGS: IntakeEntry = { origin: 0, framing: 'lines' }
const CONTAINER = fromText('container_id:')
const EXTERNAL = fromText('external_data:')
const COMMA = 0x2c

export class Lines implements Pick<Intake, 'put' | 'entryBytesMax'> {
  readonly entryBytesMax: number
  readonly #options: LinesOptions
  readonly #context: SourceContext
  readonly #line = new StatsdLine()
  readonly #aggregator: Aggregator
  readonly #points: Points
  readonly #labels = new LabelsOf()
  readonly #logs = new Block()
  readonly #logWriter = new JsonLinesWriter()
  #joined: Bytes = allocate(0)
  #timer: Timer | undefined
  #flushing = false
  #interval = { startMs: 0, timeMs: 0 }
  /** Points with a time of their own are to be put at the end of this turn. */
  #putting = false
  /** Taken in so far, bad ones too. */
  #count = 0
  #malformed = 0
  #malformedAt = Number.NEGATIVE_INFINITY
  #onFlushed: (() => void) | undefined

  constructor(options: LinesOptions, context: SourceContext) {
    this.#options = options
    this.#context = context
    this.entryBytesMax = context.intake.entryBytesMax
    const gaugeFlushes = Math.min(0xffff, Math.ceil(options.gauge_expiry_ms / options.flush_interval_ms))
    this.#aggregator = new Aggregator({ ...options, gaugeFlushes })
    this.#points = new Points(context.intake)
    this.#beginLogs()
  }

  start(): void {
    const now = this.#context.clock.wall()
    this.#interval = { startMs: now, timeMs: now }
    this.#schedule()
  }

  /** A last flush, of what is new. Settles when the intake has it. Safe before `start`. */
  async stop(): Promise<void> {
    this.#timer?.cancel()
    if (this.#interval.timeMs === 0) return
    // One that is under way ends first.
    for (let passes = this.#flushing ? 2 : 1; passes > 0; passes--) {
      const flushed = new Promise<void>((resolve) => {
        this.#onFlushed = resolve
      })
      if (!this.#flushing) this.#beginFlush(true)
      await flushed
    }
    this.#timer?.cancel()
  }

  /** Takes lines, of one or several datagrams or of a stream. */
  put(_entry: IntakeEntry, head: Uint8Array | null, body: Uint8Array, from: number, to: number): boolean {
    let bytes = body as Bytes
    let at = from
    if (head !== null && head.length > 0) {
      // The beginning of the first line stands elsewhere.
      const newline = indexOfByte(bytes, NEWLINE, from, to)
      const end = newline === -1 ? to : newline
      bytes = this.#join(head, body, from, end)
      this.#takeLine(bytes, 0, head.length + end - from)
      bytes = body as Bytes
      at = end + 1
    }
    while (at < to) {
      let end = at
      while (end < to && bytes[end] !== NEWLINE) end++
      this.#takeLine(bytes, at, end)
      at = end + 1
    }
    if (this.#logs.count > 0) this.#putLogs()
    this.#context.gauge('lines', this.#count)
    this.#context.gauge('series', this.#aggregator.size)
    return true
  }

  #takeLine(bytes: Bytes, from: number, end: number): void {
    const to = end > from && bytes[end - 1] === CARRIAGE_RETURN ? end - 1 : end
    if (to === from) return
    this.#count++
    const line = this.#line
    const kind = line.read(bytes, from, to)
    if (kind === LineKind.METRIC) this.#takeMetric(from, to)
    else if (kind === LineKind.MALFORMED) this.#refuseMalformed(bytes, from, to)
    else this.#takeLog(kind, bytes, from, to)
  }

  #takeMetric(from: number, to: number): void {
    const line = this.#line
    let tags = line.bytes
    let { tagsFrom, tagsTo } = line
    if (this.#options.origin_labels && (line.containerTo > 0 || line.externalTo > 0)) {
      tagsTo = this.#joinOrigin()
      tagsFrom = 0
      tags = this.#joined
    }
    if (line.seconds > 0) this.#takeTimed(tags, tagsFrom, tagsTo, to - from)
    else if (!this.#aggregator.add(line, tags, tagsFrom, tagsTo)) this.#refuse('too_many_series', to - from)
  }

  /** A point with a time is of the past: it is not added to what is there now. */
  #takeTimed(tags: Bytes, tagsFrom: number, tagsTo: number, bytes: number): void {
    const line = this.#line
    const points = this.#points
    if (points.isFull && !points.put()) {
      this.#refuse('overload', bytes)
      return
    }
    this.#labels.make(line.bytes, line.nameFrom, line.nameTo, tags, tagsFrom, tagsTo)
    const isSum = line.type === MetricType.COUNTER
    for (let i = 0; i < line.count; i++) {
      const value = isSum ? line.values[i]! / line.rate : line.values[i]!
      const writer = points.begin()
      writer.start(
        isSum ? Kind.sum : Kind.gauge,
        isSum ? Temporality.DELTA : Temporality.NONE,
        isSum && value >= 0 ? Flag.MONOTONIC : 0,
      )
      writer.labelsCopy(this.#labels.bytes, this.#labels.from, this.#labels.to)
      writer.value(value)
      writer.time(1000 * line.seconds)
      if (isSum) writer.interval(this.#options.flush_interval_ms)
      writer.end()
      points.end()
    }
    if (this.#putting) return
    this.#putting = true
    setImmediate(() => this.#putPoints())
  }

  #putPoints(): void {
    this.#putting = !this.#points.put()
    if (this.#putting) this.#context.intake.onRoom(() => this.#putPoints())
  }

  #takeLog(kind: number, bytes: Bytes, from: number, to: number): void {
    const write = kind === LineKind.EVENT ? writeEvent : writeCheck
    if (!write(bytes, from, to, this.#logWriter)) {
      this.#logWriter.discard()
      this.#refuseMalformed(bytes, from, to)
    } else if (this.#logs.count === LOGS_PER_ENTRY) this.#putLogs()
  }

  #putLogs(): void {
    const { length } = this.#logWriter
    if (this.#context.carries('logs') && !this.#context.intake.put(LOGS, null, this.#logs.bytes, 0, length)) {
      this.#context.reject('overload', this.#logs.count, length, 'logs')
    }
    this.#beginLogs()
  }

  #beginLogs(): void {
    this.#logWriter.begin(this.#logs, { source: this.#context.id, arrivalMs: 0, truncated: false, format: textFormat })
  }

  #refuse(reason: RejectReason, bytes: number): void {
    this.#context.reject(reason, 1, bytes, 'metrics')
  }

  #refuseMalformed(bytes: Bytes, from: number, to: number): void {
    this.#refuse('malformed', to - from)
    this.#malformed++
    const now = this.#context.clock.now()
    if (now - this.#malformedAt < LOG_EVERY_MS) return
    this.#malformedAt = now
    const line = printable(latin1(bytes, from, Math.min(to, from + SHOWN_BYTES_MAX)))
    this.#context.log.warn({ source: this.#context.id, malformed: this.#malformed, line }, 'a line is no metric')
    this.#malformed = 0
  }

  #schedule(): void {
    this.#timer = this.#context.clock.after(this.#options.flush_interval_ms, () => {
      this.#schedule()
      // One that has found no room yet goes on instead.
      if (!this.#flushing) this.#beginFlush(false)
    })
  }

  #beginFlush(final: boolean): void {
    this.#flushing = true
    // An interval of no length would divide by nothing.
    const timeMs = Math.max(this.#interval.timeMs + 1, this.#context.clock.wall())
    this.#interval = { startMs: this.#interval.timeMs, timeMs }
    this.#aggregator.beginFlush(final)
    this.#flush()
  }

  #flush(): void {
    const points = this.#points
    this.#aggregator.fill(points, this.#interval, SERIES_PER_TURN)
    const { isFlushed } = this.#aggregator
    if ((points.isFull || isFlushed) && !points.put()) {
      this.#context.intake.onRoom(() => this.#flush())
      return
    }
    if (!isFlushed) {
      setImmediate(() => this.#flush())
      return
    }
    this.#flushing = false
    this.#onFlushed?.()
  }

  #join(head: Uint8Array, body: Uint8Array, from: number, to: number): Bytes {
    this.#roomToJoin(head.length + to - from)
    copyBytes(head, 0, head.length, this.#joined, 0)
    copyBytes(body, from, to, this.#joined, head.length)
    return this.#joined
  }

  /** The tags, with what the line says of its origin behind them. Returns where they end in `#joined`. */
  #joinOrigin(): number {
    const { bytes, tagsFrom, tagsTo, containerFrom, containerTo, externalFrom, externalTo } = this.#line
    const parts = [bytes.subarray(tagsFrom, tagsTo)]
    if (containerTo > 0) parts.push(CONTAINER, bytes.subarray(containerFrom, containerTo))
    if (externalTo > 0) parts.push(EXTERNAL, bytes.subarray(externalFrom, externalTo).map(withoutComma) as Bytes)
    let length = 0
    for (const [i, part] of parts.entries()) {
      this.#joined = withRoom(this.#joined, length, length + part.length + 1)
      if (i > 0 && i % 2 === 1) this.#joined[length++] = COMMA
      copyBytes(part, 0, part.length, this.#joined, length)
      length += part.length
    }
    return length
  }

  #roomToJoin(bytes: number): void {
    if (this.#joined.length < bytes) this.#joined = allocate(2 * bytes)
  }
}

/** External data has commas, which would end a tag. */
function withoutComma(byte: number): number {
  return byte === COMMA ? 0x3b : byte
}

function withRoom(bytes: Bytes, used: number, needed: number): Bytes {
  if (bytes.length >= needed) return bytes
  const grown = allocate(2 * needed)
  copyBytes(bytes, 0, used, grown, 0)
  return grown
}

/** What is not printable ASCII as an escape: anyone may send anything into our log. */
function printable(text: string): string {
  return text.replace(/[^ -~]/g, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`)
}
