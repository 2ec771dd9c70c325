/** Dead letters one by one, oldest first; each opens as it was encoded for its output. */
import { useQuery } from '@tanstack/react-query'
import { RotateCcw, Trash2, X } from 'lucide-react'
import { useState } from 'react'
import type { ListedDeadLetter } from '#contract/kept.ts'
import { get } from '#ui/api/client.ts'
import { gatewayPath } from '#ui/api/gateway-queries.ts'
import { pagesQuery, usePages } from '#ui/api/pages.ts'
import { useCan } from '#ui/api/queries.ts'
import { Button, IconButton } from '#ui/kit/button.tsx'
import { Card } from '#ui/kit/card.tsx'
import { Dialog } from '#ui/kit/dialog.tsx'
import { bytes } from '#ui/kit/format.ts'
import { Empty, QueryView } from '#ui/kit/states.tsx'
import { type Column, Table } from '#ui/kit/table.tsx'
import { Ago, Moment } from '#ui/kit/time.tsx'
import { LISTED_MAX, recordsText } from '#ui/screens/outputs/kept.ts'
import type { Act } from '#ui/screens/outputs/kept-confirm.tsx'
import { RecordContent } from '#ui/screens/outputs/record-content.tsx'

export function LetterList({
  gateway,
  output,
  code,
  onAct,
  onClose,
}: {
  gateway: { id: string; name: string }
  output: string
  code: string | undefined
  onAct: (act: Act) => void
  onClose: () => void
}) {
  const path = `${gatewayPath(gateway.id)}/dead-letters`
  const { query, rows, more } = usePages({ ...pagesQuery<ListedDeadLetter>(path, { output, code }), retry: false })
  const [keys, setKeys] = useState<ReadonlySet<string>>(new Set())
  const [open, setOpen] = useState<ListedDeadLetter>()
  const canOperate = useCan('operate')
  const ids = rows.filter(({ id }) => keys.has(String(id))).map(({ id }) => id)
  const isTooMany = ids.length > LISTED_MAX
  const act = (verb: Act['verb']) =>
    onAct({
      verb,
      what: `the ${recordsText(ids.length)} that you selected`,
      targets: [{ id: gateway.id, name: gateway.name, selection: { ids } }],
    })
  const may = {
    disabled: !canOperate || ids.length === 0 || isTooMany,
    ...(!canOperate
      ? { title: 'Needs the permission operate' }
      : isTooMany && { title: `${LISTED_MAX} at most; use Replay by reason for more` }),
  }
  return (
    <Card
      title={`Dead letters of ${gateway.name}`}
      hint={code === undefined ? 'Oldest first' : `Refused with ${code}, oldest first`}
      flush
      actions={
        <>
          <Button icon={RotateCcw} {...may} onClick={() => act('replay')}>
            Replay {ids.length > 0 ? ids.length : ''} selected
          </Button>
          <Button icon={Trash2} look="danger" {...may} onClick={() => act('drop')}>
            Drop {ids.length > 0 ? ids.length : ''} selected
          </Button>
          <IconButton label="Close the list" icon={X} onClick={onClose} />
        </>
      }
    >
      <QueryView query={query}>
        {() => (
          <Table
            label="Dead letters"
            rows={rows}
            columns={columns}
            rowKey={({ id }) => String(id)}
            selection={{ keys, onChange: setKeys, name: ({ id }) => `dead letter ${id}` }}
            onOpen={setOpen}
            rowCount={query.hasNextPage ? -1 : rows.length}
            onEnd={more}
            maxHeight="50vh"
            empty={<Empty title="None left">They were sent again or given up.</Empty>}
          />
        )}
      </QueryView>
      <Dialog
        open={open !== undefined}
        onClose={() => setOpen(undefined)}
        place="side"
        title={`Dead letter ${open?.id ?? ''}`}
        {...(open !== undefined && { description: open.message })}
      >
        {open !== undefined && <Letter path={path} letter={open} />}
      </Dialog>
    </Card>
  )
}

const columns: Column<ListedDeadLetter>[] = [
  { id: 'at', header: 'Refused', width: 'minmax(8rem, 0.6fr)', cell: ({ at }) => <Ago at={at} /> },
  {
    id: 'code',
    header: 'Reason',
    width: 'minmax(7rem, 0.5fr)',
    cell: ({ code }) => <code className="font-mono">{code}</code>,
  },
  {
    id: 'message',
    header: 'What the other side said',
    width: 'minmax(14rem, 3fr)',
    cell: ({ message }) => <span title={message}>{message}</span>,
  },
  {
    id: 'bytes',
    header: 'Size',
    align: 'right',
    width: 'minmax(5rem, 0.4fr)',
    cell: ({ bytes: size }) => bytes(size),
  },
]

function Letter({ path, letter }: { path: string; letter: ListedDeadLetter }) {
  const query = useQuery({
    queryKey: ['letter', path, letter.id],
    queryFn: ({ signal }) => get<ListedDeadLetter>(`${path}/${letter.id}`, {}, signal),
    retry: false,
  })
  return (
    <div className="flex flex-col gap-3">
      <dl className="grid grid-cols-[max-content_1fr] gap-x-4 gap-y-1 text-sm">
        <dt className="text-muted">Refused</dt>
        <dd>
          <Moment at={letter.at} />
        </dd>
        <dt className="text-muted">Reason</dt>
        <dd className="font-mono">{letter.code}</dd>
        <dt className="text-muted">Encoded for</dt>
        <dd className="font-mono">{letter.kind}</dd>
        <dt className="text-muted">Size</dt>
        <dd>{bytes(letter.bytes)}</dd>
      </dl>
      <QueryView query={query}>{(whole) => <RecordContent record={whole} />}</QueryView>
    </div>
  )
}
