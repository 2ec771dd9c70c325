/** What only the overview reads. */
import { queryOptions } from '@tanstack/react-query'
import type { AlertEvent } from '#contract/alert.ts'
import type { Gateway } from '#contract/fleet.ts'
import { get } from '#ui/api/client.ts'
import { gatewayPath } from '#ui/api/gateway-queries.ts'
import type { Page } from '#ui/api/pages.ts'

const SLOW_MS = 30_000
const STATES_MS = 10_000
const ALERTS_READ = 20

/** One with the configuration that it says it runs. */
export function gatewayQuery(id: string) {
  return queryOptions({
    queryKey: ['gateways', 'one', id],
    queryFn: ({ signal }) => get<Gateway>(gatewayPath(id), {}, signal),
    staleTime: SLOW_MS,
    refetchInterval: SLOW_MS,
  })
}

export const firingQuery = queryOptions({
  queryKey: ['alerts', 'firing'],
  queryFn: ({ signal }) => get<Page<AlertEvent>>('/alerts/events', { state: 'firing', limit: ALERTS_READ }, signal),
  refetchInterval: STATES_MS,
})
