/** What the list shows of each pipeline. */
import { Copy, EllipsisVertical, Trash2 } from 'lucide-react'
import { useMemo } from 'react'
import { Badge } from '#ui/kit/badge.tsx'
import { IconButton } from '#ui/kit/button.tsx'
import { bytesPerSecond, countPerSecond, percent } from '#ui/kit/format.ts'
import { Menu } from '#ui/kit/menu.tsx'
import type { Column } from '#ui/kit/table.tsx'
import type { PipelineRow } from './document.ts'
import { type PipelineFigures, reductionOf } from './figures.ts'
import { StateBadge } from './state-badge.tsx'

export type Row = PipelineRow & { figures: PipelineFigures | undefined }

export function useColumns(
  canEdit: boolean,
  onCopy: (id: string) => void,
  onDelete: (id: string) => void,
): Column<Row>[] {
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
