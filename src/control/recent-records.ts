/** The records of samples in one list, the newest first: a pure function. */
import type { RecentQuery, RecentRecords } from '#contract/observation.ts'
import type { GatewaySamples } from './runtime.ts'

/** Of all records of one answer, as JSON. */
export const RECENT_BYTES_MAX = 4 * 1024 * 1024

export function recentRecordsOf(
  { asked, answered, samples }: GatewaySamples,
  { pipeline, rule, fate, limit }: RecentQuery,
): RecentRecords {
  const windows = samples.flatMap(({ gateway, windows }) =>
    windows
      .filter((window) => pipeline === undefined || window.pipeline === pipeline)
      .map((window) => ({ ...window, gateway })),
  )
  const fitting = windows
    .flatMap(({ gateway, records }) => records.map((record) => ({ ...record, gateway })))
    .filter((record) => fate === undefined || record.fate === fate)
    .filter((record) => rule === undefined || record.rule === rule || record.edited_by.includes(rule))
    .sort((a, b) => b.at - a.at)
  let bytes = 0
  const end = fitting.slice(0, limit).findIndex((record) => {
    bytes += Buffer.byteLength(JSON.stringify(record))
    return bytes > RECENT_BYTES_MAX
  })
  const records = fitting.slice(0, end === -1 ? limit : end)
  const pipelines = [...Map.groupBy(windows, (window) => window.pipeline)].map(([id, own]) => ({
    id,
    from: Math.min(...own.map(({ from }) => from)),
    to: Math.max(...own.map(({ to }) => to)),
    seen: {
      records: own.reduce((sum, { seen }) => sum + seen.records, 0),
      bytes: own.reduce((sum, { seen }) => sum + seen.bytes, 0),
    },
    sampled: own.reduce((sum, window) => sum + window.records.length, 0),
  }))
  return { gateways: { asked, answered }, pipelines, records, left_out: fitting.length - records.length }
}
