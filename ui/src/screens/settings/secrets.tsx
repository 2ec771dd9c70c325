/** Secrets: set, replaced, deleted; never shown. Configurations name them. */
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { LockKeyhole } from 'lucide-react'
import { useState } from 'react'
import type { SecretInfo } from '#contract/configuration.ts'
import { send } from '#ui/api/client.ts'
import { secretsQuery, useCan } from '#ui/api/queries.ts'
import { Badge } from '#ui/kit/badge.tsx'
import { Button } from '#ui/kit/button.tsx'
import { Card } from '#ui/kit/card.tsx'
import { Confirm } from '#ui/kit/dialog.tsx'
import { TextField } from '#ui/kit/field.tsx'
import { FormDialog } from '#ui/kit/form-view.tsx'
import { Needs } from '#ui/kit/needs.tsx'
import { Empty, QueryView } from '#ui/kit/states.tsx'
import { type Column, Table } from '#ui/kit/table.tsx'
import { Ago } from '#ui/kit/time.tsx'
import { toast } from '#ui/kit/toast.tsx'
import { useNewForm } from '#ui/kit/use-kept-form.ts'

export function Secrets() {
  const query = useQuery(secretsQuery)
  const client = useQueryClient()
  const mayChange = useCan('admin')
  /** A name: to replace; the empty one: a new secret. */
  const [setting, setSetting] = useState<string>()
  const [deleting, setDeleting] = useState<SecretInfo>()
  const remove = async () => {
    await send('DELETE', secretPath(deleting!.name))
    await client.invalidateQueries({ queryKey: secretsQuery.queryKey })
    toast(`The secret ${deleting!.name} is deleted`)
  }
  const columns = columnsOf(mayChange ? { onReplace: setSetting, onDelete: setDeleting } : undefined)
  return (
    <Card
      title="Secrets"
      hint={
        <>
          Values that configurations name as <code className="font-mono">{'${secret:name}'}</code>. They are sealed in
          the store, sent only to gateways that need them, and shown to nobody.
        </>
      }
      {...(mayChange && {
        actions: (
          <Button look="primary" icon={LockKeyhole} onClick={() => setSetting('')}>
            Set a secret
          </Button>
        ),
      })}
      flush
    >
      <div className="px-4 pb-2 empty:hidden">
        <Needs permission="admin" to="set or delete secrets" />
      </div>
      <QueryView
        query={query}
        isEmpty={(secrets) => secrets.length === 0}
        empty={<Empty title="No secrets">Keys and passwords of outputs belong here, not into the configuration.</Empty>}
      >
        {(secrets) => <Table label="Secrets" rows={secrets} rowKey={({ name }) => name} columns={columns} />}
      </QueryView>
      {setting !== undefined && <SetSecret given={setting} onClose={() => setSetting(undefined)} />}
      <Confirm
        open={deleting !== undefined}
        onClose={() => setDeleting(undefined)}
        title={`Delete the secret ${deleting?.name}?`}
        action="Delete the secret"
        run={remove}
      >
        Nobody can read it, so nobody can bring it back. A secret that a draft or a live version names cannot be
        deleted.
      </Confirm>
    </Card>
  )
}

/** The value stays in memory only. */
function SetSecret({ given, onClose }: { given: string; onClose: () => void }) {
  const client = useQueryClient()
  const isNew = given === ''
  const names = useQuery(secretsQuery).data?.map((secret) => secret.name) ?? []
  const kept = useNewForm({
    key: `settings.secret.${given}`,
    initial: { name: given, value: '' },
    forStorage: ({ name }) => ({ name, value: '' }),
    leaveWords: 'The value that you typed is not set. Leave, and forget it?',
    save: ({ name, value }) => send<SecretInfo>('PUT', secretPath(name.trim()), { value }),
    onSaved: async (info) => {
      await client.invalidateQueries({ queryKey: secretsQuery.queryKey })
      toast(`The secret ${info.name} is set; gateways that need it get it now`)
      onClose()
    },
  })
  const {
    form: { name, value },
    change,
  } = kept
  return (
    <FormDialog
      kept={kept}
      onClose={onClose}
      title={isNew ? 'Set a secret' : `Replace the value of ${given}`}
      description="It is not shown again, to nobody."
      action={isNew ? 'Set the secret' : 'Replace the value'}
    >
      {isNew && (
        <TextField
          label="Name"
          hint="Letters, digits and _ . -; configurations name it by this."
          required
          autoFocus
          pattern="[A-Za-z0-9][A-Za-z0-9_.\-]{0,127}"
          title="1 to 128 letters, digits or _ . -"
          error={names.includes(name.trim()) ? 'There is one of this name: its value will be replaced.' : undefined}
          value={name}
          onChange={(event) => change({ name: event.target.value })}
        />
      )}
      <TextField
        label="Value"
        type="password"
        autoComplete="new-password"
        required
        autoFocus={!isNew}
        maxLength={16_384}
        value={value}
        onChange={(event) => change({ value: event.target.value })}
      />
    </FormDialog>
  )
}

function secretPath(name: string): string {
  return `/secrets/${encodeURIComponent(name)}`
}

function columnsOf(
  deeds: { onReplace: (name: string) => void; onDelete: (secret: SecretInfo) => void } | undefined,
): Column<SecretInfo>[] {
  const columns: Column<SecretInfo>[] = [
    {
      id: 'name',
      header: 'Name',
      width: 'minmax(10rem, 1fr)',
      cell: ({ name }) => <code className="font-mono">{name}</code>,
      sort: ({ name }) => name,
    },
    {
      id: 'used',
      header: 'Named by',
      width: 'minmax(12rem, 2fr)',
      cell: ({ used_by: users }) =>
        users.length === 0 ? (
          <Badge tone="neutral">Nothing</Badge>
        ) : (
          <span title={users.join(', ')}>{users.join(', ')}</span>
        ),
      sort: ({ used_by: users }) => users.length,
    },
    {
      id: 'updated',
      header: 'Set',
      width: 'minmax(11rem, 1fr)',
      cell: ({ updated_at: at, updated_by: by }) => (
        <>
          <Ago at={at} /> <span className="text-muted">by {by}</span>
        </>
      ),
      sort: ({ updated_at: at }) => at,
    },
  ]
  if (deeds === undefined) return columns
  const action: Column<SecretInfo> = {
    id: 'action',
    header: <span className="sr-only">Action</span>,
    align: 'right',
    width: '11rem',
    cell: (secret) => (
      <span className="inline-flex gap-2 py-1 pr-1">
        <Button onClick={() => deeds.onReplace(secret.name)} aria-label={`Replace ${secret.name}`}>
          Replace
        </Button>
        <Button onClick={() => deeds.onDelete(secret)} aria-label={`Delete ${secret.name}`}>
          Delete
        </Button>
      </span>
    ),
  }
  return [...columns, action]
}
