/** Who may what: users, API keys, organisations, and what each role may. */
import { Link } from '@tanstack/react-router'
import { ShieldOff } from 'lucide-react'
import { useCan, useMe } from '#ui/api/queries.ts'
import { textLink } from '#ui/kit/button.tsx'
import { Card } from '#ui/kit/card.tsx'
import { Command } from '#ui/kit/copy.tsx'
import { Page } from '#ui/kit/page.tsx'
import { Forbidden } from '#ui/kit/states.tsx'
import { Tabs } from '#ui/kit/tabs.tsx'
import { Keys } from '#ui/screens/access/keys.tsx'
import { Organisations } from '#ui/screens/access/organisations.tsx'
import { RoleMatrix } from '#ui/screens/access/role-matrix.tsx'
import { type AccessTab, accessRoute } from '#ui/screens/access/route.ts'
import { Users } from '#ui/screens/access/users.tsx'

export function Access() {
  const { tab } = accessRoute.useSearch()
  const navigate = accessRoute.useNavigate()
  const me = useMe()
  const mayManage = useCan('admin')
  const tabs = [
    { id: 'users', label: 'Users', content: mayManage ? <Users /> : <Denied what="Users" /> },
    { id: 'keys', label: 'API keys', content: <Keys /> },
    {
      id: 'organisations',
      label: 'Organisations',
      content: mayManage ? <Organisations /> : <Denied what="Organisations" />,
    },
    { id: 'roles', label: 'Roles', content: <RoleMatrix /> },
  ]
  return (
    <Page
      title="Access"
      intro={
        <>
          People and programs of the organisation <strong className="font-medium text-ink">{me.org}</strong>, and what
          they may. Gateways come in with{' '}
          <Link to="/fleet" className={textLink}>
            registration tokens of the fleet
          </Link>
          .
        </>
      }
    >
      {me.auth_mode === 'open' && <OpenNote />}
      <Tabs
        label="Access"
        tabs={tabs}
        value={tab ?? (mayManage ? 'users' : 'keys')}
        onChange={(id) => void navigate({ search: ({ user: _, ...rest }) => ({ ...rest, tab: id as AccessTab }) })}
      />
    </Page>
  )
}

function Denied({ what }: { what: string }) {
  const { name } = useMe()
  return (
    <Card title={what} flush>
      <Forbidden detail={`${name} lacks the permission "admin"`} />
    </Card>
  )
}

function OpenNote() {
  return (
    <details className="rounded-md bg-warn-soft px-4 py-3 text-warn">
      <summary className="cursor-pointer">
        <ShieldOff aria-hidden className="mr-1.5 inline size-4 align-text-bottom" />
        <strong className="font-medium">This controller is open:</strong> whoever reaches it is an owner.{' '}
        <span className="underline underline-offset-2">How to ask for logins</span>
      </summary>
      <div className="flex max-w-3xl flex-col gap-2 pt-3 text-ink">
        <p>
          That is right for one’s own machine. Put this into the file that you start the controller with as{' '}
          <code className="font-mono">--config</code>, and start it again. As long as there is no user with a password,
          it prints a link for the first owner.
        </p>
        <Command text={'version: 2\ncontrol:\n  auth: required'} label="Configuration of the controller" />
      </div>
    </details>
  )
}
