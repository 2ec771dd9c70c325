/** What the organisation asks of its users. */
import { queryOptions, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { AccessSettings } from '#contract/access.ts'
import { getTagged, send } from '#ui/api/client.ts'
import { meQuery, useMe, usersQuery } from '#ui/api/queries.ts'
import { textLink } from '#ui/kit/button.tsx'
import { Card } from '#ui/kit/card.tsx'
import { CheckField } from '#ui/kit/field.tsx'
import { FormView } from '#ui/kit/form-view.tsx'
import { Forbidden, QueryView } from '#ui/kit/states.tsx'
import { toast } from '#ui/kit/toast.tsx'
import { useKeptForm } from '#ui/kit/use-kept-form.ts'

const securityQuery = queryOptions({
  queryKey: ['settings', 'access'],
  queryFn: ({ signal }) => getTagged<AccessSettings>('/settings/access', {}, signal),
})

export function Security() {
  const { permissions, name } = useMe()
  return (
    <Card
      title="Security"
      hint="What the organisation asks of its users. Keys have no second factor: give them an end."
    >
      {permissions.includes('admin') ? <Asked /> : <Forbidden detail={`${name} lacks the permission "admin"`} />}
    </Card>
  )
}

function Asked() {
  const query = useQuery(securityQuery)
  const client = useQueryClient()
  const kept = useKeptForm({
    key: 'settings.security',
    query,
    toForm: (settings: AccessSettings) => settings,
    save: (settings, etag) => send('PUT', '/settings/access', settings, { etag }),
    onSaved: async () => {
      await query.refetch()
      await client.invalidateQueries({ queryKey: meQuery.queryKey, exact: true })
      toast('Saved')
    },
  })
  return (
    <QueryView query={query} lines={2}>
      {({ body }) =>
        kept !== undefined && (
          <FormView
            kept={kept}
            label="Security"
            words={({ require_totp }) => ({ 'A second factor for everybody': require_totp })}
          >
            <CheckField
              label="A second factor for everybody"
              hint="Users without one can only set one up, until they have."
              checked={kept.form.require_totp}
              onChange={(event) => kept.change({ require_totp: event.target.checked })}
            />
            {kept.form.require_totp && !body.require_totp && <WhoHasNone />}
          </FormView>
        )
      }
    </QueryView>
  )
}

/** Whom it would hold up. */
function WhoHasNone() {
  const me = useMe()
  const { data } = useQuery(usersQuery)
  if (data === undefined) return null
  const without = data.filter(({ totp, disabled }) => !totp && !disabled)
  const isOne = me.kind === 'user' && !me.totp
  return (
    <p role="status" className="max-w-2xl rounded-md bg-warn-soft px-3 py-2 text-sm text-warn">
      {without.length === 0
        ? 'All users have one already.'
        : `${without.length} of ${data.length} users have none and must set one up before they can do anything else.`}
      {isOne && (
        <>
          {' '}
          You are one of them:{' '}
          <Link to="/account" className={textLink}>
            set yours up first
          </Link>
          .
        </>
      )}
    </p>
  )
}
