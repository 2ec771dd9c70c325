/** Names to confine rules by: those of the configuration that is looked at, and of gateways. Others can be typed. */
import { queryOptions, useQuery } from '@tanstack/react-query'
import type { ScopeKey } from '#contract/alert.ts'
import type { GatewaySummary } from '#contract/fleet.ts'
import { get } from '#ui/api/client.ts'
import type { Page } from '#ui/api/pages.ts'
import { configurationsQuery, draftQuery, liveQuery } from '#ui/api/queries.ts'
import { useConfiguration } from '#ui/routes.tsx'

const NAMES_MAX = 200

const gatewayNamesQuery = queryOptions({
  queryKey: ['alerts', 'gateway names'],
  queryFn: ({ signal }) => get<Page<GatewaySummary>>('/gateways', { limit: NAMES_MAX }, signal),
  staleTime: 60_000,
})

export function useScopeNames(): Record<ScopeKey, readonly string[]> {
  const configuration = useConfiguration()
  const configurations = useQuery(configurationsQuery)
  const isStreamgate = configurations.data?.items.find(({ name }) => name === configuration)?.kind === 'streamgate'
  const draft = useQuery({ ...draftQuery(configuration), enabled: isStreamgate })
  const live = useQuery(liveQuery(configuration))
  const gateways = useQuery(gatewayNamesQuery)
  const books = live.data?.items.map(({ stats }) => stats) ?? []
  const unique = (names: readonly string[]) => [...new Set(names)].sort()
  return {
    configuration: configurations.data?.items.map(({ name }) => name) ?? [],
    pipeline: unique([
      ...(draft.data?.body.pipelines ?? []).map(({ id }) => id),
      ...books.flatMap(({ pipelines }) => pipelines.map(({ id }) => id)),
    ]),
    output: unique([
      ...(draft.data?.body.outputs ?? []).map(({ id }) => id),
      ...books.flatMap(({ outputs }) => outputs.map(({ id }) => id)),
    ]),
    gateway: unique(gateways.data?.items.map(({ name }) => name) ?? []),
  }
}
