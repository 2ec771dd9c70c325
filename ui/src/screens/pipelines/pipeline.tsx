/** One pipeline: as a graph, as lists and as YAML. All three show and change the same draft. */
import { useNavigate } from '@tanstack/react-router'
import { FileInput, Plus, SlidersHorizontal } from 'lucide-react'
import { lazy, Suspense, useMemo } from 'react'
import { Badge } from '#ui/kit/badge.tsx'
import { Button, ButtonLink } from '#ui/kit/button.tsx'
import { bytesPerSecond, countPerSecond, percent } from '#ui/kit/format.ts'
import { BackLink, Page } from '#ui/kit/page.tsx'
import { useShortcuts } from '#ui/kit/shortcuts.ts'
import { Empty, ProblemNote, QueryView, Skeleton, Stale } from '#ui/kit/states.tsx'
import { Tabs } from '#ui/kit/tabs.tsx'
import { toast } from '#ui/kit/toast.tsx'
import { useOffer } from '#ui/shell/use-actions.ts'
import { signalOf } from './document.ts'
import { DraftBanner } from './draft-banner.tsx'
import { reductionOf } from './figures.ts'
import { Inspector } from './inspector.tsx'
import { ListView } from './list-view.tsx'
import { type PipelineView, pipelineRoute } from './route.ts'
import { StateBadge } from './state-badge.tsx'
import { type PipelineWork, usePipeline } from './use-pipeline.ts'

const GraphView = lazy(() => import('./graph-view.tsx').then((module) => ({ default: module.GraphView })))
const YamlView = lazy(() => import('./yaml-view.tsx').then((module) => ({ default: module.YamlView })))

/** Where a graph would be too small to read. */
const NARROW = '(max-width: 640px)'

export function PipelineEditor() {
  const { pipeline } = pipelineRoute.useParams()
  const { draft, work } = usePipeline(pipeline)
  const actions = (
    <>
      {work !== undefined && (
        <Button icon={SlidersHorizontal} onClick={() => work.open(`pipeline:${pipeline}`)}>
          Settings
        </Button>
      )}
      {work?.canEdit === true && (
        <Button look="primary" icon={Plus} onClick={() => work.open(`new:${work.pipeline.processors.length}`)}>
          Add a rule
        </Button>
      )}
    </>
  )
  return (
    <Page
      back={<BackLink to="/pipelines">All pipelines</BackLink>}
      title={pipeline}
      intro={work && <Facts work={work} />}
      actions={actions}
    >
      <QueryView query={draft.query} lines={8}>
        {() =>
          work === undefined ? (
            <Empty
              title={`There is no pipeline ${pipeline}`}
              action={<ButtonLink to="/pipelines">All pipelines</ButtonLink>}
            >
              Neither the draft nor a gateway that has reported has one of this name.
            </Empty>
          ) : (
            <Views key={pipeline} work={work} />
          )
        }
      </QueryView>
    </Page>
  )
}

function Views({ work }: { work: PipelineWork }) {
  const { view = matchMedia(NARROW).matches ? 'list' : 'graph' } = pipelineRoute.useSearch()
  const navigate = useNavigate({ from: pipelineRoute.fullPath })
  const show = (next: PipelineView) => void navigate({ search: (search) => ({ ...search, view: next }) })
  // Changes of graph and lists are in the draft already; the YAML view has keys of its own.
  useShortcuts(view === 'yaml' ? {} : { 'mod+s': () => toast('The draft is kept: every change is in it already') })
  useOffer(
    useMemo(
      () =>
        (['graph', 'list', 'yaml'] as const).map((id) => ({
          id: `pipeline.${id}`,
          label: `Pipeline as ${id === 'yaml' ? 'YAML' : id}`,
          run: () => void navigate({ search: (search) => ({ ...search, view: id }) }),
        })),
      [navigate],
    ),
  )
  const tabs = [
    { id: 'graph', label: 'Graph', content: view === 'graph' && <GraphView work={work} /> },
    { id: 'list', label: 'List', content: view === 'list' && <ListView work={work} /> },
    { id: 'yaml', label: 'YAML', content: view === 'yaml' && <YamlView work={work} /> },
  ]
  return (
    <>
      <DraftBanner configuration={work.configuration} draft={work.draft} />
      {work.base !== undefined && (
        <div className="flex flex-wrap items-center justify-between gap-3 rounded-lg border border-line bg-raised px-4 py-2">
          <p>
            This pipeline stands in the gateway’s own file.
            {work.draft.canEdit &&
              ' Take it into the draft to change its rules; its sources and outputs stay those of the file.'}
          </p>
          {work.draft.canEdit && (
            <Button icon={FileInput} onClick={work.takeOver}>
              Take it into the draft
            </Button>
          )}
        </div>
      )}
      {work.live.error !== null && <Stale since={work.live.dataUpdatedAt} error={work.live.error} />}
      <ProblemNote error={work.error} />
      <Suspense fallback={<Skeleton lines={10} />}>
        <Tabs label="Views of the pipeline" tabs={tabs} value={view} onChange={(id) => show(id as PipelineView)} />
      </Suspense>
      <Inspector work={work} />
    </>
  )
}

function Facts({ work: { pipeline, figures } }: { work: PipelineWork }) {
  const live = figures.pipelines.get(pipeline.id)
  const share = live === undefined ? null : reductionOf(live)
  return (
    <span className="flex flex-wrap items-center gap-x-3 gap-y-1">
      <StateBadge state={live?.state} />
      <Badge icon={null}>{signalOf(pipeline)}</Badge>
      {live?.in && (
        <span>
          {countPerSecond(live.in.records)}, {bytesPerSecond(live.in.bytes)} in
        </span>
      )}
      {live?.out && <span>{bytesPerSecond(live.out.bytes)} out</span>}
      {share !== null && <span>{percent(share)} less</span>}
    </span>
  )
}
