/** What only the pipelines screen reads. */
import { useQuery } from '@tanstack/react-query'
import { useEffect, useMemo, useState } from 'react'
import type { Gateway } from '#contract/fleet.ts'
import { get } from '#ui/api/client.ts'
import { gatewayPath } from '#ui/api/gateway-queries.ts'
import { liveQuery } from '#ui/api/queries.ts'
import { type Effective, effectiveOf, merged } from './document.ts'
import { type Figures, figuresOf, type SourceTally, sourceRatesOf, talliesAfter } from './figures.ts'

/** So many gateways are asked for their files; those of one configuration are alike. */
const ASKED_GATEWAYS_MAX = 5
const FILES_MS = 30_000

const nothing: Effective = { sources: [], pipelines: [], outputs: [] }

/** What flows now. */
export function useFigures(configuration: string): { figures: Figures; query: ReturnType<typeof useLive> } {
  const query = useLive(configuration)
  const figures = useMemo(() => figuresOf(query.data?.items ?? []), [query.data])
  return { figures, query }
}

/** What the gateways' own files hold, as far as it is known. */
export function useEffective(configuration: string): Effective {
  const live = useLive(configuration)
  const gateways = (live.data?.items ?? []).map(({ gateway }) => gateway).slice(0, ASKED_GATEWAYS_MAX)
  const { data } = useQuery({
    queryKey: ['gateways', 'effective', gateways],
    queryFn: async ({ signal }) => {
      const answers = await Promise.all(gateways.map((id) => get<Gateway>(gatewayPath(id), {}, signal)))
      return merged(answers.map(({ effective_config }) => effectiveOf(effective_config)))
    },
    enabled: gateways.length > 0,
    refetchInterval: FILES_MS,
    placeholderData: (before) => before,
  })
  return data ?? nothing
}

/** Bytes of a second that come in at each source, from what changes between two answers. */
export function useSourceRates(configuration: string): ReadonlyMap<string, number> {
  const { data } = useLive(configuration)
  const [tallies, setTallies] = useState<ReadonlyMap<string, SourceTally>>(new Map())
  useEffect(() => {
    if (data !== undefined) setTallies((before) => talliesAfter(before, data.items))
  }, [data])
  return useMemo(() => sourceRatesOf(tallies), [tallies])
}

function useLive(configuration: string) {
  return useQuery(liveQuery(configuration))
}
