/** What only this screen reads. */
import { queryOptions } from '@tanstack/react-query'
import type { Diff } from '#contract/configuration.ts'
import type { Gateway, GatewaySummary } from '#contract/fleet.ts'
import type { Suggestions } from '#contract/suggestion.ts'
import { get, send } from '#ui/api/client.ts'
import { type Page, pathOf } from '#ui/api/queries.ts'
import type { Complaint } from '#ui/screens/rules/rule-facts.ts'

export function diffQuery(configuration: string) {
  return queryOptions({
    queryKey: ['configurations', configuration, 'diff', 'live', 'draft'],
    queryFn: ({ signal }) => get<Diff>(`${pathOf(configuration)}/diff`, {}, signal),
  })
}

export function problemsQuery(configuration: string) {
  return queryOptions({
    queryKey: ['configurations', configuration, 'problems'],
    queryFn: ({ signal }) =>
      send<{ problems: Complaint[] }>('POST', `${pathOf(configuration)}/validate`, undefined, { signal }),
  })
}

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
      return items[0] === undefined ? null : await get<Gateway>(`/gateways/${items[0].id}`, {}, signal)
    },
    staleTime: 30_000,
  })
}

export function suggestionsQuery(configuration: string) {
  return queryOptions({
    queryKey: ['suggestions', configuration],
    queryFn: ({ signal }) => get<Suggestions>(`${pathOf(configuration)}/suggestions`, {}, signal),
    staleTime: 120_000,
    retry: false,
  })
}
