/** Lists of the API, which come in pages. */
import {
  type InfiniteData,
  infiniteQueryOptions,
  keepPreviousData,
  type UseInfiniteQueryOptions,
  useInfiniteQuery,
} from '@tanstack/react-query'
import { useMemo } from 'react'
import { get, type Query } from '#ui/api/client.ts'

export interface Page<Item> {
  items: Item[]
  next_cursor: string | null
}

/** As many as come in one answer. */
export const PAGE_ITEMS = 500

/** A list that is read page by page as one scrolls. */
export function pagesQuery<Item>(path: string, query: Query = {}, limit = 200) {
  return infiniteQueryOptions({
    queryKey: ['pages', path, query],
    queryFn: ({ pageParam, signal }) => get<Page<Item>>(path, { ...query, limit, cursor: pageParam }, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.next_cursor ?? undefined,
    placeholderData: keepPreviousData,
  })
}

/** The whole list, however many pages; for what is bounded to some hundreds. */
export async function getAll<Item>(path: string, query: Query = {}, signal?: AbortSignal): Promise<Item[]> {
  const items: Item[] = []
  let cursor: string | undefined
  do {
    const page: Page<Item> = await get<Page<Item>>(path, { ...query, limit: PAGE_ITEMS, cursor }, signal)
    items.push(...page.items)
    cursor = page.next_cursor ?? undefined
  } while (cursor !== undefined)
  return items
}

type PagesOptions<Item> = UseInfiniteQueryOptions<
  Page<Item>,
  Error,
  InfiniteData<Page<Item>>,
  (string | Query)[],
  string | undefined
>

/** What has been read of a list: its `rows`, and `more`, which reads the next page where there is one. */
export function usePages<Item>(options: PagesOptions<Item>) {
  const query = useInfiniteQuery(options)
  const rows = useMemo(() => query.data?.pages.flatMap(({ items }) => items) ?? [], [query.data])
  const more = () => {
    if (query.hasNextPage && !query.isFetchingNextPage) void query.fetchNextPage()
  }
  return { query, rows, more }
}
