/**
 * Which values each label of each metric has had, in memory that all engines share: exactly, by the values' bytes, or by a
 * Bloom filter for each label, which takes a value now and then for known that is not. Everything is forgotten at once when an
 * interval ends.
 */
import { allocate, type Bytes, copyBytes, utf8 } from '#std/bytes.ts'
import { hash32 } from '#std/hash.ts'
import { SharedMap, sharedMapBytes } from '#std/shared-map.ts'

export interface KnownValuesOptions {
  /** Values of one label at most. */
  limit: number
  exact: boolean
  /** Labels of metrics that are watched. */
  pairsMax: number
  /** Values of all labels together, and the memory for their bytes; only where exact. */
  valuesMax: number
  valueBytesMax: number
}

/** `over`: the label has had its number of values. `untracked`: there is no room to watch this label. */
export type Verdict = 'known' | 'over' | 'untracked'

export interface Offender {
  name: string
  value: number
}

/** Words of the map of pairs. */
const INTERVAL = 0
const UNTRACKED = 1
/** Doubles of a pair: values that it has, and points whose value was one too many. */
const COUNT = 0
const OVER = 1
const PAIR_BYTES = 16
/** Ten bits for each value and seven looks: one in a hundred is taken for known wrongly when it is full. */
const BITS_PER_VALUE = 10
const LOOKS = 7
/** Of a metric's and a label's name together; longer ones are not watched. */
const PAIR_NAME_BYTES_MAX = 512
const PAIR_NAME_BYTES_TYPICAL = 64
const SEPARATOR = 0

const filterBytes = ({ limit, exact }: KnownValuesOptions) => (exact ? 0 : 8 * Math.ceil((limit * BITS_PER_VALUE) / 64))
const pairsBytes = (options: KnownValuesOptions) =>
  options.pairsMax * (PAIR_BYTES + PAIR_NAME_BYTES_TYPICAL + filterBytes(options))

export function knownValuesBytes(options: KnownValuesOptions): number {
  const values = options.exact ? sharedMapBytes(options.valuesMax, options.valueBytesMax) : 0
  return sharedMapBytes(options.pairsMax, pairsBytes(options)) + values
}

export class KnownValues {
  readonly #options: KnownValuesOptions
  readonly #pairs: SharedMap
  readonly #values: SharedMap | undefined
  readonly #name: Bytes = allocate(PAIR_NAME_BYTES_MAX)
  #value: Bytes = allocate(4096)

  constructor(state: SharedArrayBuffer, options: KnownValuesOptions, engine: number) {
    const { pairsMax, valuesMax, valueBytesMax, exact } = options
    this.#options = options
    this.#pairs = new SharedMap(state, 0, pairsMax, pairsBytes(options), engine)
    const offset = sharedMapBytes(pairsMax, pairsBytes(options))
    this.#values = exact ? new SharedMap(state, offset, valuesMax, valueBytesMax, engine) : undefined
  }

  /** Between this and `unlock`, nobody else looks. `interval` counts up; when it changes, all is forgotten. */
  lock(interval: number): void {
    this.#pairs.lock()
    if (this.#pairs.word(INTERVAL) === interval) return
    this.#pairs.setWord(INTERVAL, interval)
    this.#pairs.keepOnly(() => false)
    this.#values?.keepOnly(() => false)
  }

  unlock(): void {
    this.#pairs.unlock()
  }

  /** Changes when all was forgotten. */
  get generation(): number {
    return this.#pairs.generation
  }

  /** Takes note of a value of a label, which may have `limit` of them: [from, to) of each buffer. */
  see(
    metric: Bytes,
    metricFrom: number,
    metricTo: number,
    label: Bytes,
    labelFrom: number,
    labelTo: number,
    value: Bytes,
    valueFrom: number,
    valueTo: number,
    limit: number,
  ): Verdict {
    const length = metricTo - metricFrom + 1 + labelTo - labelFrom
    if (length > PAIR_NAME_BYTES_MAX) return this.#untracked()
    const name = this.#name
    copyBytes(metric, metricFrom, metricTo, name, 0)
    name[metricTo - metricFrom] = SEPARATOR
    copyBytes(label, labelFrom, labelTo, name, metricTo - metricFrom + 1)
    let pair = this.#pairs.find(name, 0, length)
    if (pair === -1) pair = this.#pairs.insert(name, 0, length, PAIR_BYTES + filterBytes(this.#options))
    if (pair === -1) return this.#untracked()
    return this.#values === undefined
      ? this.#seeInFilter(pair, value, valueFrom, valueTo, limit)
      : this.#seeExactly(this.#values, pair, value, valueFrom, valueTo, limit)
  }

  #untracked(): Verdict {
    this.#pairs.addToWord(UNTRACKED, 1)
    return 'untracked'
  }

  #seeExactly(values: SharedMap, pair: number, value: Bytes, from: number, to: number, limit: number): Verdict {
    const length = 4 + to - from
    if (this.#value.length < length) this.#value = allocate(2 * length)
    // Pairs only move when all is forgotten, so a pair's place is its name.
    this.#value.writeUInt32LE(pair, 0)
    copyBytes(value, from, to, this.#value, 4)
    if (values.find(this.#value, 0, length) !== -1) return 'known'
    const at = this.#pairs.valueAt(pair) / 8
    const { doubles } = this.#pairs
    if (doubles[at + COUNT]! >= limit || values.insert(this.#value, 0, length, 0) === -1) {
      doubles[at + OVER]!++
      return 'over'
    }
    doubles[at + COUNT]!++
    return 'known'
  }

  #seeInFilter(pair: number, value: Bytes, from: number, to: number, limit: number): Verdict {
    const at = this.#pairs.valueAt(pair)
    const bits = at + PAIR_BYTES
    const size = 8 * filterBytes(this.#options)
    const first = hash32(value, from, to)
    const step = hash32(value, from, to, 0x9747_b28c) | 1
    const { bytes, doubles } = this.#pairs
    let known = true
    for (let look = 0; look < LOOKS && known; look++) {
      const bit = (first + Math.imul(look, step)) >>> 0
      known = (bytes[bits + ((bit % size) >> 3)]! & (1 << ((bit % size) & 7))) !== 0
    }
    if (known) return 'known'
    if (doubles[at / 8 + COUNT]! >= limit) {
      doubles[at / 8 + OVER]!++
      return 'over'
    }
    for (let look = 0; look < LOOKS; look++) {
      const bit = (first + Math.imul(look, step)) >>> 0
      bytes[bits + ((bit % size) >> 3)]! |= 1 << ((bit % size) & 7)
    }
    doubles[at / 8 + COUNT]!++
    return 'known'
  }

  /** Labels with the most values, and those with the most points that were one too many. For people: not under the lock. */
  offenders(most: number): { values: Offender[]; over: Offender[] } {
    const values: Offender[] = []
    const over: Offender[] = []
    const pairs = this.#pairs
    for (let pair = pairs.next(-1); pair !== -1; pair = pairs.next(pair)) {
      const at = pairs.valueAt(pair) / 8
      const key = pairs.keyAt(pair)
      const name = () => utf8(pairs.bytes, key, key + pairs.keyLength(pair)).replace('\0', '/')
      rank(values, most, pairs.doubles[at + COUNT]!, name)
      rank(over, most, pairs.doubles[at + OVER]!, name)
    }
    return { values, over }
  }

  get counts(): { labels: number; values: number; untracked: number } {
    return {
      labels: this.#pairs.size,
      values: this.#values?.size ?? 0,
      untracked: this.#pairs.word(UNTRACKED) >>> 0,
    }
  }
}

/** Keeps the list sorted, the largest first. */
function rank(list: Offender[], most: number, value: number, name: () => string): void {
  if (value === 0 || (list.length === most && value <= list.at(-1)!.value)) return
  list.push({ name: name(), value })
  list.sort((a, b) => b.value - a.value)
  if (list.length > most) list.pop()
}
