/**
 * What the type of a metric family says of one of its series. A family's series have names of their own (`_bucket`,
 * `_sum`,
 * `_count`), and stay series of numbers: only native histograms are histograms.
 *
 * The type itself goes with the record as metadata `prometheus.type`, as OpenTelemetry's receivers of Prometheus keep
 * it: so
 * whoever writes Prometheus' formats again finds the family, and takes the name as it is.
 */
import { Flag, Kind, MetricField, Temporality } from '#codecs/metric/record.ts'
import type { MetricWriter } from '#codecs/metric/writer.ts'
import { type Bytes, fromText } from '#std/bytes.ts'

/** As MetricMetadata.MetricType and Metadata.MetricType number them. */
export const familyTypes = [
  'unknown',
  'counter',
  'gauge',
  'histogram',
  'gaugehistogram',
  'summary',
  'info',
  'stateset',
] as const
export type FamilyType = (typeof familyTypes)[number]

export interface Meaning {
  kind: number
  temporality: number
  flags: number
  /** Undefined: nothing is known. */
  type: Bytes | undefined
  unit: Bytes | undefined
  help: Bytes | undefined
}

export const UNKNOWN: Meaning = {
  kind: Kind.unknown,
  temporality: Temporality.NONE,
  flags: Flag.PROMETHEUS,
  type: undefined,
  unit: undefined,
  help: undefined,
}

/** `name` is that of the series; `unit` and `help` may be empty. */
export function meaningOf(type: number, name: string, unit: Bytes, help: Bytes): Meaning {
  const family = familyTypes[type] ?? 'unknown'
  return {
    ...roleOf(family, name),
    type: typeMetadata[family],
    unit: unit.length === 0 ? undefined : unit,
    help: help.length === 0 ? undefined : help,
  }
}

/** Behind the labels. */
export function writeMeaning(writer: MetricWriter, { type, unit, help }: Meaning): void {
  if (unit !== undefined) writer.field(MetricField.UNIT, unit)
  if (help !== undefined) writer.field(MetricField.DESCRIPTION, help)
  if (type !== undefined) writer.field(MetricField.METADATA, type)
}

type Role = Pick<Meaning, 'kind' | 'temporality' | 'flags'>
const COUNTER: Role = { kind: Kind.sum, temporality: Temporality.CUMULATIVE, flags: Flag.PROMETHEUS | Flag.MONOTONIC }
/** Sums of observations, which may be negative. */
const SUM: Role = { kind: Kind.sum, temporality: Temporality.CUMULATIVE, flags: Flag.PROMETHEUS }
const GAUGE: Role = { kind: Kind.gauge, temporality: Temporality.NONE, flags: Flag.PROMETHEUS }
const NOTHING: Role = { kind: Kind.unknown, temporality: Temporality.NONE, flags: Flag.PROMETHEUS }

function roleOf(family: FamilyType, name: string): Role {
  // When the series began: a time, however it is counted.
  if (family !== 'gauge' && name.endsWith('_created')) return GAUGE
  if (family === 'counter') return COUNTER
  if (family === 'unknown') return NOTHING
  if (family === 'histogram' || family === 'summary') {
    if (name.endsWith('_bucket') || name.endsWith('_count')) return COUNTER
    return name.endsWith('_sum') ? SUM : GAUGE
  }
  return GAUGE
}

export const TYPE_KEY = 'prometheus.type'

/** KeyValue { string key = 1; AnyValue value = 2 { string string_value = 1 } } */
const typeMetadata: Readonly<Record<FamilyType, Bytes | undefined>> = Object.fromEntries(
  familyTypes.map((type) => [type, type === 'unknown' ? undefined : metadataOf(type)]),
) as Record<FamilyType, Bytes | undefined>

function metadataOf(type: string): Bytes {
  const letters = String.fromCharCode
  const value = `\x0a${letters(type.length)}${type}`
  return fromText(`\x0a${letters(TYPE_KEY.length)}${TYPE_KEY}\x12${letters(value.length)}${value}`)
}
