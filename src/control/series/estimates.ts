/**
 * Who wrote what went through: services and severities, estimated from the samples that a gateway sends with its books.
 *
 * Each sampled record stands for its share of what the books say ended like it: n dropped records in the books over m
 * dropped records in the sample. So what is known exactly (how many were dropped) is not estimated again. What is kept
 * are weights; reading scales them to the exact figures.
 */
import { EventTexts } from '#codecs/event/event-of.ts'
import { severityName } from '#codecs/event/level.ts'
import type { ObservedRecord, SampleWindow } from '#contract/observation.ts'
import { type Counters, columns } from './counters.ts'

export const dimensions = ['service', 'severity'] as const
export type Dimension = (typeof dimensions)[number]

const FATES = ['forwarded', 'dropped', 'sampled', 'deduplicated', 'aggregated', 'quarantined'] as const
export const estimateColumns = (['in', ...FATES] as const).flatMap(
  (name) => [`${name}_records`, `${name}_bytes`] as const,
)

/** Longer names are cut: they come from records. */
const SERVICE_CHARACTERS_MAX = 128
/** Records whose text is longer are counted under no name: reading them costs too much. */
const TEXT_CHARACTERS_MAX = 65_536

export interface Estimate {
  dimension: Dimension
  pipeline: string
  name: string
  /** Records of these windows that were not in an earlier message. */
  samples: number
  /** As `estimateColumns`. */
  values: number[]
}

export interface Sampled {
  estimates: Estimate[]
  /** Time of the newest record that was looked at. */
  sampledTo: number
}

/**
 * `counters`: what is new in the books that came with the windows. `sampledTo`: records up to this time have been
 * counted as samples. `recordsMax`: of each window; more are passed over evenly.
 */
export function estimate(
  counters: readonly Counters[],
  windows: readonly SampleWindow[],
  sampledTo: number,
  recordsMax: number,
): Sampled {
  const found = new Map<string, Estimate>()
  let newest = sampledTo
  for (const { kind, names, values } of counters) {
    if (kind !== 'pipelines') continue
    const pipeline = names[0]!
    const records = windows.flatMap((window) => (window.pipeline === pipeline ? thin(window.records, recordsMax) : []))
    for (const fate of FATES) {
      const same = records.filter((record) => record.fate === fate)
      if (same.length === 0) continue
      const each = Math.max(0, counterOf(values, `${fate}_records`)) / same.length
      const bytes = Math.max(0, counterOf(values, `${fate}_bytes`))
      const sampledBytes = same.reduce((sum, record) => sum + bytesOf(record), 0)
      for (const record of same) {
        const share = sampledBytes === 0 ? 0 : bytesOf(record) / sampledBytes
        const isNew = record.at > sampledTo
        newest = Math.max(newest, record.at)
        const { service, severity } = labelsOf(record)
        note(found, 'service', pipeline, service, fate, each, record.bytes_in, share * bytes, isNew)
        note(found, 'severity', pipeline, severity, fate, each, record.bytes_in, share * bytes, isNew)
      }
    }
  }
  return { estimates: [...found.values()], sampledTo: newest }
}

function note(
  found: Map<string, Estimate>,
  dimension: Dimension,
  pipeline: string,
  name: string,
  fate: (typeof FATES)[number],
  records: number,
  bytesIn: number,
  bytes: number,
  isNew: boolean,
): void {
  const key = `${dimension}\0${pipeline}\0${name}`
  let sums = found.get(key)
  if (sums === undefined) {
    sums = { dimension, pipeline, name, samples: 0, values: estimateColumns.map(() => 0) }
    found.set(key, sums)
  }
  const column = 2 + 2 * FATES.indexOf(fate)
  sums.values[0]! += records
  sums.values[1]! += records * bytesIn
  sums.values[column]! += records
  sums.values[column + 1]! += bytes
  if (isNew) sums.samples++
}

let reader: EventTexts | undefined

function labelsOf({ before }: ObservedRecord): { service: string; severity: string } {
  const { text } = before
  if (text === undefined || text.length > TEXT_CHARACTERS_MAX) return { service: '', severity: severityName(0) }
  reader ??= new EventTexts()
  const { service = '', severity } = reader.read(text)
  return {
    service: service.slice(0, SERVICE_CHARACTERS_MAX).replaceAll('\0', ''),
    severity: severityName(severity),
  }
}

/** The bytes under which the books count it. */
const bytesOf = (record: ObservedRecord) =>
  Math.max(0, record.fate === 'forwarded' ? record.bytes_out : record.bytes_in)

/** At most `max`, evenly from all. */
export function thin(records: readonly ObservedRecord[], max: number): readonly ObservedRecord[] {
  if (records.length <= max) return records
  return Array.from({ length: max }, (_, i) => records[Math.floor((i * records.length) / max)]!)
}

function counterOf(values: readonly number[], column: string): number {
  return values[(columns.pipelines as readonly string[]).indexOf(column)] ?? 0
}
