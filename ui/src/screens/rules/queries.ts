/** What only this screen reads. */
import { queryOptions } from '@tanstack/react-query'
import type { Gateway, GatewaySummary } from '#contract/fleet.ts'
import { get } from '#ui/api/client.ts'
import { gatewayPath } from '#ui/api/gateway-queries.ts'
import type { Page } from '#ui/api/pages.ts'

/** One gateway that follows the configuration and is there, with what it runs; null when there is none. */
export function runningQuery(configuration: string) {
  return queryOptions({
    queryKey: ['gateways', 'running', configuration],
    queryFn: async ({ signal }) => {
      const { items } = await get<Page<GatewaySummary>>(
        '/gateways',
        { configuration, state: 'online', limit: 1 },
        signal,
      )
      return items[0] === undefined ? null : await get<Gateway>(gatewayPath(items[0].id), {}, signal)
    },
    staleTime: 30_000,
  })
}
