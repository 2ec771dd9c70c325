/** The controller does not answer: what is shown is old, and nothing can be changed. Records flow on all the same. */
import { useQuery } from '@tanstack/react-query'
import { WifiOff } from 'lucide-react'
import { ApiError } from '#ui/api/client.ts'
import { configurationsQuery } from '#ui/api/queries.ts'
import { Ago } from '#ui/kit/time.tsx'

export function OfflineBanner() {
  const { error, dataUpdatedAt } = useQuery(configurationsQuery)
  if (!(error instanceof ApiError) || error.status !== 0) return null
  return (
    <p role="alert" className="flex items-center gap-2 bg-bad-soft px-4 py-2 text-sm text-bad md:px-6">
      <WifiOff aria-hidden className="size-4 shrink-0" />
      The controller does not answer. Gateways go on as they are; what you see is from{' '}
      {dataUpdatedAt === 0 ? 'before' : <Ago at={dataUpdatedAt} />}, and changes cannot be saved.
    </p>
  )
}
