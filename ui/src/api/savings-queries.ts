/** Savings and prices, as several screens read them. */
import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import type { Price, SavingsSummary } from '#contract/savings.ts'
import { get } from '#ui/api/client.ts'
import { getAll } from '#ui/api/pages.ts'
import { SERIES_MS } from '#ui/api/queries.ts'

/** `configuration` undefined: all of them together. */
export function savingsSummaryQuery(configuration: string | undefined) {
  return queryOptions({
    queryKey: ['savings', 'summary', configuration ?? null],
    queryFn: ({ signal }) => get<SavingsSummary>('/savings/summary', { configuration }, signal),
    refetchInterval: SERIES_MS,
    placeholderData: keepPreviousData,
  })
}

export const pricesQuery = queryOptions({
  queryKey: ['savings', 'prices'],
  queryFn: ({ signal }) => getAll<Price>('/prices', {}, signal),
})
