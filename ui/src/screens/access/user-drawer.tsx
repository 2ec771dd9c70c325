/** One user: what they may, and how they come in or no more. */
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Ban, DoorOpen, LogOut, Mail, ShieldOff, Trash2 } from 'lucide-react'
import { useState } from 'react'
import type { Invitation, User, UserChanged } from '#contract/access.ts'
import { send, type Tagged } from '#ui/api/client.ts'
import { meQuery, useMe, usersQuery } from '#ui/api/queries.ts'
import { Badge } from '#ui/kit/badge.tsx'
import { Button } from '#ui/kit/button.tsx'
import { Confirm, Dialog } from '#ui/kit/dialog.tsx'
import { FormView } from '#ui/kit/form-view.tsx'
import { QueryView } from '#ui/kit/states.tsx'
import { Ago, Moment } from '#ui/kit/time.tsx'
import { toast } from '#ui/kit/toast.tsx'
import { useKeptForm } from '#ui/kit/use-kept-form.ts'
import { userPath, userQuery } from '#ui/screens/access/queries.ts'
import { grantsBeside } from '#ui/screens/access/rights.ts'
import { RightsField } from '#ui/screens/access/role-matrix.tsx'
import { type Deed, deedOf } from '#ui/screens/access/user-deeds.ts'
import { type Invited, UserState } from '#ui/screens/access/users.tsx'

export interface UserDrawerProps {
  id: string
  onClose: () => void
  onInvited: (invited: Invited) => void
}

export function UserDrawer({ id, onClose, onInvited }: UserDrawerProps) {
  const query = useQuery(userQuery(id))
  const user = query.data?.body
  return (
    <Dialog open onClose={onClose} place="side" title={user?.email ?? 'User'} description="A user of the organisation">
      <QueryView query={query}>
        {(tagged) => (
          <div className="flex flex-col gap-6">
            <Facts user={tagged.body} />
            <Rights id={id} />
            <Deeds tagged={tagged} onClose={onClose} onInvited={onInvited} />
          </div>
        )}
      </QueryView>
    </Dialog>
  )
}

function Facts({ user }: { user: User }) {
  return (
    <dl className="grid grid-cols-[max-content_1fr] items-center gap-x-6 gap-y-1.5 text-sm">
      <dt className="text-muted">State</dt>
      <dd>
        <UserState user={user} />
      </dd>
      <dt className="text-muted">Second factor</dt>
      <dd>
        <Badge tone={user.totp ? 'ok' : 'warn'}>{user.totp ? 'In force' : 'None'}</Badge>
      </dd>
      <dt className="text-muted">Last login</dt>
      <dd>{user.last_login_at === null ? 'never' : <Ago at={user.last_login_at} />}</dd>
      <dt className="text-muted">Added</dt>
      <dd>
        <Moment at={user.created_at} />
      </dd>
    </dl>
  )
}

function Rights({ id }: { id: string }) {
  const query = useQuery(userQuery(id))
  const client = useQueryClient()
  const kept = useKeptForm({
    key: `access.user.${id}`,
    query,
    toForm: ({ role, grants }: User) => ({ role, grants }),
    save: ({ role, grants }, etag) =>
      send('PATCH', userPath(id), { role, grants: grantsBeside(role, grants) } satisfies UserChanged, { etag }),
    onSaved: async () => {
      await client.invalidateQueries({ queryKey: usersQuery.queryKey })
      await client.invalidateQueries({ queryKey: meQuery.queryKey, exact: true })
      toast('Saved; it holds from their next request on')
    },
  })
  if (kept === undefined) return null
  return (
    <FormView kept={kept} label="Role and grants" words={({ role, grants }) => ({ Role: role, Grants: grants })}>
      <RightsField role={kept.form.role} grants={kept.form.grants} onChange={kept.change} />
    </FormView>
  )
}

const icons = {
  invite: Mail,
  'revoke-sessions': LogOut,
  'reset-totp': ShieldOff,
  disable: Ban,
  enable: DoorOpen,
  delete: Trash2,
} as const

function Deeds({ tagged, onClose, onInvited }: { tagged: Tagged<User> } & Omit<UserDrawerProps, 'id'>) {
  const { body: user, etag } = tagged
  const me = useMe()
  const client = useQueryClient()
  const [asked, setAsked] = useState<Deed>()
  const names = [
    'invite',
    'revoke-sessions',
    ...(user.totp ? (['reset-totp'] as const) : []),
    user.disabled ? 'enable' : 'disable',
    'delete',
  ] as const
  const run = async ({ name, done }: Deed) => {
    try {
      if (name === 'delete') {
        await send('DELETE', userPath(user.id), undefined, { etag })
        onClose()
      } else if (name === 'disable' || name === 'enable')
        await send('PATCH', userPath(user.id), { disabled: name === 'disable' } satisfies UserChanged, { etag })
      else {
        const answer = await send<Invitation>('POST', `${userPath(user.id)}/${name}`)
        if (name === 'invite') return onInvited({ email: user.email, invitation: answer })
      }
      toast(done)
    } finally {
      // Somebody else may have been quicker: what is shown is what there is now, and the second press holds for that.
      await client.invalidateQueries({ queryKey: usersQuery.queryKey, exact: true })
      if (name !== 'delete') await client.invalidateQueries({ queryKey: userQuery(user.id).queryKey })
    }
  }
  return (
    <section aria-label="What to do with this user">
      <h3 className="pb-1 text-sm font-semibold">Coming in</h3>
      <ul className="divide-y divide-line rounded-md border border-line">
        {names.map((name) => {
          const deed = deedOf(name, user, me.name === user.email)
          return (
            <li key={name} className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2 px-3 py-2">
              <p className="min-w-0 flex-1 basis-56 text-sm text-muted">{deed.about}</p>
              <Button look={deed.danger ? 'danger' : 'plain'} icon={icons[name]} onClick={() => setAsked(deed)}>
                {deed.label}
              </Button>
            </li>
          )
        })}
      </ul>
      {asked !== undefined && (
        <Confirm
          open
          onClose={() => setAsked(undefined)}
          title={asked.question}
          action={asked.label}
          look={asked.danger ? 'danger' : 'primary'}
          run={() => run(asked)}
        >
          {asked.consequence}
        </Confirm>
      )}
    </section>
  )
}
