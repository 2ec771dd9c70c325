/** The rules of a pipeline in the draft, and writing a trial there. */
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useCallback, useMemo } from 'react'
import type { ConfigurationDocument } from '#contract/configuration.ts'
import { getTagged, send } from '#ui/api/client.ts'
import { configurationChanged, draftQuery, pathOf } from '#ui/api/queries.ts'
import { chainOf, type Rule, type Trial, written } from '#ui/screens/studio/trial.ts'

type Pipeline = ConfigurationDocument['pipelines'][number]

export interface DraftRules {
  pipelines: readonly Pipeline[]
  /** Undefined: the draft has no such pipeline, or is not there yet. */
  pipeline: Pipeline | undefined
  rules: readonly Rule[]
  error: unknown
  isLoading: boolean
  /** Writes the trial, or `only` one rule of it, over the newest state of the draft. */
  write: (trial: Trial, only?: string) => Promise<void>
  /** Adds a rule to the end of any pipeline of the draft. */
  add: (pipeline: string, rule: Rule) => Promise<void>
}

export function useDraftRules(configuration: string, id: string | undefined): DraftRules {
  const draft = useQuery(draftQuery(configuration))
  const client = useQueryClient()
  const pipelines = draft.data?.body.pipelines ?? NONE
  const pipeline = pipelines.find((one) => one.id === id) ?? (id === undefined ? pipelines[0] : undefined)
  const name = pipeline?.id
  const write = useCallback(
    async (trial: Trial, only?: string) => {
      if (name === undefined) throw new Error('the draft has no such pipeline')
      const path = `${pathOf(configuration)}/pipelines/${encodeURIComponent(name)}`
      const { body, etag } = await getTagged<Pipeline>(path)
      const inConflict = chainOf(body.processors, trial).filter(
        ({ state, rule }) => state === 'conflict' && (only === undefined || rule.id === only),
      )
      if (inConflict.length > 0) {
        const names = inConflict.map(({ rule }) => rule.id).join(', ')
        throw new Error(
          `${names} has been changed in the draft since it was edited here; take it back, and edit it again`,
        )
      }
      await send('PUT', path, { ...body, processors: written(body.processors, trial, only) }, { etag })
      await configurationChanged(client)
    },
    [client, configuration, name],
  )
  const add = useCallback(
    async (to: string, rule: Rule) => {
      await send('POST', `${pathOf(configuration)}/pipelines/${encodeURIComponent(to)}/processors`, rule)
      await configurationChanged(client)
    },
    [client, configuration],
  )
  return {
    pipelines,
    pipeline,
    rules: useMemo(() => pipeline?.processors ?? [], [pipeline]),
    error: draft.error,
    isLoading: draft.isLoading,
    write,
    add,
  }
}

const NONE: readonly Pipeline[] = []
