/**
 * What a request holds, found by one cheap walk over its structure before it is taken: how many points, and whether it
 * can be
 * divided into records at all. Numbers and text are not looked at.
 *
 *   1.0  WriteRequest { repeated TimeSeries timeseries = 1; repeated MetricMetadata metadata = 3 }
 *        TimeSeries { repeated Label labels = 1; repeated Sample samples = 2; repeated Exemplar exemplars = 3;
 *              repeated Histogram histograms = 4 }
 *        Label { string name = 1; string value = 2 }
 *   2.0  Request { repeated string symbols = 4; repeated TimeSeries timeseries = 5 }
 *        TimeSeries { repeated uint32 labels_refs = 1; repeated Sample samples = 2; repeated Histogram histograms = 3;
 *                     repeated Exemplar exemplars = 4; Metadata metadata = 5 }
 */
import { LABELS_MAX } from '#codecs/metric/writer.ts'
import type { Bytes } from '#std/bytes.ts'
import { eachVarint, FieldCursor, int64 } from './fields.ts'
import { PlainSeries, SERIES_LABEL_BYTES_MAX } from './plain-series.ts'
import { Symbols } from './symbols.ts'

export type Version = 1 | 2

export const SERIES_TAG = { 1: 0x0a, 2: 0x2a } as const
export const METADATA_TAG = 0x1a
export const SYMBOL_TAG = 0x22
export const SAMPLE_TAG = 0x12
export const HISTOGRAM_TAG = { 1: 0x22, 2: 0x1a } as const
export const EXEMPLAR_TAG = { 1: 0x1a, 2: 0x22 } as const

export interface Survey {
  samples: number
  histograms: number
  exemplars: number
  /** The longest piece of the body that cannot be cut. */
  fieldBytesMax: number
  /** 2.0: of all fields with symbols. */
  symbolBytes: number
  /** What the labels of all points take, each point with its own, symbols in their places. */
  labelBytes: number
  /** 1.0: all series are plain, see `PlainSeries`, and end plainly. */
  isPlain: boolean
}

/** Text says what is wrong with the request. */
export function survey(bytes: Bytes, version: Version): Survey | string {
  const found: Survey = {
    samples: 0,
    histograms: 0,
    exemplars: 0,
    fieldBytesMax: 0,
    symbolBytes: 0,
    labelBytes: 0,
    isPlain: version === 1,
  }
  const symbols = new Symbols()
  if (version === 2) {
    symbols.read(bytes, 0, bytes.length)
    if (symbols.count > 0 && symbols.lengthOf(0) !== 0) return 'The first symbol is not empty.'
  }
  const top = new FieldCursor()
  const walk = version === 1 ? new SeriesWalk(found) : new ReferenceWalk(found, symbols)
  const seriesTag = SERIES_TAG[version]
  top.begin(bytes, 0, bytes.length)
  while (top.next()) {
    const { tag } = top
    if (tag === SYMBOL_TAG && version === 2) {
      found.symbolBytes += top.at - top.start
      continue
    }
    found.fieldBytesMax = Math.max(found.fieldBytesMax, top.at - top.start)
    if (tag !== seriesTag) continue
    const problem = walk.series(bytes, top.from, top.to)
    if (problem !== undefined) return problem
  }
  return top.isBroken ? 'The body is not a message of Protocol Buffers.' : found
}

const BROKEN = 'A time series is not well-formed.'

/** Of 1.0. */
class SeriesWalk {
  readonly #found: Survey
  readonly #fields = new FieldCursor()
  readonly #plain = new PlainSeries()

  constructor(found: Survey) {
    this.#found = found
  }

  series(bytes: Bytes, from: number, to: number): string | undefined {
    const found = this.#found
    if (this.#plain.read(bytes, from, to)) {
      found.samples++
      found.labelBytes += this.#plain.labelsTo - from
      found.isPlain &&= this.#plain.endsPlainly(bytes, to)
      return undefined
    }
    found.isPlain = false
    const fields = this.#fields
    let labels = 0
    let length = 0
    let points = 0
    fields.begin(bytes, from, to)
    while (fields.next()) {
      const { tag } = fields
      if (tag === 0x0a) {
        labels++
        length += fields.at - fields.start
        if (!isLabel(bytes, fields.from, fields.to)) return 'A label is not well-formed, or has no name.'
      } else if (tag === SAMPLE_TAG) {
        points++
        found.samples++
      } else if (tag === HISTOGRAM_TAG[1]) {
        points++
        found.histograms++
      } else if (tag === EXEMPLAR_TAG[1]) found.exemplars++
    }
    if (fields.isBroken) return BROKEN
    if (labels > LABELS_MAX) return `A time series has more than ${LABELS_MAX} labels.`
    if (labels === 0 && points > 0) return 'A time series has no labels.'
    if (length > SERIES_LABEL_BYTES_MAX) return LABELS_TOO_LONG
    found.labelBytes += length * points
    return undefined
  }
}

const LABELS_TOO_LONG = `The labels of a time series take more than ${SERIES_LABEL_BYTES_MAX} bytes.`

/** Almost all: name, value, nothing else. */
function isLabel(bytes: Bytes, from: number, to: number): boolean {
  if (to - from >= 5 && bytes[from] === 0x0a) {
    const name = bytes[from + 1]!
    const value = from + 2 + name
    if (name > 0 && name < 0x80 && value + 1 < to && bytes[value] === 0x12) {
      const length = bytes[value + 1]!
      if (length < 0x80 && value + 2 + length === to) return true
    }
  }
  return isUnusualLabel(bytes, from, to)
}

function isUnusualLabel(bytes: Bytes, from: number, to: number): boolean {
  const fields = new FieldCursor()
  let isNamed = false
  fields.begin(bytes, from, to)
  while (fields.next()) if (fields.tag === 0x0a) isNamed = fields.to > fields.from
  return isNamed && !fields.isBroken
}

/** Of 2.0: labels are references, in pairs. */
class ReferenceWalk {
  readonly #found: Survey
  readonly #symbols: Symbols
  readonly #fields = new FieldCursor()
  #references = 0
  #bytes = 0
  #isKnown = true

  constructor(found: Survey, symbols: Symbols) {
    this.#found = found
    this.#symbols = symbols
  }

  series(bytes: Bytes, from: number, to: number): string | undefined {
    const found = this.#found
    const fields = this.#fields
    this.#references = 0
    this.#bytes = 0
    this.#isKnown = true
    const add = (start: number, end: number) => this.#add(int64(bytes, start, end))
    let points = 0
    fields.begin(bytes, from, to)
    while (fields.next()) {
      const { tag } = fields
      if (tag === 0x0a) {
        if (!eachVarint(bytes, fields.from, fields.to, add)) return BROKEN
      } else if (tag === 0x08) this.#add(fields.value)
      else if (tag === SAMPLE_TAG) {
        points++
        found.samples++
      } else if (tag === HISTOGRAM_TAG[2]) {
        points++
        found.histograms++
      } else if (tag === EXEMPLAR_TAG[2]) found.exemplars++
    }
    if (fields.isBroken) return BROKEN
    if (!this.#isKnown) return 'A time series refers to a symbol that is not there.'
    if (this.#references % 2 !== 0) return 'A time series has a label without a value.'
    if (this.#references > 2 * LABELS_MAX) return `A time series has more than ${LABELS_MAX} labels.`
    if (this.#references === 0 && points > 0) return 'A time series has no labels.'
    if (this.#bytes > SERIES_LABEL_BYTES_MAX) return LABELS_TOO_LONG
    found.labelBytes += this.#bytes * points
    return undefined
  }

  #add(reference: number): void {
    this.#references++
    if (reference >= this.#symbols.count) this.#isKnown = false
    else this.#bytes += this.#symbols.lengthOf(reference) + 4
  }
}
