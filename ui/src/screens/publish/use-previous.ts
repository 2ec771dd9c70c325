/** What was live before: where a rollback leads when nobody says otherwise. */
import { useQuery } from '@tanstack/react-query'
import type { Configuration, Version } from '#contract/configuration.ts'
import { newestVersionsQuery } from '#ui/api/configuration-queries.ts'

export function usePrevious({ name, live_version: live }: Configuration): number | undefined {
  const { data } = useQuery({ ...newestVersionsQuery(name), enabled: live !== null })
  return previousOf(data?.items ?? [], live)
}

/** The parent of the live version; where that was a rollback, what stood before what it took back. */
function previousOf(versions: readonly Version[], live: number | null): number | undefined {
  return versions.find(({ number }) => number === live)?.parent ?? undefined
}
