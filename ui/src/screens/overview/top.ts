/** From series by service and by rule to lists, largest first. */
import type { Series } from '#contract/series.ts'
import { savedOf, sum, totalsOf } from '#ui/screens/overview/figures.ts'

/** What the API calls all that is not among the largest. */
const OTHER = 'other'

export interface TopService {
  key: string
  /** Undefined: of records that name none. */
  name: string | undefined
  bytes: number
  /** Of these bytes, and never more: both are estimates. */
  removed: number
  samples: number
  values: number[]
}

export function topServices({ series }: Series): TopService[] {
  return series
    .map(({ key, labels, samples, values }) => {
      const totals = totalsOf(values)
      const taken = totals['in']?.bytes ?? 0
      const service = labels['service'] ?? key
      return {
        key,
        name: service === '' ? undefined : service === OTHER ? 'all others' : service,
        bytes: taken,
        removed: Math.min(taken, Math.max(0, savedOf(totals, 'bytes'))),
        samples: samples ?? 0,
        values: values['in_bytes'] ?? [],
      }
    })
    .filter((one) => one.bytes > 0)
    .sort((a, b) => b.bytes - a.bytes)
}

export interface TopRule {
  key: string
  /** Undefined: all that are not among the largest. */
  rule: string | undefined
  type: string
  pipeline: string
  /** Of records that it ended, and what its edits took away. */
  bytes: number
  records: number
}

export function topRules({ series }: Series): TopRule[] {
  return series
    .map(({ key, labels, values }) => ({
      key,
      rule: labels['rule'],
      type: labels['type'] ?? '',
      pipeline: labels['pipeline'] ?? '',
      bytes: sum(values['ended_bytes'] ?? []) - sum(values['edited_bytes'] ?? []),
      records: sum(values['ended_records'] ?? []),
    }))
    .filter(({ bytes, records }) => bytes > 0 || records > 0)
    .sort((a, b) => b.bytes - a.bytes)
}
