/** The users of the organisation: who they are, what they may, whether they come in. */
import { useQuery } from '@tanstack/react-query'
import { UserPlus } from 'lucide-react'
import { useMemo, useState } from 'react'
import type { Invitation, User } from '#contract/access.ts'
import { usersQuery } from '#ui/api/queries.ts'
import { Badge } from '#ui/kit/badge.tsx'
import { Button } from '#ui/kit/button.tsx'
import { Card } from '#ui/kit/card.tsx'
import { Empty, QueryView } from '#ui/kit/states.tsx'
import { type Column, Table } from '#ui/kit/table.tsx'
import { Ago } from '#ui/kit/time.tsx'
import { AddUser } from '#ui/screens/access/add-user.tsx'
import { accessRoute } from '#ui/screens/access/route.ts'
import { InvitationLink } from '#ui/screens/access/shown-once.tsx'
import { UserDrawer } from '#ui/screens/access/user-drawer.tsx'
import { useOffer } from '#ui/shell/use-actions.ts'

export interface Invited {
  email: string
  invitation: Invitation
}

export function Users() {
  const query = useQuery(usersQuery)
  const { user: openId } = accessRoute.useSearch()
  const navigate = accessRoute.useNavigate()
  const [isAdding, setAdding] = useState(false)
  const [invited, setInvited] = useState<Invited>()
  const open = (id: string | undefined) =>
    void navigate({ search: ({ user: _, ...rest }) => ({ ...rest, ...(id !== undefined && { user: id }) }) })
  useOffer(useMemo(() => [{ id: 'add user', label: 'Add a user', run: () => setAdding(true) }], []))
  const add = (
    <Button look="primary" icon={UserPlus} onClick={() => setAdding(true)}>
      Add a user
    </Button>
  )
  return (
    <Card title="Users" hint="Open one to change what they may." actions={add} flush>
      <QueryView
        query={query}
        isEmpty={(users) => users.length === 0}
        empty={
          <Empty title="No users yet">
            The first one should be an owner. The answer has a link with which they set a password.
          </Empty>
        }
      >
        {(users) => (
          <Table label="Users" rows={users} columns={columns} rowKey={({ id }) => id} onOpen={({ id }) => open(id)} />
        )}
      </QueryView>
      {isAdding && (
        <AddUser
          onClose={() => setAdding(false)}
          onAdded={(added) => {
            setAdding(false)
            setInvited(added)
          }}
        />
      )}
      {openId !== undefined && (
        <UserDrawer key={openId} id={openId} onClose={() => open(undefined)} onInvited={setInvited} />
      )}
      {invited !== undefined && (
        <InvitationLink invitation={invited.invitation} onClose={() => setInvited(undefined)}>
          With this link <strong>{invited.email}</strong> sets a password and logs in.
        </InvitationLink>
      )}
    </Card>
  )
}

export function UserState({ user }: { user: User }) {
  if (user.disabled) return <Badge tone="bad">Disabled</Badge>
  if (user.invited) return <Badge tone="info">Invited</Badge>
  return <Badge tone="ok">Active</Badge>
}

const columns: Column<User>[] = [
  {
    id: 'email',
    header: 'Address',
    width: 'minmax(14rem, 3fr)',
    cell: ({ email }) => <span className="font-medium">{email}</span>,
    sort: ({ email }) => email,
  },
  { id: 'state', header: 'State', width: '7rem', cell: (user) => <UserState user={user} /> },
  { id: 'role', header: 'Role', width: '6rem', cell: ({ role }) => role, sort: ({ role }) => role },
  {
    id: 'grants',
    header: 'Granted beside it',
    width: 'minmax(10rem, 1fr)',
    cell: ({ grants }) => (grants.length === 0 ? <span className="text-muted">–</span> : grants.join(', ')),
  },
  {
    id: 'totp',
    header: 'Second factor',
    width: '8rem',
    cell: ({ totp }) => <Badge tone={totp ? 'ok' : 'warn'}>{totp ? 'In force' : 'None'}</Badge>,
    sort: ({ totp }) => Number(totp),
  },
  {
    id: 'last',
    header: 'Last login',
    width: 'minmax(8rem, 1fr)',
    cell: ({ last_login_at: at }) => (at === null ? <span className="text-muted">never</span> : <Ago at={at} />),
    sort: ({ last_login_at: at }) => at ?? 0,
  },
]
