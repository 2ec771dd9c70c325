/** Series of one output as charts take them. An output that changed its type has several, which are added up. */
import type { Series } from '#contract/series.ts'
import { firstKnown, knownFrom } from '#ui/kit/chart-data.ts'

const STEP_MS = { minute: 60_000, hour: 3_600_000, day: 86_400_000 } as const

export interface Line {
  key: string
  label: string
  color: string
  values: (number | null)[]
}

/** Steps that are over: the one under way would look like a fall. One at least. */
export function wholeSteps({ times, step }: Pick<Series, 'times' | 'step'>, to: number): number {
  const whole = times.filter((at) => at + STEP_MS[step] <= to).length
  return Math.max(Math.min(1, times.length), whole)
}

export function waitsOf(data: Pick<Series, 'series' | 'times'>, output: string, steps: number): Line[] {
  return [
    { key: 'spool', label: 'On disk', color: 'var(--sampled)', values: added(data, output, steps, ['spool_bytes']) },
    {
      key: 'queue',
      label: 'In memory',
      color: 'var(--deduplicated)',
      values: added(data, output, steps, ['queue_bytes']),
    },
  ]
}

export function endsOf(data: Pick<Series, 'series' | 'times'>, output: string, steps: number): Line[] {
  const line = (key: string, label: string, color: string, names: string[]) => ({
    key,
    label,
    color: `var(--${color})`,
    values: added(data, output, steps, names),
  })
  return [
    line('lost', 'Lost', 'lost', ['lost_records', 'overwritten_records']),
    line('expired', 'Expired', 'dropped', ['expired_records']),
    line('rejected', 'Rejected', 'quarantined', ['rejected_records']),
    line('delivered', 'Delivered', 'delivered', ['delivered_records']),
  ]
}

function added(
  { series, times }: Pick<Series, 'series' | 'times'>,
  output: string,
  steps: number,
  names: readonly string[],
): (number | null)[] {
  const own = series.filter(({ labels }) => labels['output'] === output)
  const first = firstKnown(
    times,
    0,
    own.flatMap(({ values }) => Object.values(values)),
  )
  const sums = times
    .slice(0, steps)
    .map((_, index) =>
      own.reduce((sum, { values }) => sum + names.reduce((part, name) => part + (values[name]?.[index] ?? 0), 0), 0),
    )
  return knownFrom(sums, first)
}
