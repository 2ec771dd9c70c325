/** What only the overview reads. */
import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import type { AlertEvent } from '#contract/alert.ts'
import type { Version } from '#contract/configuration.ts'
import type { Gateway, GatewaySummary } from '#contract/fleet.ts'
import { get } from '#ui/api/client.ts'
import type { Page } from '#ui/api/pages.ts'
import { pathOf } from '#ui/api/queries.ts'

const SLOW_MS = 30_000
const STATES_MS = 10_000
/** More gateways are counted by the summary of the fleet only. */
export const GATEWAYS_READ = 200
const ALERTS_READ = 20
const VERSIONS_READ = 50

export function gatewaysQuery(configuration: string) {
  return queryOptions({
    queryKey: ['gateways', 'overview', configuration],
    queryFn: ({ signal }) => get<Page<GatewaySummary>>('/gateways', { configuration, limit: GATEWAYS_READ }, signal),
    refetchInterval: STATES_MS,
    placeholderData: keepPreviousData,
  })
}

/** One with the configuration that it says it runs. */
export function gatewayQuery(id: string) {
  return queryOptions({
    queryKey: ['gateways', 'one', id],
    queryFn: ({ signal }) => get<Gateway>(`/gateways/${encodeURIComponent(id)}`, {}, signal),
    staleTime: SLOW_MS,
    refetchInterval: SLOW_MS,
  })
}

export const firingQuery = queryOptions({
  queryKey: ['alerts', 'firing'],
  queryFn: ({ signal }) => get<Page<AlertEvent>>('/alerts/events', { state: 'firing', limit: ALERTS_READ }, signal),
  refetchInterval: STATES_MS,
})

/** The newest versions, for marks in charts. */
export function versionsQuery(configuration: string) {
  return queryOptions({
    queryKey: ['configurations', configuration, 'versions', 'newest'],
    queryFn: ({ signal }) => get<Page<Version>>(`${pathOf(configuration)}/versions`, { limit: VERSIONS_READ }, signal),
    refetchInterval: SLOW_MS,
  })
}
