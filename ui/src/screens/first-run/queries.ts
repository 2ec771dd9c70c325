/** What the first run asks: whether anything has ever come in, and the books of the node beside the controller. */
import { queryOptions } from '@tanstack/react-query'
import type { Series } from '#contract/series.ts'
import type { NodeStats } from '#contract/stats.ts'
import { ApiError, get } from '#ui/api/client.ts'

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

/** The node in the same process, which says at once what others report every ten seconds. Null: there is none. */
export const ownStatsQuery = queryOptions({
  queryKey: ['own-stats'],
  queryFn: async ({ signal }) => {
    try {
      return await get<NodeStats>('/stats', {}, signal)
    } catch (error) {
      if (error instanceof ApiError && error.status === 503) return null
      throw error
    }
  },
  refetchInterval: ({ state }) => (state.data === null ? false : STATS_MS),
})
