/** Organisations, each with its own configurations, gateways and users. Owners of `default` make others. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Building2, Mail } from 'lucide-react'
import { type FormEvent, useId, useState } from 'react'
import type { Invitation, Organisation, OrganisationAddedAnswer } from '#contract/access.ts'
import { ApiError, send } from '#ui/api/client.ts'
import { useMe } from '#ui/api/queries.ts'
import { Badge } from '#ui/kit/badge.tsx'
import { Button } from '#ui/kit/button.tsx'
import { Card } from '#ui/kit/card.tsx'
import { Confirm, Dialog } from '#ui/kit/dialog.tsx'
import { TextField } from '#ui/kit/field.tsx'
import { ProblemNote, QueryView } from '#ui/kit/states.tsx'
import { type Column, Table } from '#ui/kit/table.tsx'
import { Moment } from '#ui/kit/time.tsx'
import { useUnsaved } from '#ui/kit/unsaved.ts'
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
  const formId = useId()
  const client = useQueryClient()
  const [kept, keep] = useUnsaved<typeof nothing>('access.new-organisation')
  const form = kept ?? nothing
  const add = useMutation({
    mutationFn: () => send<OrganisationAddedAnswer>('POST', '/orgs', form),
    onSuccess: async (answer) => {
      keep(undefined)
      await client.invalidateQueries({ queryKey: organisationsQuery.queryKey })
      onAdded(answer)
    },
  })
  const at = (pointer: string) => (add.error instanceof ApiError ? add.error.at(pointer) : undefined)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    add.mutate()
  }
  const footer = (
    <>
      <Button onClick={onClose}>Cancel</Button>
      <Button type="submit" form={formId} look="primary" busy={add.isPending}>
        Make the organisation
      </Button>
    </>
  )
  return (
    <Dialog
      open
      onClose={onClose}
      title="Make an organisation"
      description="You get a link for its first owner. It cannot be deleted."
      footer={footer}
    >
      <form id={formId} onSubmit={submit} className="flex flex-col gap-4">
        <TextField
          label="Id"
          hint="Small letters, digits and -; it stays."
          required
          autoFocus
          maxLength={63}
          error={at('/id')}
          value={form.id}
          onChange={(event) => keep({ ...form, id: event.target.value })}
        />
        <TextField
          label="Name"
          hint="As people call it."
          required
          maxLength={128}
          error={at('/name')}
          value={form.name}
          onChange={(event) => keep({ ...form, name: event.target.value })}
        />
        <ProblemNote error={add.error} />
      </form>
    </Dialog>
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
