/** The configurations: each has a draft, versions, and gateways that follow it. */
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Plus } from 'lucide-react'
import { useState } from 'react'
import type { Configuration, ConfigurationKind } from '#contract/configuration.ts'
import { getTagged, send } from '#ui/api/client.ts'
import { configurationChanged, configurationsQuery, fleetSummaryQuery, pathOf, useCan } from '#ui/api/queries.ts'
import { NewConfiguration } from '#ui/forms/new-configuration.tsx'
import { Badge } from '#ui/kit/badge.tsx'
import { Button } from '#ui/kit/button.tsx'
import { Card } from '#ui/kit/card.tsx'
import { Confirm } from '#ui/kit/dialog.tsx'
import { QueryView } from '#ui/kit/states.tsx'
import { type Column, Table } from '#ui/kit/table.tsx'
import { Ago } from '#ui/kit/time.tsx'
import { toast } from '#ui/kit/toast.tsx'
import { useConfiguration } from '#ui/routes.tsx'
import { settingsRoute } from '#ui/screens/settings/route.ts'

/** It is there always. */
const FIRST_CONFIGURATION = 'default'

const kinds: Record<ConfigurationKind, string> = {
  streamgate: 'StreamGate gateways',
  otel_collector: 'OpenTelemetry collectors',
}

export function Configurations() {
  const query = useQuery(configurationsQuery)
  const current = useConfiguration()
  const navigate = settingsRoute.useNavigate()
  const mayAdd = useCan('edit')
  const mayDelete = useCan('admin')
  const [isAdding, setAdding] = useState(false)
  const [deleting, setDeleting] = useState<string>()
  const lookAt = (configuration: string) => void navigate({ search: (search) => ({ ...search, configuration }) })
  return (
    <Card
      title="Configurations"
      hint="What a group of gateways runs. The screens show one at a time: open it here or choose it at the top."
      {...(mayAdd && {
        actions: (
          <Button look="primary" icon={Plus} onClick={() => setAdding(true)}>
            Add a configuration
          </Button>
        ),
      })}
      flush
    >
      <QueryView query={query}>
        {({ items }) => (
          <Table
            label="Configurations"
            rows={items}
            rowKey={({ name }) => name}
            columns={columnsOf(current, lookAt, mayDelete ? setDeleting : undefined)}
          />
        )}
      </QueryView>
      {isAdding && (
        <NewConfiguration
          onClose={() => setAdding(false)}
          onAdded={(name) => {
            setAdding(false)
            lookAt(name)
          }}
        />
      )}
      {deleting !== undefined && (
        <DeleteConfiguration
          name={deleting}
          onClose={() => setDeleting(undefined)}
          onDeleted={() => deleting === current && lookAt(FIRST_CONFIGURATION)}
        />
      )}
    </Card>
  )
}

function DeleteConfiguration({
  name,
  onClose,
  onDeleted,
}: {
  name: string
  onClose: () => void
  onDeleted: () => void
}) {
  const client = useQueryClient()
  const { data } = useQuery(fleetSummaryQuery)
  const gateways = data?.configurations.find(({ configuration }) => configuration === name)?.gateways ?? 0
  const run = async () => {
    const { etag } = await getTagged<Configuration>(pathOf(name))
    await send('DELETE', pathOf(name), undefined, { etag })
    onDeleted()
    await configurationChanged(client)
    toast(`The configuration ${name} is deleted`)
  }
  return (
    <Confirm
      open
      onClose={onClose}
      title={`Delete the configuration ${name}?`}
      action="Delete the configuration"
      typed={name}
      run={run}
    >
      <p>Its draft, its policy and all its versions are deleted, and do not come back.</p>
      <p>
        {gateways === 0
          ? 'No gateway follows it.'
          : `${gateways === 1 ? 'One gateway follows' : `${gateways} gateways follow`} it: they go on as they are, and get nothing new until they follow another.`}
      </p>
    </Confirm>
  )
}

function columnsOf(
  current: string,
  onLookAt: (name: string) => void,
  onDelete: ((name: string) => void) | undefined,
): Column<Configuration>[] {
  return [
    {
      id: 'name',
      header: 'Name',
      width: 'minmax(10rem, 2fr)',
      cell: ({ name }) => (
        <span className="flex items-center gap-2">
          <button
            type="button"
            onClick={() => onLookAt(name)}
            className="min-h-6 min-w-0 truncate font-medium text-accent underline decoration-accent/40 underline-offset-2"
          >
            {name}
          </button>
          {name === current && <Badge tone="info">Looked at</Badge>}
        </span>
      ),
      sort: ({ name }) => name,
    },
    { id: 'kind', header: 'For', width: 'minmax(12rem, 1fr)', cell: ({ kind }) => kinds[kind] },
    {
      id: 'live',
      header: 'Live',
      width: '8rem',
      cell: ({ live_version: live }) =>
        live === null ? <span className="text-muted">nothing yet</span> : `version ${live}`,
    },
    {
      id: 'draft',
      header: 'Draft',
      width: '9rem',
      cell: ({ has_changes: has }) =>
        has ? <Badge tone="warn">Unpublished</Badge> : <Badge tone="neutral">No changes</Badge>,
    },
    {
      id: 'updated',
      header: 'Changed',
      width: 'minmax(11rem, 1fr)',
      cell: ({ updated_at: at, updated_by: by }) => (
        <>
          <Ago at={at} /> <span className="text-muted">by {by}</span>
        </>
      ),
      sort: ({ updated_at: at }) => at,
    },
    {
      id: 'action',
      header: <span className="sr-only">Action</span>,
      align: 'right',
      width: '6rem',
      cell: ({ name }) =>
        onDelete !== undefined &&
        name !== FIRST_CONFIGURATION && (
          <Button onClick={() => onDelete(name)} aria-label={`Delete ${name}`}>
            Delete
          </Button>
        ),
    },
  ]
}
