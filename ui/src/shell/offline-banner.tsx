/** The controller does not answer: what is shown is old, and nothing can be changed. Records flow on all the same. */
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { WifiOff } from 'lucide-react'
import { useEffect, useRef } from 'react'
import { ApiError } from '#ui/api/client.ts'
import { liveQuery } from '#ui/api/queries.ts'
import { Ago } from '#ui/kit/time.tsx'
import { useConfiguration } from '#ui/routes.tsx'

export function OfflineBanner() {
  // Asked for every other second anyway. A request that gets lost is none to tell of.
  const { error, failureReason, failureCount, dataUpdatedAt } = useQuery(liveQuery(useConfiguration()))
  const reason = error ?? (failureCount > 1 ? failureReason : null)
  const isAway = reason instanceof ApiError && reason.status === 0
  useReadAnew(!isAway)
  if (!isAway) return null
  return (
    <p role="alert" className="flex items-start gap-2 bg-bad-soft px-4 py-2 text-sm text-bad md:px-6">
      <WifiOff aria-hidden className="mt-0.5 size-4 shrink-0" />
      <span>
        The controller does not answer. Gateways go on as they are; what you see is from{' '}
        {dataUpdatedAt === 0 ? 'before' : <Ago at={dataUpdatedAt} />}, and changes cannot be saved.
      </span>
    </p>
  )
}

/** Once it is back, what could not be read meanwhile is read without anybody asking. */
function useReadAnew(isThere: boolean): void {
  const client = useQueryClient()
  const wasThere = useRef(isThere)
  useEffect(() => {
    if (isThere && !wasThere.current) void client.invalidateQueries()
    wasThere.current = isThere
  }, [isThere, client])
}
