/** What this screen reads, and who is asked how people reach the controller. */
import { queryOptions, useQuery } from '@tanstack/react-query'
import type { ApiKey, Organisation, User } from '#contract/access.ts'
import { getTagged } from '#ui/api/client.ts'
import { getAll } from '#ui/api/pages.ts'
import { aboutQuery } from '#ui/api/queries.ts'

export function userQuery(id: string) {
  return queryOptions({
    queryKey: ['users', id],
    queryFn: ({ signal }) => getTagged<User>(userPath(id), {}, signal),
  })
}

export const keysQuery = queryOptions({
  queryKey: ['keys'],
  queryFn: ({ signal }) => getAll<ApiKey>('/keys', {}, signal),
  refetchInterval: 30_000,
})

export const organisationsQuery = queryOptions({
  queryKey: ['orgs'],
  queryFn: ({ signal }) => getAll<Organisation>('/orgs', {}, signal),
})

/** Where links lead: what the controller says it is reached by, or else where this page came from. */
export function usePublicOrigin(): string {
  return useQuery(aboutQuery).data?.public_url ?? location.origin
}

export function userPath(id: string): string {
  return `/users/${encodeURIComponent(id)}`
}
