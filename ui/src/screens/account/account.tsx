/** One's own account: who one is, password, second factor, sessions. Keys are on the screen Access. */
import { Link } from '@tanstack/react-router'
import { useMe } from '#ui/api/queries.ts'
import { textLink } from '#ui/kit/button.tsx'
import { Card } from '#ui/kit/card.tsx'
import { Page } from '#ui/kit/page.tsx'
import { Password } from '#ui/screens/account/password.tsx'
import { SecondFactor } from '#ui/screens/account/second-factor.tsx'
import { Sessions } from '#ui/screens/account/sessions.tsx'
import { permissionWords } from '#ui/words/permissions.ts'

export function Account() {
  const me = useMe()
  const hasSession = me.csrf_token !== null
  return (
    <Page title="Your account">
      {me.totp_required && (
        <p role="alert" className="rounded-md bg-warn-soft px-4 py-3 text-warn">
          Your organisation asks for a second factor. Set it up below; until then nothing else can be done.
        </p>
      )}
      <Card title={me.name}>
        <dl className="grid grid-cols-[max-content_1fr] gap-x-6 gap-y-1.5 text-sm">
          <dt className="text-muted">Role</dt>
          <dd>{me.role}</dd>
          <dt className="text-muted">Organisation</dt>
          <dd>{me.org}</dd>
          <dt className="text-muted">May</dt>
          <dd>
            <ul className="grid gap-x-6 lg:grid-cols-2">
              {me.permissions.map((permission) => (
                <li key={permission}>
                  <code className="font-mono font-medium">{permission}</code>{' '}
                  <span className="text-muted">{permissionWords[permission]}</span>
                </li>
              ))}
            </ul>
          </dd>
        </dl>
        <p className="pt-3 text-sm text-muted">
          <Link to="/access" search={{ tab: 'keys' }} className={textLink}>
            API keys
          </Link>{' '}
          are for commands and programs.
        </p>
      </Card>
      {hasSession ? (
        <div className="grid gap-4 lg:grid-cols-2">
          <SecondFactor />
          <Password />
          <Sessions />
        </div>
      ) : (
        <Card title="No login">
          <p className="max-w-2xl text-muted">
            This controller is open: whoever reaches it is an owner, so there is no password and no second factor. Set{' '}
            <code className="font-mono">control.auth: required</code> in its configuration to ask for logins.
          </p>
        </Card>
      )}
    </Page>
  )
}
