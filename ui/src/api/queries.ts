/** What several screens read. Each screen keeps what only it reads in its own folder. */
import { keepPreviousData, type QueryClient, queryOptions, useQuery } from '@tanstack/react-query'
import type { About } from '#contract/about.ts'
import type { AuthMode, Me, Permission, User } from '#contract/access.ts'
import type { ComponentCatalog } from '#contract/component.ts'
import type { Configuration, ConfigurationDocument, SecretInfo } from '#contract/configuration.ts'
import type { FleetSummary } from '#contract/fleet.ts'
import type { LiveEntry, Series } from '#contract/series.ts'
import { get, getTagged, keepCsrfToken, type Query } from '#ui/api/client.ts'
import { getAll, PAGE_ITEMS, type Page } from '#ui/api/pages.ts'

/** How often figures that move are asked for. */
export const LIVE_MS = 2000
export const SERIES_MS = 15_000

export const meQuery = queryOptions({
  queryKey: ['me'],
  queryFn: async ({ signal }) => {
    const me = await get<Me>('/me', {}, signal)
    keepCsrfToken(me.csrf_token)
    return me
  },
  staleTime: 60_000,
})

export const loginStateQuery = queryOptions({
  queryKey: ['login'],
  queryFn: ({ signal }) => get<{ auth_mode: AuthMode; has_users: boolean }>('/login', {}, signal),
})

export const configurationsQuery = queryOptions({
  queryKey: ['configurations'],
  queryFn: ({ signal }) => get<Page<Configuration>>('/configurations', { limit: PAGE_ITEMS }, signal),
  refetchInterval: 10_000,
})

/** What the controller is. */
export const aboutQuery = queryOptions({
  queryKey: ['about'],
  queryFn: ({ signal }) => get<About>('/about', {}, signal),
})

/** It changes with the program, not while it runs. */
export const componentsQuery = queryOptions({
  queryKey: ['components'],
  queryFn: ({ signal }) => get<ComponentCatalog>('/components', {}, signal),
  staleTime: Number.POSITIVE_INFINITY,
})

export const secretsQuery = queryOptions({
  queryKey: ['secrets'],
  queryFn: ({ signal }) => getAll<SecretInfo>('/secrets', {}, signal),
})

export const usersQuery = queryOptions({
  queryKey: ['users'],
  queryFn: ({ signal }) => getAll<User>('/users', {}, signal),
})

/** The draft of a configuration of the kind `streamgate`, with its tag. */
export function draftQuery(configuration: string) {
  return queryOptions({
    queryKey: ['configurations', configuration, 'draft'],
    queryFn: ({ signal }) => getTagged<ConfigurationDocument>(`${pathOf(configuration)}/draft`, {}, signal),
  })
}

/** What its gateways have said last. */
export function liveQuery(configuration: string | undefined) {
  return queryOptions({
    queryKey: ['live', configuration ?? null],
    queryFn: ({ signal }) => get<Page<LiveEntry>>('/stats/live', { configuration, limit: PAGE_ITEMS }, signal),
    refetchInterval: LIVE_MS,
    placeholderData: keepPreviousData,
  })
}

/** `query` as `GET /series` takes it. */
export function seriesQuery(query: Query) {
  return queryOptions({
    queryKey: ['series', query],
    queryFn: ({ signal }) => get<Series>('/series', query, signal),
    placeholderData: keepPreviousData,
  })
}

export const fleetSummaryQuery = queryOptions({
  queryKey: ['fleet', 'summary'],
  queryFn: ({ signal }) => get<FleetSummary>('/fleet/summary', {}, signal),
  refetchInterval: 5000,
})

/** Who is logged in; screens are shown only to somebody. */
export function useMe(): Me {
  const { data } = useQuery(meQuery)
  if (data === undefined) throw new Error('a screen is shown before anybody has logged in')
  return data
}

export function useCan(permission: Permission): boolean {
  return useMe().permissions.includes(permission)
}

export function pathOf(configuration: string): string {
  return `/configurations/${encodeURIComponent(configuration)}`
}

/** A draft or a version has changed: all that is shown of the configuration is read anew. */
export async function configurationChanged(client: QueryClient): Promise<void> {
  await client.invalidateQueries({ queryKey: ['configurations'] })
}
