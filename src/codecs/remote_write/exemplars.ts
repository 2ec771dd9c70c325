/**
 * The exemplars of one entry, on their way to the points of their series. Prometheus sends them as series of their own
 * with the
 * same labels and without a sample; those wait here until the sample comes. An exemplar whose sample is not in the
 * entry is lost.
 */
import { type Bytes, latin1, latin1ToBytes } from '#std/bytes.ts'
import { EXEMPLAR_BYTES_MAX, type ExemplarLabel, otlpExemplar } from './exemplar.ts'
import { eachVarint, FieldCursor, int64 } from './fields.ts'
import type { SeriesLabels } from './labels.ts'
import { EXEMPLAR_TAG, HISTOGRAM_TAG, SAMPLE_TAG, type Version } from './survey.ts'
import type { Symbols } from './symbols.ts'

/** Series whose exemplars may wait at once; and exemplars of one series. */
const WAITING_MAX = 10_000
const OF_SERIES_MAX = 16
const LABELS_MAX = 32

export class Exemplars {
  readonly #version: Version
  readonly #symbols: Symbols
  readonly #fields = new FieldCursor()
  readonly #inner = new FieldCursor()
  readonly #label = new FieldCursor()
  readonly #waiting = new Map<string, Bytes[]>()

  constructor(version: Version, symbols: Symbols) {
    this.#version = version
    this.#symbols = symbols
  }

  begin(): void {
    this.#waiting.clear()
  }

  /** Takes those of a series without points. `labels` are those of the series. */
  collect(bytes: Bytes, from: number, to: number, labels: SeriesLabels): void {
    if (this.#waiting.size === WAITING_MAX) return
    const found = this.#own(bytes, from, to)
    if (found.length > 0) this.#waiting.set(latin1(labels.bytes, labels.from, labels.to), found)
  }

  /** Those of a series with points: its own, and those that waited for it. As OpenTelemetry has them. */
  take(bytes: Bytes, from: number, to: number, labels: SeriesLabels): Bytes[] {
    const own = this.#own(bytes, from, to)
    if (this.#waiting.size === 0) return own
    const key = latin1(labels.bytes, labels.from, labels.to)
    const waited = this.#waiting.get(key)
    if (waited === undefined) return own
    this.#waiting.delete(key)
    return own.length === 0 ? waited : [...own, ...waited]
  }

  /** Whether the series in [from, to) has exemplars and nothing to attach them to. */
  isLoose(bytes: Bytes, from: number, to: number): boolean {
    const fields = this.#fields
    let exemplars = 0
    fields.begin(bytes, from, to)
    while (fields.next()) {
      if (fields.tag === SAMPLE_TAG || fields.tag === HISTOGRAM_TAG[this.#version]) return false
      if (fields.tag === EXEMPLAR_TAG[this.#version]) exemplars++
    }
    return exemplars > 0
  }

  #own(bytes: Bytes, from: number, to: number): Bytes[] {
    const fields = this.#fields
    const found: Bytes[] = []
    fields.begin(bytes, from, to)
    while (fields.next() && found.length < OF_SERIES_MAX) {
      if (fields.tag !== EXEMPLAR_TAG[this.#version]) continue
      const exemplar = this.#exemplar(bytes, fields.from, fields.to)
      if (exemplar !== undefined) found.push(exemplar)
    }
    return found
  }

  #exemplar(bytes: Bytes, from: number, to: number): Bytes | undefined {
    const inner = this.#inner
    const labels: ExemplarLabel[] = []
    let value: { bytes: Bytes; at: number } = ZERO
    let timeMs = 0
    inner.begin(bytes, from, to)
    while (inner.next()) {
      if (inner.tag === 0x0a && this.#version === 1) labels.push(this.#readLabel(bytes, inner.from, inner.to))
      else if (inner.tag === 0x0a) this.#resolve(bytes, inner.from, inner.to, labels)
      else if (inner.tag === 0x11) value = { bytes, at: inner.from }
      else if (inner.tag === 0x18) timeMs = int64(bytes, inner.from, inner.to)
      if (labels.length > LABELS_MAX) return undefined
    }
    const length = labels.reduce((sum, label) => sum + label.name.length + label.value.length, 0)
    if (inner.isBroken || length > EXEMPLAR_BYTES_MAX || timeMs > 2 ** 44) return undefined
    return otlpExemplar(labels, value.bytes, value.at, timeMs)
  }

  #readLabel(bytes: Bytes, from: number, to: number): ExemplarLabel {
    const label = this.#label
    const found: ExemplarLabel = { name: ZERO.none, value: ZERO.none }
    label.begin(bytes, from, to)
    while (label.next()) {
      if (label.tag === 0x0a) found.name = bytes.subarray(label.from, label.to)
      else if (label.tag === 0x12) found.value = bytes.subarray(label.from, label.to)
    }
    return found
  }

  #resolve(bytes: Bytes, from: number, to: number, labels: ExemplarLabel[]): void {
    const symbols = this.#symbols
    let name: Bytes | undefined
    eachVarint(bytes, from, to, (start, end) => {
      const reference = int64(bytes, start, end)
      if (!(reference < symbols.count) || labels.length > LABELS_MAX) return
      const text = symbols.bytes.subarray(symbols.startOf(reference), symbols.endOf(reference))
      if (name === undefined) name = text
      else {
        labels.push({ name, value: text })
        name = undefined
      }
    })
  }
}

const ZEROS = latin1ToBytes('\0'.repeat(8))
const ZERO = { bytes: ZEROS, at: 0, none: ZEROS.subarray(0, 0) }
