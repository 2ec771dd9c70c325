/** The audit log: who did what, when, and why; whether the chain of entries is whole; all of it to take away. */
import { useNavigate } from '@tanstack/react-router'
import { Download } from 'lucide-react'
import type { AuditEntry } from '#contract/access.ts'
import { urlOf } from '#ui/api/client.ts'
import { pagesQuery, usePages } from '#ui/api/pages.ts'
import { textLink } from '#ui/kit/button.tsx'
import { Card } from '#ui/kit/card.tsx'
import { Page } from '#ui/kit/page.tsx'
import { Empty, QueryView } from '#ui/kit/states.tsx'
import { type Column, Table } from '#ui/kit/table.tsx'
import { Moment } from '#ui/kit/time.tsx'
import { Chain } from '#ui/screens/audit/chain.tsx'
import { EntryDetail } from '#ui/screens/audit/entry-detail.tsx'
import { Filters } from '#ui/screens/audit/filters.tsx'
import { rangeOf } from '#ui/screens/audit/range.ts'
import { auditRoute } from '#ui/screens/audit/route.ts'

const columns: Column<AuditEntry>[] = [
  { id: 'at', header: 'When', width: 'minmax(12rem, 1fr)', cell: ({ at }) => <Moment at={at} /> },
  { id: 'actor', header: 'Who', width: 'minmax(9rem, 1fr)', cell: ({ actor }) => <span title={actor}>{actor}</span> },
  { id: 'via', header: 'By', width: '4rem', cell: ({ via }) => via },
  {
    id: 'action',
    header: 'What',
    width: 'minmax(9rem, 1fr)',
    cell: ({ action }) => <code className="font-mono">{action}</code>,
  },
  {
    id: 'object',
    header: 'On what',
    width: 'minmax(12rem, 2fr)',
    cell: ({ object }) => <span title={object}>{object}</span>,
  },
  {
    id: 'reason',
    header: 'Why',
    width: 'minmax(8rem, 1fr)',
    cell: ({ reason }) => <span title={reason ?? ''}>{reason ?? ''}</span>,
  },
]

export function Audit() {
  const search = auditRoute.useSearch()
  const navigate = useNavigate({ from: auditRoute.fullPath })
  const asked = { actor: search.actor, action: search.action, object: search.object, ...rangeOf(search) }
  const { query, rows, more } = usePages(pagesQuery<AuditEntry>('/audit', asked))
  const open = (entry: number | undefined) =>
    void navigate({
      search: ({ entry: _, ...rest }) => (entry === undefined ? rest : { ...rest, entry }),
      replace: true,
    })
  return (
    <Page
      title="Audit"
      intro="Every change, by whom and by which way. Each entry has a hash over itself and the one before, so that none can be changed or taken out unseen."
      actions={
        <a
          href={urlOf('/audit/export', asked)}
          download="audit.jsonl"
          className={`${textLink} inline-flex items-center gap-1`}
        >
          <Download aria-hidden className="size-4" />
          Export as JSON Lines
        </a>
      }
    >
      <Chain />
      <Card flush>
        <Filters />
        <QueryView query={query} lines={8}>
          {() => (
            <Table
              label="Audit log"
              rows={rows}
              rowKey={({ seq }) => String(seq)}
              columns={columns}
              onOpen={({ seq }) => open(seq)}
              isSelected={({ seq }) => seq === search.entry}
              onEnd={more}
              empty={
                <Empty title="Nothing fits">
                  There are no entries like this in this time. Widen the range or clear the filters.
                </Empty>
              }
            />
          )}
        </QueryView>
      </Card>
      <EntryDetail
        seq={search.entry}
        entry={rows.find(({ seq }) => seq === search.entry)}
        isLoading={query.data === undefined}
        onClose={() => open(undefined)}
      />
    </Page>
  )
}
