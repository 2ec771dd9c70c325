/** What publishing and versions read. All of it hangs below the configuration's key, so that a change reads it anew. */
import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import type { Published, Version } from '#contract/configuration.ts'
import type { GatewaySummary } from '#contract/fleet.ts'
import type { Receipt } from '#contract/receipt.ts'
import { ApiError, get, send } from '#ui/api/client.ts'
import type { Content } from '#ui/api/configuration-queries.ts'
import { getAll } from '#ui/api/pages.ts'
import { pathOf } from '#ui/api/queries.ts'

export interface StoredReceipt {
  id: string
  receipt: Receipt
}

/** What is published, or restored: a dry run says whether it could be. */
export interface Intent {
  /** Undefined: the draft. */
  restore: number | undefined
  receipt: string | undefined
}

/** How often states of gateways are asked for: while something is under way, and after. */
const UNDER_WAY_MS = 1000
const SETTLED_MS = 5000

export function documentQuery(configuration: string, content: Content) {
  return queryOptions({
    queryKey: ['configurations', configuration, 'export', content],
    queryFn: ({ signal }) => get<Record<string, unknown>>(`${pathOf(configuration)}/export`, { content }, signal),
  })
}

export function receiptQuery(configuration: string, id: string) {
  return queryOptions({
    // It never changes.
    queryKey: ['receipts', configuration, id],
    queryFn: ({ signal }) =>
      get<StoredReceipt>(`${pathOf(configuration)}/receipts/${encodeURIComponent(id)}`, {}, signal),
    staleTime: Number.POSITIVE_INFINITY,
  })
}

export function versionReceiptQuery(configuration: string, number: number) {
  return queryOptions({
    queryKey: ['receipts', configuration, 'version', number],
    queryFn: ({ signal }) => get<Receipt>(`${pathOf(configuration)}/versions/${number}/receipt`, {}, signal),
    staleTime: Number.POSITIVE_INFINITY,
  })
}

export function versionQuery(configuration: string, number: number) {
  return queryOptions({
    queryKey: ['configurations', configuration, 'version', number],
    queryFn: ({ signal }) =>
      get<Version & { content: Record<string, unknown> }>(`${pathOf(configuration)}/versions/${number}`, {}, signal),
  })
}

/**
 * A dry run of the publication. It is refused as the publication would be, but for the message, which is being written: an
 * `ApiError` with 422 is an answer here.
 */
export function trialQuery(configuration: string, { restore, receipt }: Intent) {
  return queryOptions({
    queryKey: ['configurations', configuration, 'trial', restore ?? null, receipt ?? null],
    queryFn: async (): Promise<{ version?: Version; refused?: ApiError }> => {
      const path = publicationPath(configuration, restore)
      try {
        const body = { message: 'A dry run', ...(receipt !== undefined && { receipt }) }
        return { version: (await send<Published>('POST', path, body, { query: { dry_run: true } })).version }
      } catch (error) {
        if (error instanceof ApiError && error.status === 422) return { refused: error }
        throw error
      }
    },
    // Receipts grow old.
    refetchInterval: 30_000,
    placeholderData: keepPreviousData,
  })
}

/** Gateways that follow the configuration. */
export function gatewaysQuery(configuration: string, isSettled: (gateways: readonly GatewaySummary[]) => boolean) {
  return queryOptions({
    queryKey: ['gateways', 'following', configuration],
    queryFn: ({ signal }) => getAll<GatewaySummary>('/gateways', { configuration }, signal),
    refetchInterval: ({ state }) => (state.data === undefined || !isSettled(state.data) ? UNDER_WAY_MS : SETTLED_MS),
  })
}

export function publicationPath(configuration: string, restore: number | undefined): string {
  return restore === undefined
    ? `${pathOf(configuration)}/publish`
    : `${pathOf(configuration)}/versions/${restore}/restore`
}
