/** Organisations, each with its own configurations, gateways and users. Owners of `default` make others. */
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Building2, Mail } from 'lucide-react'
import { useState } from 'react'
import type { Invitation, Organisation, OrganisationAddedAnswer } from '#contract/access.ts'
import { send } from '#ui/api/client.ts'
import { useMe } from '#ui/api/queries.ts'
import { Badge } from '#ui/kit/badge.tsx'
import { Button } from '#ui/kit/button.tsx'
import { Card } from '#ui/kit/card.tsx'
import { Confirm } from '#ui/kit/dialog.tsx'
import { TextField } from '#ui/kit/field.tsx'
import { FormDialog } from '#ui/kit/form-view.tsx'
import { QueryView } from '#ui/kit/states.tsx'
import { type Column, Table } from '#ui/kit/table.tsx'
import { Moment } from '#ui/kit/time.tsx'
import { useNewForm } from '#ui/kit/use-kept-form.ts'
import { organisationsQuery } from '#ui/screens/access/queries.ts'
import { InvitationLink } from '#ui/screens/access/shown-once.tsx'

/** Whose owners make others. */
const FIRST_ORGANISATION = 'default'

interface Owned {
  org: string
  invitation: Invitation
}

export function Organisations() {
  const query = useQuery(organisationsQuery)
  const { org: own } = useMe()
  const mayMake = own === FIRST_ORGANISATION
  const [isAdding, setAdding] = useState(false)
  const [asked, setAsked] = useState<Organisation>()
  const [owned, setOwned] = useState<Owned>()
  const invite = async () => {
    const { id } = asked!
    const invitation = await send<Invitation>('POST', `/orgs/${encodeURIComponent(id)}/invite`)
    setOwned({ org: id, invitation })
  }
  const add = (
    <Button look="primary" icon={Building2} onClick={() => setAdding(true)}>
      Make an organisation
    </Button>
  )
  return (
    <Card
      title="Organisations"
      hint={
        mayMake
          ? 'Each has its own configurations, gateways, secrets and users; none sees another’s.'
          : `Owners of the organisation ${FIRST_ORGANISATION} make others; you see your own.`
      }
      {...(mayMake && { actions: add })}
      flush
    >
      <QueryView query={query}>
        {(orgs) => (
          <Table
            label="Organisations"
            rows={orgs}
            rowKey={({ id }) => id}
            columns={columnsWith(own, mayMake, setAsked)}
          />
        )}
      </QueryView>
      {isAdding && (
        <AddOrganisation
          onClose={() => setAdding(false)}
          onAdded={({ org, invitation }) => {
            setAdding(false)
            setOwned({ org: org.id, invitation })
          }}
        />
      )}
      <Confirm
        open={asked !== undefined}
        onClose={() => setAsked(undefined)}
        title={`Make a new link for the first owner of ${asked?.id}?`}
        action="Make the link"
        look="primary"
        run={invite}
      >
        Links made before stop working. Where there are users already, their owners invite others.
      </Confirm>
      {owned !== undefined && (
        <InvitationLink invitation={owned.invitation} onClose={() => setOwned(undefined)}>
          With this link somebody becomes the first owner of <strong>{owned.org}</strong>.
        </InvitationLink>
      )}
    </Card>
  )
}

const nothing = { id: '', name: '' }

function AddOrganisation({
  onClose,
  onAdded,
}: {
  onClose: () => void
  onAdded: (answer: OrganisationAddedAnswer) => void
}) {
  const client = useQueryClient()
  const kept = useNewForm({
    key: 'access.new-organisation',
    initial: nothing,
    save: (form) => send<OrganisationAddedAnswer>('POST', '/orgs', form),
    onSaved: async (answer) => {
      await client.invalidateQueries({ queryKey: organisationsQuery.queryKey })
      onAdded(answer)
    },
  })
  const { form, change, errorAt } = kept
  return (
    <FormDialog
      kept={kept}
      onClose={onClose}
      title="Make an organisation"
      description="You get a link for its first owner. It cannot be deleted."
      action="Make the organisation"
    >
      <TextField
        label="Id"
        hint="Small letters, digits and -; it stays."
        required
        autoFocus
        maxLength={63}
        error={errorAt('/id')}
        value={form.id}
        onChange={(event) => change({ id: event.target.value })}
      />
      <TextField
        label="Name"
        hint="As people call it."
        required
        maxLength={128}
        error={errorAt('/name')}
        value={form.name}
        onChange={(event) => change({ name: event.target.value })}
      />
    </FormDialog>
  )
}

function columnsWith(own: string, mayInvite: boolean, onInvite: (org: Organisation) => void): Column<Organisation>[] {
  return [
    {
      id: 'id',
      header: 'Id',
      width: 'minmax(10rem, 1fr)',
      cell: ({ id }) => (
        <span className="flex items-center gap-2 font-medium">
          {id}
          {id === own && <Badge tone="info">Yours</Badge>}
        </span>
      ),
      sort: ({ id }) => id,
    },
    { id: 'name', header: 'Name', width: 'minmax(10rem, 2fr)', cell: ({ name }) => name, sort: ({ name }) => name },
    { id: 'created', header: 'Made', width: '14rem', cell: ({ created_at: at }) => <Moment at={at} /> },
    {
      id: 'action',
      header: <span className="sr-only">Action</span>,
      align: 'right',
      width: '11rem',
      cell: (org) =>
        mayInvite &&
        org.id !== own && (
          <Button icon={Mail} onClick={() => onInvite(org)} aria-label={`Invite the first owner of ${org.id}`}>
            Invite its owner
          </Button>
        ),
    },
  ]
}
