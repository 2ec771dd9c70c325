/**
 * One line of StatsD (statsd/statsd: docs/metric_types.md) or DogStatsD
 * (docs.datadoghq.com/extend/dogstatsd/datagram_shell), read in place: where its parts stand, without an object of its
 * own.
 *
 *   line   = name ":" values "|" type *( "|" field )      a metric
 *          / "_e{" ... / "_sc|" ...                       see `event.ts`
 *   values = value *( ":" value )                         they share all that follows; a set has one, colons or not
 *   type   = "c" / "g" / "ms" / "h" / "d" / "s" / "m"     m, a meter, counts
 *   field  = "@" rate                                     value or weight is divided by it; above 0
 *          / "#" tag *( "," tag )                         tag = key [ ":" value ]
 *          / "T" seconds                                  counters and gauges only: such a point is not aggregated
 *          / "c:" container / "e:" external-data / "card:" cardinality
 *          / anything else                                newer than this: passed over
 *
 * Fields come in any order, and of two of a kind the last counts. Before a value of a gauge, `+` and `-` mean: as much
 * more or less.
 */
import type { Bytes } from '#std/bytes.ts'
import { NumberReader } from './number.ts'

export const MetricType = { COUNTER: 0, GAUGE: 1, TIMER: 2, HISTOGRAM: 3, SET: 4 } as const

export const LineKind = { MALFORMED: 0, METRIC: 1, EVENT: 2, CHECK: 3 } as const

const COLON = 0x3a
const PIPE = 0x7c
const HASH = 0x23
const AT = 0x40
const PLUS = 0x2b
const MINUS = 0x2d
const UNDERSCORE = 0x5f
const TIME = 0x54
const LOWER_C = 0x63
const LOWER_E = 0x65
const SECONDS_MAX = 253_402_300_799

/** What `read` found holds until the next call, and as long as the bytes do. */
export class StatsdLine {
  bytes!: Bytes
  nameFrom = 0
  nameTo = 0
  /** See `MetricType`. Distributions are histograms. */
  type = 0
  /** Above 0; 1 where the line names none. */
  rate = 1
  /** Behind `#`, without it; empty where there are none. */
  tagsFrom = 0
  tagsTo = 0
  containerFrom = 0
  containerTo = 0
  externalFrom = 0
  externalTo = 0
  /** Unix seconds; 0: the line names no time. */
  seconds = 0
  /**
   * The first `count` of each: values, and whether one of a gauge is to be added. Of a set there is only where its
   * value stands.
   */
  values = new Float64Array(64)
  deltas = new Uint8Array(64)
  count = 0
  valueFrom = 0
  valueTo = 0
  readonly #number = new NumberReader()

  /**
   * Reads the line in [from, to), without its newline. See `LineKind`. Events and checks are only told apart.
   */
  read(bytes: Bytes, from: number, to: number): number {
    this.bytes = bytes
    if (bytes[from] === UNDERSCORE) {
      if (startsWith(bytes, from, to, '_e{')) return LineKind.EVENT
      if (startsWith(bytes, from, to, '_sc|')) return LineKind.CHECK
    }
    let at = from
    while (at < to && bytes[at] !== COLON && bytes[at] !== PIPE) at++
    if (at === from || at === to || bytes[at] !== COLON) return LineKind.MALFORMED
    this.nameFrom = from
    this.nameTo = at
    const values = at + 1
    while (at < to && bytes[at] !== PIPE) at++
    if (at === values || at === to) return LineKind.MALFORMED
    this.valueFrom = values
    this.valueTo = at
    const type = at + 1
    at = endOfField(bytes, type, to)
    this.type = typeOf(bytes, type, at)
    if (this.type === -1) return LineKind.MALFORMED
    this.rate = 1
    this.tagsFrom = this.tagsTo = 0
    this.containerFrom = this.containerTo = 0
    this.externalFrom = this.externalTo = 0
    this.seconds = 0
    while (at < to) {
      const field = at + 1
      at = endOfField(bytes, field, to)
      if (!this.#readField(field, at)) return LineKind.MALFORMED
    }
    if (this.seconds !== 0 && this.type > MetricType.GAUGE) return LineKind.MALFORMED
    return this.#readValues(values, this.valueTo) ? LineKind.METRIC : LineKind.MALFORMED
  }

  #readValues(from: number, to: number): boolean {
    const { bytes, type } = this
    this.count = 1
    if (type === MetricType.SET) return true
    this.count = 0
    const number = this.#number
    for (let at = from; at <= to; at++) {
      const start = at
      while (at < to && bytes[at] !== COLON) at++
      if (!number.read(bytes, start, at)) return false
      const { value } = number
      const isDelta = type === MetricType.GAUGE && (bytes[start] === PLUS || bytes[start] === MINUS)
      // It would spoil what it is added to: only a gauge can be set to it.
      if ((type !== MetricType.GAUGE || isDelta) && !Number.isFinite(value)) return false
      if (this.count === this.values.length) this.#grow()
      this.deltas[this.count] = isDelta ? 1 : 0
      this.values[this.count++] = value
    }
    return true
  }

  #grow(): void {
    const { values, deltas } = this
    this.values = new Float64Array(2 * values.length)
    this.values.set(values)
    this.deltas = new Uint8Array(2 * deltas.length)
    this.deltas.set(deltas)
  }

  #readField(from: number, to: number): boolean {
    const { bytes } = this
    switch (bytes[from]) {
      case AT: {
        if (!this.#number.read(bytes, from + 1, to)) return false
        this.rate = this.#number.value
        return this.rate > 0 && this.rate < Infinity
      }
      case HASH:
        this.tagsFrom = from + 1
        this.tagsTo = to
        return true
      case TIME:
        if (!this.#number.read(bytes, from + 1, to)) return false
        this.seconds = this.#number.value
        return Number.isInteger(this.seconds) && this.seconds > 0 && this.seconds <= SECONDS_MAX
      case LOWER_C:
        if (bytes[from + 1] === COLON && to > from + 1) {
          this.containerFrom = from + 2
          this.containerTo = to
        }
        return true
      case LOWER_E:
        if (bytes[from + 1] === COLON && to > from + 1) {
          this.externalFrom = from + 2
          this.externalTo = to
        }
        return true
      default:
        return true
    }
  }
}

function endOfField(bytes: Bytes, from: number, to: number): number {
  let at = from
  while (at < to && bytes[at] !== PIPE) at++
  return at
}

/** -1: there is no such type. */
function typeOf(bytes: Bytes, from: number, to: number): number {
  if (to - from === 2) return bytes[from] === 0x6d && bytes[from + 1] === 0x73 ? MetricType.TIMER : -1
  if (to - from !== 1) return -1
  switch (bytes[from]) {
    case LOWER_C:
    case 0x6d:
      return MetricType.COUNTER
    case 0x67:
      return MetricType.GAUGE
    case 0x68:
    case 0x64:
      return MetricType.HISTOGRAM
    case 0x73:
      return MetricType.SET
    default:
      return -1
  }
}

function startsWith(bytes: Bytes, from: number, to: number, word: string): boolean {
  if (to - from < word.length) return false
  for (let i = 0; i < word.length; i++) if (bytes[from + i] !== word.charCodeAt(i)) return false
  return true
}
