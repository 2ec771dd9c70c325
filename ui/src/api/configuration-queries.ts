/** What several screens read of one configuration. All of it hangs below its key, so that a change reads it anew. */
import { queryOptions } from '@tanstack/react-query'
import type { ProblemBody } from '#contract/api.ts'
import type { Configuration, Diff, Version } from '#contract/configuration.ts'
import type { Suggestions } from '#contract/suggestion.ts'
import { get, send } from '#ui/api/client.ts'
import type { Page } from '#ui/api/pages.ts'
import { pathOf } from '#ui/api/queries.ts'

/** `draft`, `live`, or the number of a version. */
export type Content = 'draft' | 'live' | number

/** One thing that is wrong: a JSON Pointer into the document, and what it is. */
export type Complaint = NonNullable<ProblemBody['errors']>[number]

export function configurationQuery(configuration: string) {
  return queryOptions({
    queryKey: ['configurations', configuration, 'itself'],
    queryFn: ({ signal }) => get<Configuration>(pathOf(configuration), {}, signal),
    refetchInterval: 10_000,
  })
}

/** The newest versions: for what was live before, to choose from, and for marks in charts. */
export function newestVersionsQuery(configuration: string) {
  return queryOptions({
    queryKey: ['configurations', configuration, 'newest'],
    queryFn: ({ signal }) => get<Page<Version>>(`${pathOf(configuration)}/versions`, { limit: 100 }, signal),
    refetchInterval: 30_000,
  })
}

export function differencesQuery(configuration: string, from: Content = 'live', to: Content = 'draft') {
  return queryOptions({
    queryKey: ['configurations', configuration, 'diff', from, to],
    queryFn: ({ signal }) => get<Diff>(`${pathOf(configuration)}/diff`, { from, to }, signal),
  })
}

/** Of the draft as it is stored. */
export function problemsQuery(configuration: string) {
  return queryOptions({
    queryKey: ['configurations', configuration, 'problems'],
    queryFn: ({ signal }) => validate(configuration, undefined, signal),
  })
}

/** It is some work for the controller: only asked for anew when somebody wants that. */
export function suggestionsQuery(configuration: string) {
  return queryOptions({
    queryKey: ['suggestions', configuration],
    queryFn: ({ signal }) => get<Suggestions>(`${pathOf(configuration)}/suggestions`, {}, signal),
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  })
}

/** Of a document, or of the draft where there is none. */
export async function validate(configuration: string, document: unknown, signal: AbortSignal): Promise<Complaint[]> {
  const path = `${pathOf(configuration)}/validate`
  return (await send<{ problems: Complaint[] }>('POST', path, document, { signal })).problems
}
