/** Publishing the draft, or what a version held; and what stands in the way of it. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import type { Configuration, Published } from '#contract/configuration.ts'
import { ApiError, send } from '#ui/api/client.ts'
import { configurationQuery } from '#ui/api/configuration-queries.ts'
import { configurationChanged, fleetSummaryQuery, useCan } from '#ui/api/queries.ts'
import { type Intent, publicationPath, trialQuery } from '#ui/screens/publish/queries.ts'
import { messageMissing, type Refusal, refusalsFrom } from '#ui/screens/publish/refusals.ts'

export interface PublicationState {
  /** Everything that a dry run and the policy have against it. */
  refusals: readonly Refusal[]
  /** Hash of what would be published; undefined as long as it is refused or not known. */
  hash: string | undefined
  canPublish: boolean
  /** Gateways that get it; undefined: not known yet. */
  gateways: number | undefined
}

export function usePublicationState(
  { name, policy }: Configuration,
  intent: Intent,
  message: string,
): PublicationState {
  const canPublish = useCan('publish')
  const trial = useQuery({ ...trialQuery(name, intent), enabled: canPublish })
  const { data: fleet } = useQuery(fleetSummaryQuery)
  return {
    refusals: [
      ...(policy.require_message && message.trim() === '' ? [messageMissing] : []),
      ...refusalsFrom(trial.data?.refused),
    ],
    hash: trial.data?.version?.sha256,
    canPublish,
    gateways: fleet && (fleet.configurations.find(({ configuration }) => configuration === name)?.gateways ?? 0),
  }
}

export interface Publication extends Intent {
  message: string
  /** Of the draft that was looked at. */
  etag?: string | undefined
}

/** `onDone` ends when the screen has gone on: what was looked at before is not asked for again. */
export function usePublish(configuration: string, onDone: (published: Published) => Promise<void>) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: ({ restore, receipt, message, etag }: Publication) =>
      send<Published>(
        'POST',
        publicationPath(configuration, restore),
        { message: message.trim(), ...(receipt !== undefined && { receipt }) },
        etag === undefined ? {} : { etag },
      ),
    onSuccess: async (published, { restore }) => {
      client.setQueryData(configurationQuery(configuration).queryKey, (shown) =>
        shown === undefined
          ? undefined
          : { ...shown, live_version: published.version.number, ...(restore === undefined && { has_changes: false }) },
      )
      await onDone(published)
    },
    onSettled: async () => {
      await Promise.all([
        configurationChanged(client),
        client.invalidateQueries({ queryKey: ['gateways'] }),
        client.invalidateQueries({ queryKey: ['pages'] }),
      ])
    },
  })
}

/** `Publish to 3 gateways` */
export function toGateways(verb: string, gateways: number | undefined): string {
  if (gateways === undefined) return verb
  return gateways === 0
    ? `${verb}, no gateway follows yet`
    : `${verb} to ${gateways} ${gateways === 1 ? 'gateway' : 'gateways'}`
}

/** The draft is not any more what was looked at. */
export function isConflict(error: unknown): boolean {
  return error instanceof ApiError && error.status === 412
}
