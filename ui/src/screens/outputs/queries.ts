/** What the screens of outputs read: the books of all gateways of a configuration, and what they have kept. */
import { type QueryClient, queryOptions, useQuery } from '@tanstack/react-query'
import { useEffect, useMemo, useRef, useState } from 'react'
import type { DeadLetterSummary, DroppedSummary } from '#contract/kept.ts'
import type { LiveEntry } from '#contract/series.ts'
import { get } from '#ui/api/client.ts'
import { followersQuery, gatewayPath } from '#ui/api/gateway-queries.ts'
import { liveQuery } from '#ui/api/queries.ts'
import { type OutputTotal, outputsOf } from '#ui/screens/outputs/aggregate.ts'
import { Growth } from '#ui/screens/outputs/growth.ts'

const KEPT_MS = 5000

export function letterSummaryQuery(gateway: string) {
  return queryOptions({
    queryKey: ['kept', gateway, 'letters'],
    queryFn: ({ signal }) => get<DeadLetterSummary>(`${gatewayPath(gateway)}/dead-letters/summary`, {}, signal),
    refetchInterval: KEPT_MS,
    retry: false,
  })
}

export function droppedSummaryQuery(gateway: string) {
  return queryOptions({
    queryKey: ['kept', gateway, 'dropped'],
    queryFn: ({ signal }) => get<DroppedSummary>(`${gatewayPath(gateway)}/dropped/summary`, {}, signal),
    refetchInterval: KEPT_MS,
    retry: false,
  })
}

/** Something was sent again or given up: what is shown of it is read anew. */
export async function keptChanged(client: QueryClient): Promise<void> {
  await Promise.all([
    client.invalidateQueries({ queryKey: ['kept'] }),
    client.invalidateQueries({ queryKey: ['pages'] }),
    client.invalidateQueries({ queryKey: ['live'] }),
  ])
}

/** Gateways whose books say that they have no place for it; undefined until there are books. */
export function useKeepsNothing(configuration: string): ReadonlySet<string> | undefined {
  const { data } = useQuery(liveQuery(configuration))
  return useMemo(
    () => data && new Set(data.items.filter(({ stats }) => stats.kept === null).map(({ gateway }) => gateway)),
    [data],
  )
}

export function useOutputs(configuration: string) {
  const query = useQuery(liveQuery(configuration))
  const followers = useQuery(followersQuery(configuration))
  const entries = query.data?.items
  const growth = useGrowth(entries)
  const outputs = useMemo(() => outputsOf(entries ?? []), [entries])
  const names = useMemo(
    () => new Map((followers.data?.items ?? []).map(({ id, name }) => [id, name])),
    [followers.data],
  )
  const nameOf = (id: string) => names.get(id) ?? entries?.find(({ gateway }) => gateway === id)?.stats.id ?? id
  return {
    query,
    outputs,
    followers: followers.data?.items,
    nameOf,
    growthOf: (one: OutputTotal) => sumOf(growth, one),
  }
}

function useGrowth(entries: readonly LiveEntry[] | undefined): Growth {
  const [growth] = useState(() => new Growth())
  const seen = useRef<typeof entries>(undefined)
  useEffect(() => {
    if (entries === undefined || entries === seen.current) return
    seen.current = entries
    for (const { gateway, at, stats } of entries)
      for (const { id, spool } of stats.outputs) growth.see(`${gateway}\n${id}`, at, spool?.bytes ?? 0)
  }, [entries, growth])
  return growth
}

/** Of the spool, in bytes each second; null until every gateway was seen twice. */
function sumOf(growth: Growth, { id, gateways }: OutputTotal): number | null {
  const rates = gateways.map(({ gateway }) => growth.perSecond(`${gateway}\n${id}`))
  return rates.some((rate) => rate === null) ? null : rates.reduce<number>((sum, rate) => sum + (rate ?? 0), 0)
}
