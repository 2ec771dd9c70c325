/** When versions of a configuration were published, for charts. */
import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import type { Mark } from '#ui/kit/chart-plot.ts'
import type { Range } from '#ui/kit/time-range.tsx'
import { versionsQuery } from '#ui/screens/overview/queries.ts'

export function useMarks(configuration: string, { from, to }: Range): readonly Mark[] {
  const { data } = useQuery(versionsQuery(configuration))
  return useMemo(
    () =>
      (data?.items ?? [])
        .filter(({ created_at: at }) => at >= from && at <= to)
        .map(({ number, created_at: at }) => ({ at, label: `v${number}` })),
    [data, from, to],
  )
}
