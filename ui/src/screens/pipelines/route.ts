import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { asSearch, oneOf, type RawSearch, textIn } from '#ui/kit/search.ts'
import { appRoute } from '#ui/routes.tsx'

export const pipelinesRoute = createRoute({
  getParentRoute: () => appRoute,
  path: '/pipelines',
  component: lazyRouteComponent(() => import('#ui/screens/pipelines/pipelines.tsx'), 'Pipelines'),
})

const pipelineViews = ['graph', 'list', 'yaml'] as const
export type PipelineView = (typeof pipelineViews)[number]

export interface PipelineSearch {
  view?: PipelineView | undefined
  /** Of the YAML: the whole document instead of the pipeline. */
  scope?: 'document' | undefined
  /** What the drawer shows, such as `rule:drop_debug`. */
  node?: string | undefined
}

export const pipelineRoute = createRoute({
  getParentRoute: () => appRoute,
  path: '/pipelines/$pipeline',
  validateSearch: (search: RawSearch): PipelineSearch =>
    asSearch({
      view: oneOf(search, 'view', pipelineViews),
      scope: oneOf(search, 'scope', ['document']),
      node: textIn(search, 'node', 160),
    }),
  component: lazyRouteComponent(() => import('#ui/screens/pipelines/pipeline.tsx'), 'PipelineEditor'),
})
