/** How rules see metric records: `name`, `value`, `kind`, `unit`, and labels by their names. */
import { JsonLinesWriter } from '#codecs/json/lines-writer.ts'
import { AttributeReader } from '#codecs/otlp_metrics/attributes.ts'
import { FieldReader } from '#codecs/protobuf/reader.ts'
import { fieldsOf, WireType } from '#codecs/protobuf/wire.ts'
import { assert } from '#std/assert.ts'
import { type Bytes, fromText, latin1, utf8Length } from '#std/bytes.ts'
import type { Block } from '#telemetry/block.ts'
import type { FieldKind, FieldValue, Lookup, RecordFormat } from '#telemetry/format.ts'
import { writeDistribution } from './distribution.ts'
import { kinds, LabelType, MetricField, MetricReader, temporalities } from './record.ts'

export const metricFormat: RecordFormat = {
  name: 'metric',
  signal: 'metrics',
  isText: false,
  isLiteral: false,
  lookup: (name) => new MetricLookup(name),
  // Rules for metrics name what they mean; none searches all text of a series.
  strings: () => undefined,
  replace: () => undefined,
  annotate: () => undefined,
  toJson,
}

const METRIC_NAME = '__name__'

/** `name` is the metric's name; `labels/x`, or just `x`, is a label. */
class MetricLookup implements Lookup {
  readonly #name: string
  readonly #label: Bytes
  /** The attribute of a resource that has it, where it may stand there. */
  readonly #resourceName: Bytes | undefined
  readonly #reader = new MetricReader()
  readonly #attributes = new AttributeReader()
  readonly #fields = new FieldReader()

  constructor(name: string) {
    this.#name = name
    const resourceName =
      WELL_KNOWN_RESOURCE[name] ?? (name.startsWith(RESOURCE) ? name.slice(RESOURCE.length) : undefined)
    this.#resourceName = resourceName === undefined ? undefined : fromText(resourceName)
    const label = name === 'name' ? METRIC_NAME : name.startsWith('labels/') ? name.slice('labels/'.length) : name
    this.#label = fromText(label)
  }

  find(block: Block, i: number): FieldValue | undefined {
    const reader = this.#reader
    if (!reader.read(block.bytes, block.starts[i]!, block.ends[i]!)) return undefined
    const labels = reader.beginLabels()
    if (labels.find(this.#label)) {
      const text = latin1(block.bytes, labels.valueFrom, labels.valueTo)
      return { kind: fieldKinds[labels.type] ?? 'text', text, from: 0, to: text.length }
    }
    const attribute = this.#resourceName === undefined ? undefined : this.#inResource(reader)
    if (attribute !== undefined) return attribute
    if (this.#name === 'value') return made('number', String(reader.value))
    if (this.#name === 'kind') return made('text', kinds[reader.kind]!)
    if (this.#name !== 'unit') return undefined
    const unit = reader.text(MetricField.UNIT)
    return unit === '' ? undefined : made('text', latin1(fromText(unit), 0, utf8Length(unit)))
  }

  /** `resource` holds field 1 of ResourceMetrics: Resource { repeated KeyValue attributes = 1 }. */
  #inResource(reader: MetricReader): FieldValue | undefined {
    const part = reader.field(MetricField.RESOURCE)
    if (part === undefined) return undefined
    const { bytes } = reader
    for (const { field, from, to } of fieldsOf(bytes, part.from, part.to)) {
      if (field !== 1) continue
      this.#fields.begin(bytes, from, to)
      while (this.#fields.next()) {
        if (this.#fields.field !== 1 || this.#fields.type !== WireType.bytes) continue
        if (!this.#attributes.read(bytes, this.#fields.from, this.#fields.to)) continue
        if (!this.#attributes.isKey(this.#resourceName!)) continue
        const { text, type } = this.#attributes.text()
        return made(fieldKinds[type] ?? 'text', latin1(fromText(text), 0, utf8Length(text)))
      }
    }
    return undefined
  }
}

const fieldKinds: Readonly<Record<number, FieldKind>> = {
  [LabelType.STRING]: 'text',
  [LabelType.INTEGER]: 'number',
  [LabelType.DOUBLE]: 'number',
  [LabelType.BOOLEAN]: 'boolean',
}

/** Names of attributes of the resource that a metric came with; paths as they are in OpenTelemetry's JSON. */
const RESOURCE = 'resource/attributes/'
const WELL_KNOWN_RESOURCE: Readonly<Record<string, string>> = { service: 'service.name', host: 'host.name' }

function made(kind: FieldKind, text: string): FieldValue {
  return { kind, text, from: 0, to: text.length }
}

const writer = new JsonLinesWriter()

/**
 * One object a point: name, kind, temporality, timestamp, labels, and value or distribution. `writer` is this module's own,
 * which is enough: threads have modules of their own.
 */
function toJson(block: Block, into: Block): void {
  const reader = new MetricReader()
  writer.begin(into, block.context)
  for (let i = 0; i < block.count; i++) {
    if (block.selection[i] === 0) continue
    const isRecord = reader.read(block.bytes, block.starts[i]!, block.ends[i]!)
    assert(isRecord, 'only metric records are in a block of them')
    writePoint(reader)
    writer.endRecord()
  }
}

function writePoint(reader: MetricReader): void {
  const { bytes } = reader
  writer.raw('{"name":')
  writer.text(reader.label(NAME) ?? '')
  writer.raw(`,"kind":"${kinds[reader.kind]}"`)
  if (reader.temporality !== 0) writer.raw(`,"temporality":"${temporalities[reader.temporality] ?? 'none'}"`)
  if (reader.isMonotonic) writer.raw(',"monotonic":true')
  if (reader.isStale) writer.raw(',"stale":true')
  const unit = reader.text(MetricField.UNIT)
  if (unit !== '') {
    writer.raw(',"unit":')
    writer.text(unit)
  }
  if (reader.timeMs > 0) writer.raw(`,"timestamp":"${isoTime(reader.timeMs)}"`)
  if (reader.startMs > 0) writer.raw(`,"start":"${isoTime(reader.startMs)}"`)
  if (reader.intervalMs > 0) writer.raw(`,"interval_ms":${reader.intervalMs}`)
  writer.raw(',"labels":{')
  let first = true
  const labels = reader.beginLabels()
  while (labels.next()) {
    if (labels.isNamed(NAME)) continue
    if (!first) writer.raw(',')
    first = false
    writer.string(bytes, labels.nameFrom, labels.nameTo)
    writer.raw(':')
    writer.string(bytes, labels.valueFrom, labels.valueTo)
  }
  writer.raw('}')
  const distribution = reader.field(MetricField.DISTRIBUTION)
  if (distribution === undefined) {
    writer.raw(',"value":')
    if (reader.isInteger) writer.raw(String(bytes.readBigInt64LE(reader.from + 16)))
    else writer.number(reader.value)
  } else {
    writer.raw(',"distribution":')
    writeDistribution(writer, reader.kind, bytes, distribution.from, distribution.to)
  }
  writer.raw('}')
}

const NAME = fromText(METRIC_NAME)
const TIME_MS_MAX = 8.64e15

function isoTime(ms: number): string {
  return new Date(Math.min(ms, TIME_MS_MAX)).toISOString()
}
