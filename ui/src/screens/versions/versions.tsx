/** The history of a configuration, newest first: compare any two, and go back to any. */
import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { GitCompareArrows, Undo2 } from 'lucide-react'
import { useMemo, useState } from 'react'
import type { Configuration, Version } from '#contract/configuration.ts'
import { type Content, configurationQuery } from '#ui/api/configuration-queries.ts'
import { pagesQuery, usePages } from '#ui/api/pages.ts'
import { pathOf, useCan } from '#ui/api/queries.ts'
import { Badge } from '#ui/kit/badge.tsx'
import { Button, ButtonLink } from '#ui/kit/button.tsx'
import { Card } from '#ui/kit/card.tsx'
import { CopyButton } from '#ui/kit/copy.tsx'
import { Page } from '#ui/kit/page.tsx'
import { Empty, QueryView } from '#ui/kit/states.tsx'
import { type Column, Table } from '#ui/kit/table.tsx'
import { Ago } from '#ui/kit/time.tsx'
import { useConfiguration } from '#ui/routes.tsx'
import { RestoreDialog } from '#ui/screens/publish/restore-dialog.tsx'
import { useKeptFresh } from '#ui/screens/publish/use-kept-fresh.ts'
import { usePrevious } from '#ui/screens/publish/use-previous.ts'
import { Compare } from '#ui/screens/versions/compare.tsx'
import { firstLine } from '#ui/screens/versions/content-ref.ts'
import { versionsRoute } from '#ui/screens/versions/route.ts'
import { useOffer } from '#ui/shell/use-actions.ts'

export function Versions() {
  const name = useConfiguration()
  const query = useQuery(configurationQuery(name))
  return <QueryView query={query}>{(configuration) => <History key={name} configuration={configuration} />}</QueryView>
}

function History({ configuration }: { configuration: Configuration }) {
  const { from, to } = versionsRoute.useSearch()
  const navigate = useNavigate({ from: versionsRoute.fullPath })
  const [restoring, setRestoring] = useState<number>()
  const previous = usePrevious(configuration)
  useKeptFresh(configuration)
  const compare = (search: { from?: Content; to?: Content }) =>
    void navigate({ search: ({ from: _, to: __, ...rest }) => ({ ...rest, ...search }) })
  const offers = useMemo(
    () => [
      { id: 'publish', label: 'Publish the draft', run: () => void navigate({ to: '/publish' }) },
      ...(previous === undefined
        ? []
        : [{ id: 'roll back', label: `Roll back to version ${previous}`, run: () => setRestoring(previous) }]),
    ],
    [previous, navigate],
  )
  useOffer(offers)
  const isComparing = from !== undefined || to !== undefined
  const actions = (
    <>
      {!isComparing && configuration.live_version !== null && (
        <Button icon={GitCompareArrows} onClick={() => compare({ from: previous ?? 'live', to: 'live' })}>
          Compare
        </Button>
      )}
      <ButtonLink to="/publish" look={configuration.has_changes ? 'primary' : 'plain'}>
        Publish the draft
      </ButtonLink>
    </>
  )
  return (
    <Page title="Versions" intro="What was published, and by whom. Versions never change." actions={actions}>
      {isComparing && (
        <Compare configuration={configuration.name} from={from ?? 'live'} to={to ?? 'draft'} onChange={compare} />
      )}
      <Timeline
        configuration={configuration}
        onCompare={(number) => compare({ from: number, to: 'live' })}
        onRestore={setRestoring}
      />
      {restoring !== undefined && (
        <RestoreDialog
          configuration={configuration}
          number={restoring}
          onClose={() => setRestoring(undefined)}
          onDone={({ version }) =>
            navigate({ to: '/versions/$number', params: { number: version.number }, search: {} })
          }
        />
      )}
    </Page>
  )
}

interface TimelineProps {
  configuration: Configuration
  onCompare: (number: number) => void
  onRestore: (number: number) => void
}

function Timeline({ configuration: { name, live_version: live }, onCompare, onRestore }: TimelineProps) {
  const navigate = useNavigate()
  const canPublish = useCan('publish')
  const { query, rows, more } = usePages(pagesQuery<Version>(`${pathOf(name)}/versions`))
  const empty = (
    <Empty title="Nothing has been published yet" action={<ButtonLink to="/publish">Publish the draft</ButtonLink>}>
      Each publication makes a version here, with who made it and why.
    </Empty>
  )
  return (
    <Card flush>
      <QueryView query={query} lines={6}>
        {() => (
          <Table
            label="Versions, newest first"
            rows={rows}
            columns={columnsFor(live, canPublish, onCompare, onRestore)}
            rowKey={({ number }) => String(number)}
            rowHeight={48}
            onOpen={({ number }) => void navigate({ to: '/versions/$number', params: { number } })}
            onEnd={more}
            empty={empty}
          />
        )}
      </QueryView>
    </Card>
  )
}

const HASH_SHOWN = 8

function columnsFor(
  live: number | null,
  canPublish: boolean,
  onCompare: (number: number) => void,
  onRestore: (number: number) => void,
): Column<Version>[] {
  return [
    {
      id: 'number',
      header: 'Version',
      width: '7.5rem',
      cell: ({ number }) => (
        <span className="flex items-center gap-2">
          <span className="font-semibold">{number}</span>
          {number === live && <Badge tone="ok">Live</Badge>}
        </span>
      ),
    },
    {
      id: 'message',
      header: 'Message',
      width: 'minmax(12rem, 4fr)',
      cell: ({ message, restored_from: restored }) => (
        <span className="flex items-center gap-2">
          <span className="min-w-0 truncate" title={message}>
            {message === '' ? <span className="text-muted">No message</span> : firstLine(message)}
          </span>
          {restored !== null && (
            <Badge tone="info" icon={Undo2}>
              From {restored}
            </Badge>
          )}
        </span>
      ),
    },
    { id: 'author', header: 'By', width: 'minmax(6rem, 1fr)', cell: ({ author }) => author },
    { id: 'when', header: 'When', width: '8rem', cell: ({ created_at: at }) => <Ago at={at} /> },
    {
      id: 'receipt',
      header: 'Receipt',
      width: '6.5rem',
      cell: ({ has_receipt: has }) => (has ? <Badge tone="ok">Yes</Badge> : <span className="text-muted">None</span>),
    },
    {
      id: 'hash',
      header: 'Hash',
      width: '8rem',
      cell: ({ sha256, number }) => (
        <Kept>
          <code className="font-mono text-xs" title={sha256}>
            {sha256.slice(0, HASH_SHOWN)}
          </code>
          <CopyButton text={sha256} label={`Copy the hash of version ${number}`} />
        </Kept>
      ),
    },
    {
      id: 'actions',
      header: <span className="sr-only">What can be done</span>,
      width: '15rem',
      align: 'right',
      cell: ({ number }) =>
        number === live ? null : (
          <Kept className="justify-end">
            <Button look="quiet" icon={GitCompareArrows} onClick={() => onCompare(number)}>
              Compare
              <span className="sr-only"> version {number} with live</span>
            </Button>
            <Button icon={Undo2} disabled={!canPublish} onClick={() => onRestore(number)}>
              Roll back
              <span className="sr-only"> to version {number}</span>
            </Button>
          </Kept>
        ),
    },
  ]
}

/** What is pressed in here does not open the row. */
function Kept({ className = '', children }: { className?: string; children: React.ReactNode }) {
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: it only keeps what the buttons in it do to themselves
    // biome-ignore lint/a11y/useKeyWithClickEvents: keys on buttons never reach the row
    <span className={`flex items-center gap-1 ${className}`} onClick={(event) => event.stopPropagation()}>
      {children}
    </span>
  )
}
