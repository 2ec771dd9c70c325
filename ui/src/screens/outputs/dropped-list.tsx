/** What a rule dropped, record by record, newest first: redacted, as it would have gone out. */
import { X } from 'lucide-react'
import { useState } from 'react'
import type { ListedDroppedRecord } from '#contract/kept.ts'
import { gatewayPath } from '#ui/api/gateway-queries.ts'
import { pagesQuery, usePages } from '#ui/api/pages.ts'
import { IconButton } from '#ui/kit/button.tsx'
import { Card } from '#ui/kit/card.tsx'
import { Dialog } from '#ui/kit/dialog.tsx'
import { Empty, QueryView } from '#ui/kit/states.tsx'
import { type Column, Table } from '#ui/kit/table.tsx'
import { Ago, Moment } from '#ui/kit/time.tsx'
import { RecordContent } from '#ui/screens/outputs/record-content.tsx'

export function DroppedList({
  gateway,
  pipeline,
  rule,
  onClose,
}: {
  gateway: string
  pipeline: string | undefined
  rule: string | undefined
  onClose: () => void
}) {
  const path = `${gatewayPath(gateway)}/dropped`
  const { query, rows, more } = usePages({ ...pagesQuery<ListedDroppedRecord>(path, { pipeline, rule }), retry: false })
  const [open, setOpen] = useState<ListedDroppedRecord>()
  return (
    <Card
      title={`Dropped by ${rule ?? 'rules'}`}
      hint="Newest first, redacted by the rules that protect"
      flush
      actions={<IconButton label="Close the list" icon={X} onClick={onClose} />}
    >
      <QueryView query={query}>
        {() => (
          <Table
            label="Dropped records"
            rows={rows}
            columns={columns}
            rowKey={({ id }) => id}
            onOpen={setOpen}
            rowHeight={32}
            rowCount={query.hasNextPage ? -1 : rows.length}
            onEnd={more}
            maxHeight="50vh"
            empty={<Empty title="None left">They were sent after all, or gave way to younger ones.</Empty>}
          />
        )}
      </QueryView>
      <Dialog
        open={open !== undefined}
        onClose={() => setOpen(undefined)}
        place="side"
        title="Dropped record"
        {...(open !== undefined && {
          description: (
            <>
              By {open.rule} in {open.pipeline}, <Moment at={open.at} />
            </>
          ),
        })}
      >
        {open !== undefined && <RecordContent record={open} />}
      </Dialog>
    </Card>
  )
}

const columns: Column<ListedDroppedRecord>[] = [
  { id: 'at', header: 'Dropped', width: 'minmax(7rem, 0.3fr)', cell: ({ at }) => <Ago at={at} /> },
  {
    id: 'record',
    header: 'Record',
    width: 'minmax(20rem, 4fr)',
    cell: ({ text, omitted }) => (
      <span className="font-mono text-xs">
        {text ?? (omitted === true ? '(too large to be shown here)' : '(no text)')}
      </span>
    ),
  },
]
