/** What the savings screen reads, and what it reads anew when a price has changed. */
import { keepPreviousData, type QueryClient, queryOptions } from '@tanstack/react-query'
import type { Price, SavingsAnswer } from '#contract/savings.ts'
import { get, getTagged } from '#ui/api/client.ts'
import { SERIES_MS } from '#ui/api/queries.ts'
import type { Stretch } from '#ui/screens/savings/span.ts'

/** `configuration` undefined: all of them together. */
export function ledgerQuery(configuration: string | undefined, stretch: Stretch) {
  return queryOptions({
    queryKey: ['savings', 'ledger', configuration ?? null, stretch],
    queryFn: ({ signal }) => get<SavingsAnswer>('/savings', { configuration, ...stretch }, signal),
    refetchInterval: SERIES_MS,
    placeholderData: keepPreviousData,
  })
}

export function priceQuery(id: string) {
  return queryOptions({
    queryKey: ['savings', 'prices', id],
    queryFn: ({ signal }) => getTagged<Price>(`/prices/${encodeURIComponent(id)}`, {}, signal),
    // The tag is that of the state that is edited: it must not move on by itself.
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
  })
}

/** Money is computed when it is read: with a price, all of it. */
export async function pricesChanged(client: QueryClient): Promise<void> {
  await client.invalidateQueries({ queryKey: ['savings'] })
}
