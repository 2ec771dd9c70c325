/**
 * What rules have in common that decide by the labels of a metric alone: the labels of a series stay the same, so the decision
 * is made once for each series and remembered.
 */
import { Kind, MetricReader } from '#codecs/metric/record.ts'
import { LABELS_MAX, MetricWriter } from '#codecs/metric/writer.ts'
import type { Processor } from '#component/processor.ts'
import { allocate, type Bytes, copyBytes, utf8 } from '#std/bytes.ts'
import { hash32 } from '#std/hash.ts'
import type { Block } from '#telemetry/block.ts'

export const METRIC_NAME = '__name__'

/** A label's value, and what type it had where it came from; see `LabelType`. */
export interface LabelValue {
  value: string
  type: number
}

/** By name; the metric's own name stands under `__name__`. */
export type Labels = Map<string, LabelValue>

/** The labels as they shall be: the same map, changed or not; or undefined to drop the points of the series. */
export type Decide = (labels: Labels) => Labels | undefined

/** Bytes of labels whose decisions are remembered; then all are forgotten. */
const REMEMBERED_BYTES_MAX = 32 * 1024 * 1024
const REMEMBERED_OVERHEAD_BYTES = 200

interface Decision {
  /** The labels it is for. */
  labels: Bytes
  /** The labels as they shall be; undefined to drop, or the same as `labels`. */
  becomes: Bytes | undefined
}

export class SeriesRule implements Processor {
  readonly #decide: Decide
  readonly #decisions = new Map<number, Decision>()
  #remembered = 0
  readonly #reader = new MetricReader()
  readonly #labels = new MetricWriter()
  readonly #records = new MetricWriter()

  constructor(decide: Decide) {
    this.#decide = decide
  }

  process(block: Block): void {
    const { selection, count, bytes, starts, ends } = block
    this.#records.begin()
    const edits: { record: number; from: number; to: number }[] = []
    for (let i = 0; i < count; i++) {
      if (selection[i] === 0 || !this.#reader.read(bytes, starts[i]!, ends[i]!)) continue
      const decision = this.#decision()
      if (decision.becomes === undefined) block.drop(i)
      else if (decision.becomes !== decision.labels) {
        const from = this.#records.at
        this.#records.start(0, 0, 0)
        this.#records.labelsCopy(decision.becomes, 0, decision.becomes.length)
        this.#records.like(bytes, starts[i]!, ends[i]!, true)
        this.#records.end()
        edits.push({ record: i, from, to: this.#records.at })
      }
    }
    for (const { record, from, to } of edits) block.replaceRecord(record, this.#records.bytes.subarray(from, to))
    block.commitEdits()
  }

  #decision(): Decision {
    const { bytes, labelsFrom, labelsTo } = this.#reader
    const print = hash32(bytes, labelsFrom, labelsTo)
    const known = this.#decisions.get(print)
    if (known !== undefined && isSame(known.labels, bytes, labelsFrom, labelsTo)) return known
    const labels = allocate(labelsTo - labelsFrom)
    copyBytes(bytes, labelsFrom, labelsTo, labels, 0)
    const decision = { labels, becomes: this.#decideAnew(labels) }
    this.#remember(print, decision, known)
    return decision
  }

  #remember(print: number, decision: Decision, before: Decision | undefined): void {
    if (before !== undefined) this.#remembered -= weightOf(before)
    this.#remembered += weightOf(decision)
    if (this.#remembered > REMEMBERED_BYTES_MAX) {
      this.#decisions.clear()
      this.#remembered = weightOf(decision)
    }
    this.#decisions.set(print, decision)
  }

  #decideAnew(bytes: Bytes): Bytes | undefined {
    const before: Labels = new Map()
    const cursor = this.#reader.beginLabels()
    const from = this.#reader.bytes
    while (cursor.next()) {
      const value = utf8(from, cursor.valueFrom, cursor.valueTo)
      before.set(utf8(from, cursor.nameFrom, cursor.nameTo), { value, type: cursor.type })
    }
    const shown = new Map(before)
    const after = this.#decide(shown)
    if (after === undefined) return undefined
    if (isEqual(before, after)) return bytes
    const writer = this.#labels
    writer.begin()
    writer.start(Kind.unknown, 0, 0)
    let count = 0
    for (const [name, { value, type }] of after) {
      // A label without a value is no label.
      if (value !== '' && count++ < LABELS_MAX) writer.labelText(name, value, type)
    }
    writer.end()
    this.#written.read(writer.bytes, 0, writer.at)
    const { labelsFrom, labelsTo } = this.#written
    const labels = allocate(labelsTo - labelsFrom)
    copyBytes(writer.bytes, labelsFrom, labelsTo, labels, 0)
    return labels
  }

  readonly #written = new MetricReader()
}

function isSame(labels: Bytes, bytes: Bytes, from: number, to: number): boolean {
  return labels.length === to - from && bytes.compare(labels, 0, labels.length, from, to) === 0
}

function isEqual(a: Labels, b: Labels): boolean {
  if (a.size !== b.size) return false
  for (const [name, { value, type }] of a) {
    const other = b.get(name)
    if (other === undefined || other.value !== value || other.type !== type) return false
  }
  return true
}

function weightOf({ labels, becomes }: Decision): number {
  return REMEMBERED_OVERHEAD_BYTES + labels.length + (becomes === labels ? 0 : (becomes?.length ?? 0))
}
