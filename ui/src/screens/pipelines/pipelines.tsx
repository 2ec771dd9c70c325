/** All pipelines of a configuration: those of the draft, and those that gateways have in their own files. */
import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { Copy, EllipsisVertical, Plus, Trash2 } from 'lucide-react'
import { useCallback, useMemo, useState } from 'react'
import { configurationsQuery } from '#ui/api/queries.ts'
import { Badge } from '#ui/kit/badge.tsx'
import { Button, IconButton } from '#ui/kit/button.tsx'
import { Card } from '#ui/kit/card.tsx'
import { Confirm } from '#ui/kit/dialog.tsx'
import { bytesPerSecond, countPerSecond, percent } from '#ui/kit/format.ts'
import { Menu } from '#ui/kit/menu.tsx'
import { Page } from '#ui/kit/page.tsx'
import { Empty, QueryView } from '#ui/kit/states.tsx'
import { type Column, Table } from '#ui/kit/table.tsx'
import { useConfiguration } from '#ui/routes.tsx'
import { useOffer } from '#ui/shell/use-actions.ts'
import { CollectorFiles } from './collector-files.tsx'
import { ConfigurationMenu } from './configuration-menu.tsx'
import { type PipelineRow, rowsOf } from './document.ts'
import { DraftBanner } from './draft-banner.tsx'
import { insertPipeline, removePipeline } from './edits.ts'
import { type PipelineFigures, reductionOf } from './figures.ts'
import { NewPipeline } from './new-pipeline.tsx'
import { diffQuery, useEffective, useFigures } from './queries.ts'
import { StateBadge } from './state-badge.tsx'
import { type Draft, useDraft } from './use-draft.ts'

export function Pipelines() {
  const configuration = useConfiguration()
  const { data } = useQuery(configurationsQuery)
  const kind = data?.items.find(({ name }) => name === configuration)?.kind
  if (kind === 'otel_collector') return <CollectorFiles key={configuration} configuration={configuration} />
  return <PipelineList key={configuration} configuration={configuration} />
}

type Row = PipelineRow & { figures: PipelineFigures | undefined }

function PipelineList({ configuration }: { configuration: string }) {
  const navigate = useNavigate()
  const draft = useDraft(configuration)
  const diff = useQuery(diffQuery(configuration))
  const { figures } = useFigures(configuration)
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

function useColumns(canEdit: boolean, onCopy: (id: string) => void, onDelete: (id: string) => void): Column<Row>[] {
  return useMemo(() => {
    const columns: Column<Row>[] = [
      {
        id: 'name',
        header: 'Pipeline',
        width: 'minmax(14rem, 2fr)',
        sort: ({ id }) => id,
        cell: (row) => (
          <div className="flex min-w-0 flex-col">
            <span className="flex min-w-0 items-center gap-2">
              <span className="truncate font-medium" title={row.id}>
                {row.id}
              </span>
              <Marks row={row} />
            </span>
            <span className="truncate text-xs text-muted">{row.signal}</span>
          </div>
        ),
      },
      {
        id: 'state',
        header: 'State',
        width: '7.5rem',
        sort: ({ figures }) => figures?.state ?? '',
        cell: ({ figures }) => <StateBadge state={figures?.state} />,
      },
      {
        id: 'sources',
        header: 'Sources',
        width: 'minmax(7rem, 1fr)',
        cell: ({ sources }) => <Names names={sources} />,
      },
      {
        id: 'rules',
        header: 'Rules',
        width: '4rem',
        sort: ({ rules }) => rules,
        cell: ({ rules }) => rules,
      },
      {
        id: 'outputs',
        header: 'Outputs',
        width: 'minmax(7rem, 1fr)',
        cell: ({ outputs }) => <Names names={outputs} />,
      },
      {
        id: 'in',
        header: 'In',
        width: '7rem',
        align: 'right',
        sort: ({ figures }) => figures?.in?.bytes ?? -1,
        cell: ({ figures }) => <Rate flow={figures?.in} />,
      },
      {
        id: 'out',
        header: 'Out',
        width: '7rem',
        align: 'right',
        sort: ({ figures }) => figures?.out?.bytes ?? -1,
        cell: ({ figures }) => <Rate flow={figures?.out} />,
      },
      {
        id: 'reduction',
        header: 'Reduction',
        width: '6rem',
        align: 'right',
        sort: ({ figures }) => (figures && reductionOf(figures)) ?? -1,
        cell: ({ figures }) => {
          const share = figures === undefined ? null : reductionOf(figures)
          return share === null ? '–' : percent(share)
        },
      },
    ]
    if (canEdit)
      columns.push({
        id: 'actions',
        header: <span className="sr-only">Actions</span>,
        width: '2.5rem',
        cell: (row) => <RowMenu row={row} onCopy={onCopy} onDelete={onDelete} />,
      })
    return columns
  }, [canEdit, onCopy, onDelete])
}

function RowMenu({
  row,
  onCopy,
  onDelete,
}: {
  row: Row
  onCopy: (id: string) => void
  onDelete: (id: string) => void
}) {
  const isDraft = row.origin === 'draft'
  const items = [
    { label: 'Duplicate', icon: Copy, run: () => onCopy(row.id) },
    {
      label: 'Delete',
      icon: Trash2,
      danger: true,
      disabled: !isDraft,
      ...(!isDraft && { note: row.origin === 'file' ? 'It stands in the gateway’s file' : 'It is deleted already' }),
      run: () => onDelete(row.id),
    },
  ]
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: it only keeps what is done in the menu from opening the row
    // biome-ignore lint/a11y/useKeyWithClickEvents: keys of the menu do not reach the row
    <span onClick={(event) => event.stopPropagation()}>
      <Menu trigger={<IconButton icon={EllipsisVertical} label={`What to do with ${row.id}`} />} items={items} />
    </span>
  )
}

function Marks({ row: { origin, change } }: { row: Row }) {
  if (origin === 'file')
    return (
      <Badge icon={null} title="A gateway has it in its own file; the draft does not change it.">
        from the gateway’s file
      </Badge>
    )
  if (change === 'none') return null
  const words = { added: 'new', changed: 'changed', removed: 'deleted' } as const
  return (
    <Badge tone={change === 'removed' ? 'warn' : 'info'} icon={null} title="Not published yet.">
      {words[change]}
    </Badge>
  )
}

function Names({ names }: { names: readonly string[] }) {
  return names.length === 0 ? (
    <span className="text-muted">–</span>
  ) : (
    <span title={names.join(', ')}>{names.join(', ')}</span>
  )
}

function Rate({ flow }: { flow: PipelineFigures['in'] | undefined }) {
  if (!flow) return <span className="text-muted">–</span>
  return (
    <span className="flex flex-col">
      <span>{bytesPerSecond(flow.bytes)}</span>
      <span className="text-xs text-muted">{countPerSecond(flow.records)}</span>
    </span>
  )
}
