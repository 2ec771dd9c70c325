/** What several screens read of gateways. */
import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import type { GatewaySummary } from '#contract/fleet.ts'
import { get } from '#ui/api/client.ts'
import { PAGE_ITEMS, type Page } from '#ui/api/pages.ts'

const FOLLOWERS_MS = 5000

/** Gateways that follow the configuration, the first 500. */
export function followersQuery(configuration: string) {
  return queryOptions({
    queryKey: ['gateways', 'followers', configuration],
    queryFn: ({ signal }) => get<Page<GatewaySummary>>('/gateways', { configuration, limit: PAGE_ITEMS }, signal),
    refetchInterval: FOLLOWERS_MS,
    placeholderData: keepPreviousData,
  })
}

export function gatewayPath(id: string): string {
  return `/gateways/${encodeURIComponent(id)}`
}
