/** All that the three views of one pipeline share: what it is, what flows, and what can be done with it. */
import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useMemo, useState } from 'react'
import type { ConfigurationDocument, DiffEntry } from '#contract/configuration.ts'
import { type Complaint, differencesQuery, problemsQuery } from '#ui/api/configuration-queries.ts'
import { useConfiguration } from '#ui/routes.tsx'
import type { Effective, Pipeline } from './document.ts'
import {
  attach,
  type ComponentList,
  changePipeline,
  detach,
  insertProcessor,
  moveProcessor,
  putPipeline,
  removePipeline,
  removeProcessor,
} from './edits.ts'
import type { Figures } from './figures.ts'
import { useEffective, useFigures, useSourceRates } from './queries.ts'
import { pipelineRoute } from './route.ts'
import { type Draft, useDraft } from './use-draft.ts'

export interface PipelineWork {
  configuration: string
  draft: Draft
  document: ConfigurationDocument
  pipeline: Pipeline
  /** The pipeline as a gateway's own file has it, while the draft does not; undefined: the draft has it. */
  base: Pipeline | undefined
  effective: Effective
  figures: Figures
  /** Where the figures come from. */
  live: ReturnType<typeof useFigures>['query']
  sourceRates: ReadonlyMap<string, number>
  problems: readonly Complaint[]
  diff: readonly DiffEntry[]
  /** Allowed, and there is something of the draft to change. */
  canEdit: boolean
  /** Why the last change was refused. */
  error: unknown
  attempt: (work: () => Promise<void>) => Promise<boolean>
  change: (change: (pipeline: Pipeline) => Pipeline, text: string, undo?: (pipeline: Pipeline) => Pipeline) => void
  move: (rule: string, by: number) => void
  remove: (rule: string) => void
  attachTo: (list: ComponentList, id: string, attached: readonly string[]) => void
  detachFrom: (list: ComponentList, id: string, attached: readonly string[]) => void
  /** Puts a pipeline of the gateway's own file into the draft, with its rules, so that it can be changed. */
  takeOver: () => void
  /** Opens the drawer, or closes it. */
  open: (node: string | undefined) => void
}

/** `work` undefined: there is no such pipeline, or it is not known yet. */
export function usePipeline(id: string): { draft: Draft; work: PipelineWork | undefined } {
  const configuration = useConfiguration()
  const navigate = useNavigate({ from: pipelineRoute.fullPath })
  const draft = useDraft(configuration)
  const effective = useEffective(configuration)
  const { figures, query: live } = useFigures(configuration)
  const sourceRates = useSourceRates(configuration)
  const problems = useQuery(problemsQuery(configuration))
  const diff = useQuery(differencesQuery(configuration))
  const [error, setError] = useState<unknown>(null)
  const document = draft.query.data?.body
  const own = document?.pipelines.find((pipeline) => pipeline.id === id)
  const base = useMemo(() => {
    if (own !== undefined) return undefined
    const running = effective.pipelines.find((pipeline) => pipeline.id === id)
    // Its sources and outputs stay those of the file.
    if (running !== undefined) return { ...running, sources: [], outputs: [] }
    const live = figures.pipelines.get(id)
    return live && { id, sources: [], processors: [], outputs: [] }
  }, [own, effective, figures, id])
  const pipeline = own ?? base
  if (document === undefined || pipeline === undefined) return { draft, work: undefined }

  const attempt = async (work: () => Promise<void>) => {
    setError(null)
    try {
      await work()
      return true
    } catch (reason) {
      setError(reason)
      return false
    }
  }
  const change: PipelineWork['change'] = (make, text, undo) =>
    void attempt(() =>
      draft.apply({
        edit: changePipeline(id, make),
        ...(undo !== undefined && { undo: changePipeline(id, undo) }),
        text,
      }),
    )
  const ownAgain = (list: ComponentList) => (now: Pipeline) => ({ ...now, [list]: [...pipeline[list]] })
  const work: PipelineWork = {
    configuration,
    draft,
    document,
    pipeline,
    base,
    effective,
    figures,
    live,
    sourceRates,
    problems: problems.data ?? [],
    diff: diff.data?.entries ?? [],
    canEdit: draft.canEdit && own !== undefined,
    error,
    attempt,
    change,
    move: (rule, by) => {
      const place = pipeline.processors.findIndex((processor) => processor.id === rule)
      const to = place + by
      if (to < 0 || to >= pipeline.processors.length) return
      change(
        moveProcessor(rule, by),
        `${rule} is rule ${to + 1} of ${pipeline.processors.length} now`,
        moveProcessor(rule, -by),
      )
    },
    remove: (rule) => {
      const place = pipeline.processors.findIndex((processor) => processor.id === rule)
      const before = pipeline.processors[place]
      if (before !== undefined) change(removeProcessor(rule), `Rule ${rule} deleted`, insertProcessor(before, place))
    },
    attachTo: (list, part, attached) => change(attach(list, part, attached), `${part} attached`, ownAgain(list)),
    detachFrom: (list, part, attached) => change(detach(list, part, attached), `${part} detached`, ownAgain(list)),
    takeOver: () =>
      base &&
      void attempt(() =>
        draft.apply({ edit: putPipeline(base), undo: removePipeline(id), text: `${id} is in the draft now` }),
      ),
    open: (node) => void navigate({ search: (search) => ({ ...search, node }), replace: node === undefined }),
  }
  return { draft, work }
}
