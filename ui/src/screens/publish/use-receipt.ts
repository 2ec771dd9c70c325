/** Making receipts, and looking at those that were made. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { ApiError, send } from '#ui/api/client.ts'
import type { Content } from '#ui/api/configuration-queries.ts'
import { pathOf } from '#ui/api/queries.ts'
import { receiptQuery, type StoredReceipt } from '#ui/screens/publish/queries.ts'

export function useReceipt(configuration: string, id: string | undefined, onMade: (id: string) => void) {
  const client = useQueryClient()
  const stored = useQuery({ ...receiptQuery(configuration, id ?? ''), enabled: id !== undefined })
  const making = useMutation({
    mutationFn: (content: Content) =>
      send<StoredReceipt>('POST', `${pathOf(configuration)}/receipts`, { content: String(content) }),
    onSuccess: (made) => {
      client.setQueryData(receiptQuery(configuration, made.id).queryKey, made)
      onMade(made.id)
    },
  })
  return { stored, making }
}

/** Why no receipt could be made, and what to do. */
export function receiptFailure(error: unknown): string | undefined {
  if (!(error instanceof ApiError)) return undefined
  const { status, retryAfter } = error
  if (status === 429) return `Others are being made right now. Try again in ${retryAfter ?? 5} seconds.`
  if (status === 503) return 'No gateway can be asked for records right now. Try again when one is connected.'
  if (status === 409) return 'Receipts are made for gateways of StreamGate, not for collectors.'
  if (status === 422) return 'The rules could not be run over the sample. Correct what is said here first.'
  return undefined
}
