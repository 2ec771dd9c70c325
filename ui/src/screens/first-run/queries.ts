/** What the first run asks: whether anything has ever come in, and the books of the node beside the controller. */
import { queryOptions } from '@tanstack/react-query'
import type { Series } from '#contract/series.ts'
import type { NodeStats } from '#contract/stats.ts'
import { get } from '#ui/api/client.ts'

const DAY_MS = 86_400_000
/** Hours are kept for so long where nobody has said otherwise. */
const DAYS = 400
const RECHECK_MS = 60_000
const STATS_MS = 1000

/** Whether the series know of anything at all. */
export function everSeenQuery(configuration: string) {
  return queryOptions({
    queryKey: ['ever-seen', configuration],
    queryFn: async ({ signal }) => {
      const to = Date.now()
      const query = { configuration, by: 'total', step: 'day', from: to - DAYS * DAY_MS, to }
      const { series } = await get<Series>('/series', query, signal)
      return series.length > 0
    },
    staleTime: RECHECK_MS,
  })
}

/** The books of the node in the same process, which says at once what others report every ten seconds. */
export const ownStatsQuery = queryOptions({
  queryKey: ['own-stats'],
  queryFn: ({ signal }) => get<NodeStats>('/stats', {}, signal),
  refetchInterval: STATS_MS,
})
