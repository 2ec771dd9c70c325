/** All pipelines of a configuration: those of the draft, and those that gateways have in their own files. */
import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { Plus } from 'lucide-react'
import { useCallback, useMemo, useState } from 'react'
import { differencesQuery } from '#ui/api/configuration-queries.ts'
import { configurationsQuery } from '#ui/api/queries.ts'
import { Button } from '#ui/kit/button.tsx'
import { Card } from '#ui/kit/card.tsx'
import { Confirm } from '#ui/kit/dialog.tsx'
import { countPerSecond } from '#ui/kit/format.ts'
import { Page } from '#ui/kit/page.tsx'
import { Empty, QueryView, Stale } from '#ui/kit/states.tsx'
import { Table } from '#ui/kit/table.tsx'
import { useConfiguration } from '#ui/routes.tsx'
import { useOffer } from '#ui/shell/use-actions.ts'
import { CollectorFiles } from './collector-files.tsx'
import { ConfigurationMenu } from './configuration-menu.tsx'
import { rowsOf } from './document.ts'
import { DraftBanner } from './draft-banner.tsx'
import { insertPipeline, removePipeline } from './edits.ts'
import { NewPipeline } from './new-pipeline.tsx'
import { type Row, useColumns } from './pipeline-columns.tsx'
import { useEffective, useFigures } from './queries.ts'
import { type Draft, useDraft } from './use-draft.ts'

export function Pipelines() {
  const configuration = useConfiguration()
  const { data } = useQuery(configurationsQuery)
  const kind = data?.items.find(({ name }) => name === configuration)?.kind
  if (kind === 'otel_collector') return <CollectorFiles key={configuration} configuration={configuration} />
  return <PipelineList key={configuration} configuration={configuration} />
}

function PipelineList({ configuration }: { configuration: string }) {
  const navigate = useNavigate()
  const draft = useDraft(configuration)
  const diff = useQuery(differencesQuery(configuration))
  const { figures, query: live } = useFigures(configuration)
  const effective = useEffective(configuration)
  const [adding, setAdding] = useState<{ like?: string }>()
  const [deleting, setDeleting] = useState<string>()
  const document = draft.query.data?.body
  const rows = useMemo<Row[]>(
    () =>
      document === undefined
        ? []
        : rowsOf(document, effective, figures.pipelines.keys(), diff.data?.entries ?? []).map((row) => ({
            ...row,
            figures: figures.pipelines.get(row.id),
          })),
    [document, effective, figures, diff.data],
  )
  const open = ({ id }: { id: string }) => void navigate({ to: '/pipelines/$pipeline', params: { pipeline: id } })
  useOffer(
    useMemo(
      () => (draft.canEdit ? [{ id: 'pipeline.add', label: 'Add a pipeline', run: () => setAdding({}) }] : []),
      [draft.canEdit],
    ),
  )
  const copy = useCallback((like: string) => setAdding({ like }), [])
  const columns = useColumns(draft.canEdit, copy, setDeleting)
  const actions = (
    <>
      <ConfigurationMenu configuration={configuration} />
      {draft.canEdit && (
        <Button look="primary" icon={Plus} onClick={() => setAdding({})}>
          Add a pipeline
        </Button>
      )}
    </>
  )
  return (
    <Page
      title="Pipelines"
      intro="Where records come in, which rules they go through, and where they go. Changes stay in the draft until they are published."
      actions={actions}
    >
      <DraftBanner configuration={configuration} draft={draft} />
      {live.error !== null && <Stale since={live.dataUpdatedAt} error={live.error} />}
      <Card flush>
        <QueryView query={draft.query} lines={5}>
          {() => (
            <Table
              label="Pipelines"
              rows={rows}
              columns={columns}
              rowKey={({ id }) => id}
              onOpen={open}
              rowHeight={52}
              empty={
                <Empty
                  title="No pipelines yet"
                  action={
                    draft.canEdit && (
                      <Button look="primary" icon={Plus} onClick={() => setAdding({})}>
                        Add a pipeline
                      </Button>
                    )
                  }
                >
                  A pipeline takes records from sources, through rules, to outputs.
                </Empty>
              }
            />
          )}
        </QueryView>
      </Card>
      {document !== undefined && (
        <NewPipeline
          open={adding !== undefined}
          onClose={() => setAdding(undefined)}
          {...(adding?.like !== undefined && { like: adding.like })}
          document={document}
          effective={effective}
          draft={draft}
          onAdded={(id) => open({ id })}
        />
      )}
      <DeletePipeline id={deleting} draft={draft} onClose={() => setDeleting(undefined)} rows={rows} />
    </Page>
  )
}

function DeletePipeline({
  id,
  draft,
  rows,
  onClose,
}: {
  id: string | undefined
  draft: Draft
  rows: readonly Row[]
  onClose: () => void
}) {
  const row = rows.find((candidate) => candidate.id === id)
  const rate = row?.figures?.in
  const run = async () => {
    const pipelines = draft.query.data?.body.pipelines ?? []
    const place = pipelines.findIndex((pipeline) => pipeline.id === id)
    const before = pipelines[place]
    if (before === undefined || id === undefined) return
    await draft.apply({
      edit: removePipeline(id),
      undo: insertPipeline(before, place),
      text: `Pipeline ${id} deleted from the draft`,
    })
  }
  return (
    <Confirm
      open={id !== undefined}
      onClose={onClose}
      title={`Delete the pipeline ${id ?? ''}?`}
      action="Delete the pipeline"
      run={run}
    >
      <p>
        It goes from the draft with its {row?.rules ?? 0} rules. Gateways keep running it until the draft is published
        {rate ? `; ${countPerSecond(rate.records)} go through it now.` : '.'} Its sources and outputs stay.
      </p>
    </Confirm>
  )
}
