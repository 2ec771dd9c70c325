/** API keys: one's own; for owners all of the organisation. */
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { KeyRound } from 'lucide-react'
import { useMemo, useState } from 'react'
import type { ApiKey, ApiKeyAddedAnswer } from '#contract/access.ts'
import { getTagged, send } from '#ui/api/client.ts'
import { useCan } from '#ui/api/queries.ts'
import { Badge } from '#ui/kit/badge.tsx'
import { Button } from '#ui/kit/button.tsx'
import { Card } from '#ui/kit/card.tsx'
import { Command } from '#ui/kit/copy.tsx'
import { Confirm } from '#ui/kit/dialog.tsx'
import { Empty, QueryView } from '#ui/kit/states.tsx'
import { type Column, Table } from '#ui/kit/table.tsx'
import { Ago, Moment, useNow } from '#ui/kit/time.tsx'
import { toast } from '#ui/kit/toast.tsx'
import { AddKey } from '#ui/screens/access/add-key.tsx'
import { expiryState, keyCommand } from '#ui/screens/access/once.ts'
import { keysQuery, usePublicOrigin } from '#ui/screens/access/queries.ts'
import { ShownOnce } from '#ui/screens/access/shown-once.tsx'
import { useOffer } from '#ui/shell/use-actions.ts'

export function Keys() {
  const query = useQuery(keysQuery)
  const seesAll = useCan('admin')
  const [isAdding, setAdding] = useState(false)
  const [made, setMade] = useState<ApiKeyAddedAnswer>()
  const [ending, setEnding] = useState<ApiKey>()
  useOffer(useMemo(() => [{ id: 'add key', label: 'Make an API key', run: () => setAdding(true) }], []))
  const add = (
    <Button look="primary" icon={KeyRound} onClick={() => setAdding(true)}>
      Make a key
    </Button>
  )
  return (
    <Card
      title="API keys"
      hint={
        seesAll
          ? 'For commands and programs. You see all keys of the organisation.'
          : 'For commands and programs. You see those that are yours.'
      }
      actions={add}
      flush
    >
      <QueryView
        query={query}
        isEmpty={(keys) => keys.length === 0}
        empty={<Empty title="No API keys">A key lets a command or a program in, without a password.</Empty>}
      >
        {(keys) => <Table label="API keys" rows={keys} columns={columnsWith(setEnding)} rowKey={({ id }) => id} />}
      </QueryView>
      {isAdding && (
        <AddKey
          onClose={() => setAdding(false)}
          onMade={(answer) => {
            setAdding(false)
            setMade(answer)
          }}
        />
      )}
      {made !== undefined && <MadeKey made={made} onClose={() => setMade(undefined)} />}
      <Revoke ending={ending} onClose={() => setEnding(undefined)} />
    </Card>
  )
}

function MadeKey({ made, onClose }: { made: ApiKeyAddedAnswer; onClose: () => void }) {
  const origin = usePublicOrigin()
  const { name, expires_at: end } = made.api_key
  return (
    <ShownOnce title={`Key ${name}`} done="I have copied it" onClose={onClose}>
      <Command text={made.key} label="API key" wrap />
      <p>Try it:</p>
      <Command text={keyCommand(origin, made.key)} label="Command that uses the key" wrap />
      <p className="text-muted">
        {end === null ? 'It works until it is revoked.' : <ExpiryWords at={end} />} The commands of{' '}
        <code className="font-mono">streamgate</code> take it from <code className="font-mono">STREAMGATE_API_KEY</code>{' '}
        or <code className="font-mono">--key-file</code>.
      </p>
    </ShownOnce>
  )
}

function ExpiryWords({ at }: { at: number }) {
  return (
    <>
      It works until <Moment at={at} />.
    </>
  )
}

function Revoke({ ending, onClose }: { ending: ApiKey | undefined; onClose: () => void }) {
  const client = useQueryClient()
  const run = async () => {
    const path = `/keys/${encodeURIComponent(ending?.id ?? '')}`
    const { etag } = await getTagged<ApiKey>(path)
    await send('DELETE', path, undefined, { etag })
    await client.invalidateQueries({ queryKey: keysQuery.queryKey })
    toast(`The key ${ending?.name} is revoked`)
  }
  return (
    <Confirm
      open={ending !== undefined}
      onClose={onClose}
      title={`Revoke the key ${ending?.name}?`}
      action="Revoke the key"
      run={run}
    >
      Whatever uses it is refused from now on. {ending !== undefined && <LastUse apiKey={ending} />} It cannot be
      brought back.
    </Confirm>
  )
}

function LastUse({ apiKey: { last_used_at: at } }: { apiKey: ApiKey }) {
  if (at === null) return <>It has never been used.</>
  return (
    <>
      It was used last <Ago at={at} />.
    </>
  )
}

function Expiry({ at }: { at: number | null }) {
  const state = expiryState(at, useNow())
  if (at === null) return <span className="text-muted">never</span>
  if (state === 'over') return <Badge tone="bad">Expired</Badge>
  if (state === 'soon')
    return (
      <Badge tone="warn">
        <Ago at={at} />
      </Badge>
    )
  return <Ago at={at} />
}

function columnsWith(onRevoke: (key: ApiKey) => void): Column<ApiKey>[] {
  return [
    {
      id: 'name',
      header: 'Name',
      width: 'minmax(9rem, 2fr)',
      cell: ({ name }) => <span className="font-medium">{name}</span>,
      sort: ({ name }) => name,
    },
    {
      id: 'prefix',
      header: 'Begins with',
      width: '12.5rem',
      cell: ({ prefix }) => <code className="font-mono text-xs">{prefix}</code>,
    },
    { id: 'role', header: 'Role', width: '5.5rem', cell: ({ role }) => role, sort: ({ role }) => role },
    {
      id: 'grants',
      header: 'Granted beside it',
      width: 'minmax(8rem, 1fr)',
      cell: ({ grants }) => (grants.length === 0 ? <span className="text-muted">–</span> : grants.join(', ')),
    },
    {
      id: 'whose',
      header: 'Made by',
      width: 'minmax(9rem, 1fr)',
      cell: ({ personal, created_by: by, created_at: at }) => (
        <span title={personal ? `Personal: ends with ${by}` : `Of the organisation; made by ${by}`}>
          {by}
          <span className="text-muted">
            {personal ? ', personal, ' : ', '}
            <Ago at={at} />
          </span>
        </span>
      ),
    },
    { id: 'expires', header: 'Ends', width: '8.5rem', cell: ({ expires_at: at }) => <Expiry at={at} />, sort: endOf },
    {
      id: 'used',
      header: 'Last used',
      width: '8rem',
      cell: ({ last_used_at: at }) => (at === null ? <span className="text-muted">never</span> : <Ago at={at} />),
      sort: ({ last_used_at: at }) => at ?? 0,
    },
    {
      id: 'action',
      header: <span className="sr-only">Action</span>,
      align: 'right',
      width: '6rem',
      cell: (key) => (
        <Button onClick={() => onRevoke(key)} aria-label={`Revoke ${key.name}`}>
          Revoke
        </Button>
      ),
    },
  ]
}

function endOf({ expires_at: at }: ApiKey): number {
  return at ?? Number.MAX_SAFE_INTEGER
}
