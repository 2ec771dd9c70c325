/** When versions of a configuration were published, for charts. */
import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { newestVersionsQuery } from '#ui/api/configuration-queries.ts'
import type { Mark } from '#ui/kit/chart-plot.ts'
import type { Range } from '#ui/kit/time-range.tsx'

/** The last step of a range is still open: what is published now belongs to it. */
const LAST_MS = 60_000

export function useVersionMarks(configuration: string, { from, to }: Range): readonly Mark[] {
  const { data } = useQuery(newestVersionsQuery(configuration))
  return useMemo(
    () =>
      (data?.items ?? [])
        .filter(({ created_at: at }) => at >= from && at < to + LAST_MS)
        .map(({ number, created_at: at }) => ({ at, label: `v${number}` })),
    [data, from, to],
  )
}
