/** What the screens of the fleet read. */
import { infiniteQueryOptions, keepPreviousData, type QueryClient, queryOptions } from '@tanstack/react-query'
import type { Gateway, GatewaySummary, Labels } from '#contract/fleet.ts'
import type { LiveEntry } from '#contract/series.ts'
import { get, getTagged, type Query, sendTagged, type Tagged } from '#ui/api/client.ts'
import { gatewayPath } from '#ui/api/gateway-queries.ts'
import { PAGE_ITEMS, type Page, pagesQuery } from '#ui/api/pages.ts'
import { LIVE_MS } from '#ui/api/queries.ts'
import type { FleetSearch } from '#ui/screens/fleet/route.ts'

/** Rows that are read anew while one looks; longer lists keep what was read until one reloads them. */
const REFRESHED_PAGES_MAX = 4
const REFRESH_MS = 5000
/** Figures of now are read of so many gateways: each brings its whole books. */
const LIVE_PAGES_MAX = 4

export function filterOf({ state, follows, label, text }: FleetSearch): Query {
  return { state, configuration: follows, label, text }
}

export function gatewaysQuery(search: FleetSearch) {
  return infiniteQueryOptions({
    ...pagesQuery<GatewaySummary>('/gateways', filterOf(search), PAGE_ITEMS),
    queryKey: ['gateways', filterOf(search)],
    refetchInterval: (query) =>
      (query.state.data?.pages.length ?? 0) <= REFRESHED_PAGES_MAX ? REFRESH_MS : REFRESH_MS * 12,
  })
}

/** By gateway. `complete`: it has all that talk to this controller. */
export function liveFleetQuery(configuration: string | undefined) {
  return queryOptions({
    queryKey: ['live-fleet', configuration ?? null],
    queryFn: async ({ signal }) => {
      const entries = new Map<string, LiveEntry>()
      let cursor: string | undefined
      for (let pages = 0; pages < LIVE_PAGES_MAX; pages++) {
        const page = await get<Page<LiveEntry>>('/stats/live', { configuration, limit: PAGE_ITEMS, cursor }, signal)
        for (const entry of page.items) entries.set(entry.gateway, entry)
        cursor = page.next_cursor ?? undefined
        if (cursor === undefined) break
      }
      return { entries, complete: cursor === undefined }
    },
    refetchInterval: (query) => ((query.state.data?.entries.size ?? 0) > PAGE_ITEMS ? LIVE_MS * 5 : LIVE_MS),
    placeholderData: keepPreviousData,
  })
}

export function gatewayQuery(id: string) {
  return queryOptions({
    queryKey: ['gateway', id],
    queryFn: ({ signal }) => getTagged<Gateway>(gatewayPath(id), {}, signal),
    refetchInterval: LIVE_MS,
  })
}

export interface GatewayChange {
  name?: string | null
  labels?: Labels
  configuration?: string | null
}

/** Against the state that was shown; without a tag, against whatever stands there when it is read. */
export async function changeGateway(
  id: string,
  change: GatewayChange | ((gateway: Gateway) => GatewayChange),
  etag?: string,
): Promise<Tagged<Gateway>> {
  if (typeof change !== 'function' && etag !== undefined)
    return await sendTagged<Gateway>('PATCH', gatewayPath(id), change, { etag })
  const now = await getTagged<Gateway>(gatewayPath(id))
  const body = typeof change === 'function' ? change(now.body) : change
  return await sendTagged<Gateway>('PATCH', gatewayPath(id), body, { etag: now.etag })
}

/** Something was done to gateways: all that is shown of them is read anew. */
export async function fleetChanged(client: QueryClient): Promise<void> {
  await Promise.all([['gateways'], ['gateway'], ['fleet']].map((queryKey) => client.invalidateQueries({ queryKey })))
}
